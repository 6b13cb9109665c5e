"""manage.py prove_balances: 0 differences, or each of them and a failing exit."""

import itertools

from django.core.management.base import BaseCommand, CommandError

from invoicing.models import Allocation, Invoice, Payment
from invoicing.services.proving import differences

SHOWN = 100


class Command(BaseCommand):
    help = "Add up every allocation, refund and number again and compare with the sums that are kept."

    def handle(self, **options):
        found = list(itertools.islice(differences(), SHOWN + 1))
        for difference in found[:SHOWN]:
            self.stdout.write(str(difference))
        counts = f"{Invoice.objects.count():,} documents, {Payment.objects.count():,} payments, "
        counts += f"{Allocation.objects.count():,} allocations"
        if found:
            more = "at least " if len(found) > SHOWN else ""
            raise CommandError(f"{more}{min(len(found), SHOWN)} differences among {counts}.")
        self.stdout.write(f"0 differences among {counts}.")
