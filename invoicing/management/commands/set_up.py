from django.core.management.base import BaseCommand

from config.common.roles import SYSTEM
from invoicing.services.settings import set_up


class Command(BaseCommand):
    help = "Make the number series, invoice templates and tax rates a new installation needs. Safe to repeat."

    def handle(self, *args, **options):
        set_up(by=SYSTEM)
        self.stdout.write("Number series, invoice templates and tax rates are there.")
