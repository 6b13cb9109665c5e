"""What customers owe and what they have to their credit, per currency. Amounts are minor units."""

from collections.abc import Iterable

from django.db.models import F, QuerySet, Sum

from ..models import Invoice, Payment


def owed(customers: Iterable[int]) -> QuerySet:
    """Rows {customer, currency, owed}: what these customers (primary keys) owe on open invoices and claims.

    Credit notes and credit on account are not set off: nobody has allocated them.
    """
    return (
        Invoice.objects.open()
        .invoices()
        .filter(customer__in=list(customers))
        .values("customer", "currency")
        .annotate(owed=Sum("amount_due"))
        .order_by("customer", "currency")
    )


def owed_by(customers: Iterable[int]) -> dict[int, dict[str, int]]:
    """The same as {pk: {currency: minor units}}; one query, whatever their number."""
    found: dict[int, dict[str, int]] = {}
    for customer, currency, minor in owed(customers).values_list("customer", "currency", "owed"):
        found.setdefault(customer, {})[currency] = minor
    return found


def on_account(customer: int) -> QuerySet:
    """Rows {currency, left}: money of a customer (primary key) that settles nothing yet; none of what was reversed."""
    return (
        Payment.objects.filter(customer=customer, status="recorded", amount__gt=F("allocated") + F("refunded"))
        .values("currency")
        .annotate(left=Sum(F("amount") - F("allocated") - F("refunded")))
        .order_by("currency")
    )
