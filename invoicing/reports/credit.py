"""What could settle an invoice without new money: credit on account and open credit notes. Amounts are minor units."""

from django.db.models import F

from ..models import Invoice, Payment

AT_MOST = 100  # of each, oldest first: more than anybody ticks off in one dialog


def payments_on_account(customer, currency: str) -> list[Payment]:
    """Payments of which something is left, the oldest first."""
    rows = Payment.objects.filter(
        customer=customer, currency=currency, status="recorded", amount__gt=F("allocated") + F("refunded")
    )
    return list(rows.defer("note").order_by("received_on", "pk")[:AT_MOST])


def open_notes(customer, currency: str | None = None) -> list[Invoice]:
    """Credit notes of which something is left, the oldest first."""
    rows = Invoice.objects.open().filter(customer=customer, kind="credit_note")
    if currency:
        rows = rows.filter(currency=currency)
    return list(rows.order_by("issued_on", "pk")[:AT_MOST])


def owed_invoices(customer, currency: str, *, most: int = AT_MOST) -> list[Invoice]:
    """What this customer still owes in that currency, the earliest due first; given-up ones too, they can be paid."""
    rows = Invoice.objects.invoices().filter(customer=customer, currency=currency, status__in=["open", "uncollectible"])
    return list(rows.order_by("due_on", "pk")[:most])


def currencies_owed(customer) -> list[str]:
    """The currencies of this customer's open invoices."""
    rows = Invoice.objects.invoices().filter(customer=customer, status__in=["open", "uncollectible"])
    return list(rows.order_by("currency").values_list("currency", flat=True).distinct())
