"""Writes the large ledger of ledger.py: for measuring, and for seeing Dunlin under a real company's weight.

It goes past the services, which would take days for a million, and past nothing else: constraints, triggers and the
gapless counters are in force. One transaction a batch; memory stays that of one batch.
"""

from collections.abc import Callable
from datetime import date

from django.db import connection, transaction

from config.common.errors import DomainError
from config.common.models import User
from config.common.roles import SYSTEM
from customers.models import Organization
from customers.services.organization import add_bank_account, add_organization_email, set_up_organization

from ..models import Invoice
from . import cast, ledger
from .bulk import set_sequences
from .load_rows import WRITTEN, Writer

BATCH = 5_000


def make(count: int, *, seed: int, today: date, accounts=(), say: Callable[[str], object] = str) -> None:
    """Write `count` invoices and what belongs to them; `accounts` as settings.DEMO_ACCOUNTS, made where missing.

    Refused with DomainError where there are invoices already. `say` is told after each batch how far it is.
    """
    if Invoice.objects.exists():
        raise DomainError("This database has invoices of its own. A load is made only in an empty one.")
    organization = _ground(accounts)
    people = ledger.buyers(min(max(count // 100, 50), 20_000), seed)
    writer = Writer(organization, people, today=today)
    teller = ledger.Teller(count, people, seed=seed, today=today, percent_at_home=writer.taxes["S"].percent)
    for start in range(0, count, BATCH):
        stop = min(start + BATCH, count)
        with transaction.atomic():
            writer.write(teller.batch(start, stop))
        say(f"{stop:,} of {count:,}")
    set_sequences(WRITTEN)
    _tidy()


def _tidy():
    """The planner knows what is there, and index-only scans find clean pages."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)" if connection.vendor == "postgresql" else "ANALYZE")


def _ground(accounts) -> Organization:
    """Us, with series, templates and rates; nothing is changed where that exists."""
    zone = cast.ORGANIZATION["time_zone"]
    for email, name, role, password in accounts:
        if not User.objects.filter(email=email).exists():
            User.objects.create_user(email, password, name=name, role=role, time_zone=zone)
    if found := Organization.objects.first():
        return found
    organization = set_up_organization(by=SYSTEM, **cast.ORGANIZATION)
    for email, label, preselected in cast.ORGANIZATION_EMAILS:
        add_organization_email(organization, by=SYSTEM, email=email, label=label, preselected=preselected)
    for account in cast.BANK_ACCOUNTS:
        add_bank_account(organization, by=SYSTEM, **account)
    return organization
