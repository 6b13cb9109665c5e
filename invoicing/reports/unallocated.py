"""Credit that was allocated to nothing on a day: on account, and on credit notes. Amounts are minor units.

A past day is reckoned backwards from what is left now, as ageing does: what used a credit since then is added again.
"""

from datetime import date

from django.db.models import (
    BigIntegerField,
    Case,
    CharField,
    DateField,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce

from ..models import Allocation, Invoice, Payment, Refund

COLUMNS = ("day", "kind_", "pk_", "reference_", "who", "language_", "left")  # of rows()


def sums(on: date, *, today: date) -> dict[str, int]:
    """What customers had to their credit on that day: {currency: minor units}; one query."""
    parts = [
        each.order_by().values("currency").annotate(whole=Sum("left")).values_list("currency", "whole")
        for each in (_payments(on, today), _notes(on, today))
    ]
    found: dict[str, int] = {}
    for currency, left in parts[0].union(parts[1], all=True):
        found[currency] = found.get(currency, 0) + left
    return dict(sorted(found.items()))


def rows(on: date, *, today: date, currency: str) -> QuerySet:
    """Each payment and credit note with something left on that day, the oldest first, as tuples of COLUMNS; one query.

    They add up to sums().
    """
    payments = _row(_payments(on, today), "payment", "received_on", "reference", "customer__name", "customer__language")
    notes = _row(_notes(on, today), "credit_note", "issued_on", "number", "customer_name", "language")
    first, second = (each.filter(currency=currency).order_by().values_list(*COLUMNS) for each in (payments, notes))
    return first.union(second, all=True).order_by("day", "kind_", "pk_")


def _payments(on, today) -> QuerySet:
    """Payments with what was `left` of them on account."""
    received = Payment.objects.filter(received_on__lte=on)
    rest = F("amount") - F("allocated") - F("refunded")
    is_left = Q(status="recorded", amount__gt=F("allocated") + F("refunded"))
    if on >= today:
        return received.filter(is_left).annotate(left=Cast(rest, BigIntegerField()))
    used = Allocation.objects.filter(kind=Allocation.Kind.PAYMENT, on__gt=on)
    refunded = Refund.objects.filter(payment__isnull=False, paid_on__gt=on)
    since = Q(pk__in=used.values("payment")) | Q(pk__in=refunded.values("payment"))
    counted = received.filter(Q(status="recorded") & (is_left | since) | Q(reversed_on__gt=on))
    now = Case(When(status="recorded", then=rest), default=F("amount"), output_field=BigIntegerField())
    return counted.annotate(left=now + _used(used, "payment") + _used(refunded, "payment")).filter(left__gt=0)


def _notes(on, today) -> QuerySet:
    """Credit notes with what was `left` of them."""
    notes = Invoice.objects.filter(kind="credit_note", issued_on__lte=on)
    if on >= today:
        return notes.filter(status="open").annotate(left=F("amount_due"))
    given = Allocation.objects.filter(kind=Allocation.Kind.CREDIT, on__gt=on)
    refunded = Refund.objects.filter(credit_note__isnull=False, paid_on__gt=on)
    since = Q(pk__in=given.values("credit_note")) | Q(pk__in=refunded.values("credit_note"))
    counted = notes.filter(Q(status="open") | Q(status="paid") & since | Q(status="void", voided_on__gt=on))
    left = F("amount_due") + _used(given, "credit_note") + _used(refunded, "credit_note")
    return counted.annotate(left=left).filter(left__gt=0)


def _used(uses, source):
    """How much of the outer credit these uses took, 0 where none did."""
    taken = uses.filter(**{source: OuterRef("pk")}).order_by().values(source).annotate(n=Sum("amount")).values("n")
    return Coalesce(Subquery(taken), Value(0), output_field=BigIntegerField())


def _row(credits, kind, day, reference, who, language):
    text = CharField()
    return credits.annotate(
        day=Cast(F(day), DateField()),
        kind_=Value(kind, output_field=text),
        pk_=F("pk"),
        reference_=Cast(F(reference), text),
        who=Cast(F(who), text),
        language_=Cast(F(language), text),
    )
