"""What an event changes on its delivery: the earliest moment of each kind, counts by the larger observer. No writes."""

from django.db.models import Count

from .. import bounces
from ..models import Delivery, TrackingEvent

Kind = TrackingEvent.Kind
_EARLIEST = {
    Kind.QUEUED: "accepted_at",
    Kind.SENT: "accepted_at",
    Kind.DELIVERED: "delivered_at",
    Kind.REJECTED: "rejected_at",
    Kind.COMPLAINED: "complained_at",
    Kind.REPLIED: "replied_at",
    Kind.OPENED: "opened_at",
    Kind.CLICKED: "clicked_at",
}
_COUNTS = {Kind.OPENED: ("open_count", "machine_open_count"), Kind.CLICKED: ("click_count", "machine_click_count")}


def facts_of(delivery: Delivery, event: TrackingEvent, *, bounce_kind: str) -> dict:
    """The columns that are different now; the same for any order of events. `event` is among the delivery's already."""
    kind, at = Kind(event.kind), event.occurred_at
    found: dict = {}
    if kind in _COUNTS:
        found[_COUNTS[kind][event.is_machine]] = _seen(delivery, kind, is_machine=event.is_machine)
    if event.is_machine:
        return found
    if kind == Kind.DEFERRED:
        found["deferred_at"] = max(at, delivery.deferred_at or at)
    elif kind == Kind.BOUNCED:
        found |= _bounce(delivery, at, bounce_kind)
    elif kind in _EARLIEST:
        found[_EARLIEST[kind]] = _earliest(getattr(delivery, _EARLIEST[kind]), at)
    if kind == Kind.CLICKED:  # who clicks has opened it, whether pictures were shown or not
        found["opened_at"] = _earliest(delivery.opened_at, at)
    news = {name: value for name, value in found.items() if getattr(delivery, name) != value}
    if news and delivery.status == "sent" and kind in (Kind.BOUNCED, Kind.REJECTED, Kind.COMPLAINED):
        news["settled_at"] = None  # what was decided before it came back is to be decided anew
        if kind != Kind.COMPLAINED:
            news["reason"] = event.said
    return news


def is_news(delivery: Delivery, event: TrackingEvent, found: dict) -> bool:
    """Whether it is the first of its kind, for the trail; a hard bounce after a soft one counts as first."""
    if event.is_machine:
        return False
    if event.kind == Kind.BOUNCED:
        return "bounce_kind" in found
    name = _EARLIEST.get(Kind(event.kind), "")
    return name in found and getattr(delivery, name) is None


def _seen(delivery, kind, *, is_machine) -> int:
    """A provider, our link and our pixel may watch the same act: the larger figure counts, never the sum."""
    rows = TrackingEvent.objects.filter(delivery=delivery, kind=kind, is_machine=is_machine).order_by()
    return max(rows.values("source").annotate(n=Count("pk")).values_list("n", flat=True), default=0)


def _bounce(delivery, at, kind) -> dict:
    """Hard wins over soft whenever it comes; of the same kind the earliest."""
    if delivery.bounced_at is None or (kind == bounces.HARD and delivery.bounce_kind != bounces.HARD):
        return {"bounced_at": at, "bounce_kind": kind}
    if kind == delivery.bounce_kind:
        return {"bounced_at": _earliest(delivery.bounced_at, at)}
    return {}


def _earliest(known, at):
    return min(known, at) if known else at
