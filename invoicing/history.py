"""What became of the emails of invoices: read once for a whole page."""

from collections import defaultdict
from operator import attrgetter

from django.db.models import F
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .machines import WORDS
from .models import Delivery, DeliveryDocument
from .presenting import IN_FLIGHT, SENT_FACTS, Light, Sent, light, sent_of


def lights_of(invoices) -> dict[int, Light]:
    """{invoice pk: its Status light} for invoices that were ever sent; one query."""
    rows = DeliveryDocument.objects.filter(
        invoice__in=[invoice.pk for invoice in invoices], kind=Delivery.Kind.INVOICE, delivery__role=Delivery.Role.TO
    ).values_list("invoice_id", *(f"delivery__{name}" for name in SENT_FACTS))
    found = defaultdict(list)
    for invoice, *facts in rows:
        found[invoice].append(Sent(*facts))
    return {invoice: shown for invoice, sent in found.items() if (shown := light(sent))}


def light_of(deliveries) -> Light | None:
    """The Status light of one invoice whose deliveries (`deliveries_of`) are read already."""
    return light(
        sent_of(row) for row in deliveries if row.kind == Delivery.Kind.INVOICE and row.role == Delivery.Role.TO
    )


def deliveries_of(invoice) -> list[Delivery]:
    """Everything that was sent about an invoice, newest first; `batch` is the operation it was sent in, or None."""
    return list(
        Delivery.objects.filter(documents__invoice=invoice)
        .select_related("asked_by")
        .annotate(batch=F("batch_item__operation"))
        .defer("text", "html", "message", "readers")
        .order_by("-pk")
    )


def scheduled_among(deliveries) -> list[Delivery]:
    """Those that wait for their moment, in the order they were made."""
    found = [row for row in deliveries if row.status == "scheduled" and row.kind == Delivery.Kind.INVOICE]
    return sorted(found, key=attrgetter("pk"))


def is_in_flight(deliveries) -> bool:
    return any(delivery.status in IN_FLIGHT for delivery in deliveries)


_TONES = {
    **dict.fromkeys(["bounced", "rejected", "complained"], "bad"),
    **dict.fromkeys(["deferred", "autoresponded"], "warn"),
    **dict.fromkeys(["delivered", "queued", "sent"], "on"),
    **dict.fromkeys(["opened", "clicked", "replied"], "ok"),
}
_SOURCES = {
    "link": gettext_lazy("our link"),
    "pixel": gettext_lazy("our pixel"),
    "person": gettext_lazy("a colleague"),
    "Demo": gettext_lazy("the demo"),
}


def told_events(events) -> list[dict]:
    """What was heard of a mail, for components/_timeline.html: machines say that they are, and by which rule."""
    found = []
    for event in events:
        text = event.get_kind_display()
        if event.is_machine:
            text = _("%(what)s, by a machine") % {"what": text}
        said = "" if event.kind == "replied" else event.said  # replies stand by themselves
        detail = [str(WORDS.get(event.why, event.why)) if event.is_machine else "", said]
        found.append(
            {
                "kind": "" if event.is_machine else _TONES.get(event.kind, ""),
                "actor": text,
                "text": _("told by %(source)s") % {"source": _SOURCES.get(event.source, event.source)},
                "when": event.occurred_at,
                "detail": ": ".join(filter(None, detail)),
            }
        )
    return found
