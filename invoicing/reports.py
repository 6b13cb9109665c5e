"""Queries across tables, per currency and never mixed. Amounts are minor units."""

from collections.abc import Iterable

from django.db.models import F, Sum

from .models import Invoice, Payment


def owed_by(customers: Iterable[int]) -> dict[int, dict[str, int]]:
    """What each of these customers (primary keys) owes on open invoices and claims: {pk: {currency: minor units}}.

    One query, whatever their number. Credit notes and credit on account are not set off: nobody has allocated them.
    """
    rows = (
        Invoice.objects.open()
        .invoices()
        .filter(customer__in=list(customers))
        .values_list("customer", "currency")
        .annotate(owed=Sum("amount_due"))
        .order_by("customer", "currency")
    )
    owed: dict[int, dict[str, int]] = {}
    for customer, currency, minor in rows:
        owed.setdefault(customer, {})[currency] = minor
    return owed


def on_account(customer) -> dict[str, int]:
    """Money of a customer that settles nothing yet: {currency: minor units}."""
    rows = (
        Payment.objects.filter(customer=customer, amount__gt=F("allocated") + F("refunded"))
        .values_list("currency")
        .annotate(left=Sum(F("amount") - F("allocated") - F("refunded")))
        .order_by("currency")
    )
    return dict(rows)
