"""On the page of an invoice: in which batch operations it is or was, and which of its history they did."""

from django.db.models import F, OuterRef
from django.urls import reverse

from config.common.reading import RowsOf

from ... import progress
from ...models import BatchItem, BatchOperation

SHOWN = 3


def read_along() -> dict:
    """To be read with the invoice: its newest items, without a query of their own."""
    items = BatchItem.objects.filter(invoice=OuterRef("pk")).annotate(action=F("operation__action")).order_by("-pk")
    names = ("id", "operation_id", "status", "reason", "opened_at", "action")
    return {"in_batches": RowsOf(items[:SHOWN], *names)}


def standing(invoice) -> list[dict]:
    """Newest first: {"url", "name", "text", "kind", "reason"}."""
    return [
        {
            "url": reverse("invoicing:batch", args=[item.operation_id]),
            "name": BatchOperation.name_of(item.operation_id),
            "text": item.get_status_display(),
            "kind": progress.dot_kind(item.status),
            "reason": item.reason,
        }
        for item in invoice.in_batches
    ]


def done_in(invoice, events, deliveries) -> dict[int, str]:
    """{seq of the event: the operation it was part of}, as far as the invoice's items and deliveries tell."""
    sent = {delivery.pk: delivery.batch for delivery in deliveries if delivery.batch}
    acts = {}
    for item in invoice.in_batches:
        if item.opened_at:
            acts["invoice.open"] = item.operation_id
        if item.action == BatchOperation.Action.MARK and item.status == BatchItem.Status.DONE:
            acts.setdefault("invoice.mark_as_sent", item.operation_id)
    found = {}
    for event in events:
        part = sent.get(event.object_id) if event.object_type == "delivery" else acts.get(event.action)
        if part:
            found[event.seq] = BatchOperation.name_of(part)
    return found
