"""manage.py make_load: a large ledger, for measuring."""

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from config.common import clock
from invoicing.demo import cast, load


class Command(BaseCommand):
    help = "Fill an empty database with a believable ledger of --invoices N: customers, invoices, payments, deliveries."

    def add_arguments(self, parser):
        parser.add_argument("--invoices", type=int, required=True, help="how many invoices, from 1")
        parser.add_argument("--seed", type=int, default=1, help="the same seed makes the same ledger (default: 1)")
        parser.add_argument("--yes-really", action="store_true", help="also outside demo mode")

    def handle(self, *, invoices, seed, yes_really, **options):
        if not settings.DEMO and not yes_really:
            raise CommandError(
                "This is no demo (DUNLIN_MODE=demo), and invented invoices cannot be deleted again. If this database "
                "is only for measuring, say --yes-really."
            )
        if invoices < 1:
            raise CommandError("--invoices has to be 1 or more.")
        loud = options["verbosity"] > 0 and self.stdout.isatty()
        today = clock.today(cast.ORGANIZATION["time_zone"])
        load.make(
            invoices,
            seed=seed,
            today=today,
            accounts=settings.DEMO_ACCOUNTS if settings.DEMO else (),
            say=(lambda text: self.stdout.write(text, ending="\r")) if loud else str,
        )
        if options["verbosity"]:
            self.stdout.write(f"{invoices:,} invoices are there.")
