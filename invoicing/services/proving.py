"""Balances re-added from the rows that are never edited. What differs from the kept sums is named, never mended."""

import itertools
import logging
from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Count, F, Max, Min, OuterRef, Q, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from config.common import heartbeats
from config.common.models import Heartbeat

from ..models import Allocation, Counter, Invoice, Payment, Refund

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Difference:
    """A kept sum that its rows do not add up to, minor units; for a counter the numbers themselves."""

    thing: object
    what: str
    kept: int
    proved: int

    def __str__(self):
        return f"{self.thing}: {self.what} is {self.kept}, its rows add up to {self.proved}"


PULSE = "balances"  # the heartbeat's name: when they were last proved, and what was found


def prove() -> int:
    """Add everything up again and keep when and with what outcome; how many differences there are (100 at most)."""
    found = list(itertools.islice(differences(), 100))
    for difference in found:
        logger.error("balances: %s", difference)
    heartbeats.beat(PULSE, detail="; ".join(map(str, found))[:200])
    return len(found)


def last_proof() -> Heartbeat | None:
    """When the balances were last proved; `detail` is empty where every sum was right."""
    return Heartbeat.objects.filter(name=PULSE).first()


def differences() -> Iterator[Difference]:
    """Every difference between the kept sums and their rows, whatever the size of the ledger, a few queries."""
    yield from _invoices()
    yield from _credit_notes()
    yield from _credited()
    yield from _payments()
    yield from _strangers()
    yield from gaps()


def gaps() -> Iterator[Difference]:
    """Counters whose documents do not run without a gap from their first number to the last one given out."""
    for counter in counted():
        if counter.number_of and counter.missing:
            yield Difference(counter, "numbers given out", counter.number_of + counter.missing, counter.number_of)


def counted():
    """Counters with what their documents say: `first`, `last`, `number_of`, and how many are `missing` in between."""
    per_counter = Invoice.objects.filter(counter=OuterRef("pk")).order_by().values("counter")
    return (
        Counter.objects.select_related("series")
        .annotate(
            first=Subquery(per_counter.annotate(n=Min("seq")).values("n")),
            last=Subquery(per_counter.annotate(n=Max("seq")).values("n")),
            number_of=Coalesce(Subquery(per_counter.annotate(n=Count("pk")).values("n")), 0),
        )
        .annotate(missing=F("next_no") - F("first") - F("number_of"))
        .order_by("series", "year")
    )


def _sum(rows, to, **only):
    """The sum of the rows that belong to each outer row, 0 where there are none."""
    found = rows.filter(**{to: OuterRef("pk")}, **only).order_by().values(to).annotate(n=Sum("amount")).values("n")
    return Coalesce(Subquery(found), Value(0))


def _differing(rows, kept, proved):
    rows = rows.annotate(proved=proved).exclude(**{kept: F("proved")})
    return ((row, getattr(row, kept), row.proved) for row in rows.iterator(chunk_size=500))


def _invoices():
    owed = Invoice.objects.exclude(kind="credit_note")
    for row, kept, proved in _differing(owed, "settled", _sum(Allocation.objects, "invoice")):
        yield Difference(row, "settled", kept, proved)
    for row, kept, proved in _differing(
        owed, "settled_by_credit", _sum(Allocation.objects, "invoice", kind=Allocation.Kind.CREDIT)
    ):
        yield Difference(row, "settled by credit", kept, proved)
    for row in owed.exclude(amount_due=F("total") - F("prepaid") - F("settled")):
        yield Difference(row, "amount due", row.amount_due, row.total - row.prepaid - row.settled)


def _credit_notes():
    notes = Invoice.objects.filter(kind="credit_note")
    given = _sum(Allocation.objects, "credit_note") + _sum(Refund.objects, "credit_note")
    for row, kept, proved in _differing(notes, "settled", given):
        yield Difference(row, "given away", kept, proved)


def _credited():
    notes = Invoice.objects.filter(corrects=OuterRef("pk"), kind="credit_note", status__in=["open", "paid"])
    total = Coalesce(Subquery(notes.order_by().values("corrects").annotate(n=Sum("total")).values("n")), Value(0))
    for row, kept, proved in _differing(Invoice.objects.exclude(kind="credit_note"), "credited", total):
        yield Difference(row, "credited", kept, proved)


def _payments():
    for row, kept, proved in _differing(
        Payment.objects.all(), "allocated", _sum(Allocation.objects, "payment", kind=Allocation.Kind.PAYMENT)
    ):
        yield Difference(row, "allocated", kept, proved)
    for row, kept, proved in _differing(Payment.objects.all(), "refunded", _sum(Refund.objects, "payment")):
        yield Difference(row, "refunded", kept, proved)


def _strangers():
    """Allocations between different currencies or customers: the services refuse them, no constraint can."""
    by_payment = ~Q(payment__currency=F("invoice__currency")) | ~Q(payment__customer=F("invoice__customer"))
    by_note = ~Q(credit_note__currency=F("invoice__currency")) | ~Q(credit_note__customer=F("invoice__customer"))
    rows = Allocation.objects.filter(
        Q(by_payment, payment__isnull=False) | Q(by_note, credit_note__isnull=False)
    ).select_related("invoice")
    for row in rows.iterator(chunk_size=500):
        yield Difference(row.invoice, "settled from another customer or currency", row.amount, 0)
