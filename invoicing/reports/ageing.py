"""Ageing: what was owed on a day, by how late it was. Per currency; amounts are minor units.

A past day is reckoned backwards from today's balances: what settled an invoice since then is added again. So today's
report, the usual one, reads only what is open now. What is uncollectible is expected from nobody and left out.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta

from django.db.models import BigIntegerField, Case, F, OuterRef, Q, QuerySet, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce

from ..models import Allocation, Invoice

BUCKETS = {"current": (None, 0), "1-30": (1, 30), "31-60": (31, 60), "61-90": (61, 90), "91": (91, None)}  # days late


@dataclass
class Aged:
    """One row of the report: each bucket's sum, minor units."""

    currency: str
    customer: int | None = None
    name: str = ""
    language: str = ""
    buckets: dict[str, int] = field(default_factory=lambda: dict.fromkeys(BUCKETS, 0))

    @property
    def total(self) -> int:
        return sum(self.buckets.values())

    @property
    def late(self) -> int:
        return self.total - self.buckets["current"]


def owed_on(on: date, *, today: date) -> QuerySet:
    """Invoices and claims that were owed on that day, each with its `balance` then."""
    rows = Invoice.objects.exclude(kind="credit_note").filter(issued_on__lte=on)
    if on >= today:
        return rows.filter(status="open").annotate(balance=F("amount_due"))
    later = Allocation.objects.filter(on__gt=on)
    since = later.filter(invoice=OuterRef("pk")).order_by().values("invoice").annotate(n=Sum("amount")).values("n")
    was_owed = Q(status="open") | Q(status="void", voided_on__gt=on) | Q(uncollectible_on__gt=on)
    settled_since = Q(pk__in=later.values("invoice")) & Q(uncollectible_on=None, voided_on=None)
    return (
        rows.filter(was_owed | settled_since)
        .annotate(balance=F("amount_due") + Coalesce(Subquery(since), Value(0)))
        .filter(balance__gt=0)
    )


def within(rows: QuerySet, bucket: str, *, on: date) -> QuerySet:
    """Only those that were that late on the day."""
    return rows.filter(_late(bucket, on))


def by_currency(on: date, *, today: date) -> list[Aged]:
    """The whole ledger, a row a currency, in alphabetical order; one query."""
    found = owed_on(on, today=today).order_by().values("currency").annotate(**_sums(on))
    return sorted((_aged(row) for row in found), key=lambda aged: aged.currency)


def by_customer(on: date, *, today: date, currency: str, first: int, count: int) -> list[Aged]:
    """Customers by what they owed, largest first, from the place `first`; one query."""
    found = (
        owed_on(on, today=today)
        .filter(currency=currency)
        .order_by()
        .values("currency", "customer", "customer__name", "customer__language")
        .annotate(**_sums(on), whole=Sum("balance"))
        .order_by("-whole", "customer")[first : first + count]
    )
    return [_aged(row) for row in found]


def _late(bucket, on) -> Q:
    least, most = BUCKETS[bucket]
    late = Q()
    if least is not None:
        late &= Q(due_on__lte=on - timedelta(days=least))
    if most is not None:
        late &= Q(due_on__gte=on - timedelta(days=most))
    return late


def _sums(on) -> dict:
    return {
        f"n{place}": Sum(Case(When(_late(bucket, on), then=F("balance")), default=0), output_field=BigIntegerField())
        for place, bucket in enumerate(BUCKETS)
    }


def _aged(row) -> Aged:
    return Aged(
        currency=row["currency"],
        customer=row.get("customer"),
        name=row.get("customer__name") or "",
        language=row.get("customer__language") or "",
        buckets={bucket: row[f"n{place}"] for place, bucket in enumerate(BUCKETS)},
    )
