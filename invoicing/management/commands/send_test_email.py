"""manage.py send_test_email ADDRESS: can this installation send mail?"""

from django.core.management.base import BaseCommand, CommandError

from config.common.errors import DomainError
from config.common.roles import SYSTEM
from invoicing.services.mail_setup import send_test


class Command(BaseCommand):
    help = "Send one short email with the set-up of this installation, and say what the mail server answered."

    def add_arguments(self, parser):
        parser.add_argument("address")

    def handle(self, *, address, **options):
        try:
            receipt = send_test(address, by=SYSTEM)
        except DomainError as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(f"Sent to {address}. The answer was: {receipt.response}")
