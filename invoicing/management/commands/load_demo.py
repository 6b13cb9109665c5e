"""manage.py load_demo: a believable company, once."""

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from customers.models import Organization
from invoicing.demo import story


class Command(BaseCommand):
    help = "Load the demo company into an empty installation in demo mode; does nothing where one exists."

    def handle(self, *args, **options):
        if not settings.DEMO:
            raise CommandError("The demo loads only in demo mode (DUNLIN_MODE=demo): its passwords are public.")
        if Organization.objects.exists():
            return
        story.load(settings.DEMO_ACCOUNTS)
        self.stdout.write("The demo company is loaded: Kelpworks Instruments B.V., its customers and their invoices.")
