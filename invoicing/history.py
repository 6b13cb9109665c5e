"""What became of the emails of invoices: read once for a whole page."""

from collections import defaultdict

from .models import Delivery, DeliveryDocument
from .presenting import IN_FLIGHT, Light, Sent, light


def lights_of(invoices) -> dict[int, Light]:
    """{invoice pk: its Status light} for invoices that were ever sent; one query."""
    rows = DeliveryDocument.objects.filter(
        invoice__in=[invoice.pk for invoice in invoices], kind=Delivery.Kind.INVOICE, delivery__role=Delivery.Role.TO
    ).values_list(
        "invoice_id",
        "delivery_id",
        "delivery__status",
        "delivery__channel",
        "delivery__is_tracked",
        "delivery__opened_at",
        "delivery__bounced_at",
        "delivery__reason",
    )
    found = defaultdict(list)
    for invoice, delivery, status, channel, tracked, opened_at, bounced_at, reason in rows:
        found[invoice].append(Sent(delivery, status, channel, tracked, opened_at, bounced_at, reason))
    return {invoice: shown for invoice, sent in found.items() if (shown := light(sent))}


def deliveries_of(invoice) -> list[Delivery]:
    """Everything that was sent about an invoice, newest first."""
    return list(
        Delivery.objects.filter(documents__invoice=invoice)
        .select_related("asked_by")
        .defer("text", "html", "message", "readers")
        .order_by("-pk")
    )


def is_in_flight(deliveries) -> bool:
    return any(delivery.status in IN_FLIGHT for delivery in deliveries)
