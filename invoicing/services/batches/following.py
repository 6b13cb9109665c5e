"""What becomes of an item once its mail is queued: it follows its deliveries, and never runs ahead of them.

To readers decide, as they do for the light: all reached is done, one refused is failed, one uncertain is unknown.
"""

from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import override, pgettext

from config.common import clock, states

from ... import wall_time
from ...models import BatchItem, ChannelState, Delivery
from . import closing, elsewhere

STILL_TRYING_AFTER = timedelta(minutes=15)
CHUNK = 1000
WHEN = ("scheduled_on", "scheduled_time", "scheduled_zone", "queued_at")
Status = BatchItem.Status


def follow_deliveries(deliveries) -> None:
    """Look after the items of these deliveries, which have come to an end or to a pause."""
    items = {delivery.batch_item_id for delivery in deliveries if delivery.batch_item_id}
    follow_items(items)
    invoices = Delivery.objects.filter(pk__in=[delivery.pk for delivery in deliveries], status="sent", role="to")
    elsewhere.note_done(invoices.values_list("documents__invoice", flat=True))


def hold_operations(deliveries) -> None:
    """The operations of these deliveries, nobody else's until the transaction ends.

    To be taken before the deliveries are changed by somebody who follows them in the same transaction: whoever cancels
    an operation holds it first and its emails then.
    """
    items = [delivery.batch_item_id for delivery in deliveries if delivery.batch_item_id]
    if items:
        operations = BatchItem.objects.filter(pk__in=items).order_by("operation").values_list("operation", flat=True)
        for operation in operations.distinct():
            closing.hold(operation)


def follow_items(pks) -> None:
    """Bring these items in line with their deliveries, and their operations with them."""
    rows = BatchItem.objects.filter(pk__in=pks, step="carry").exclude(status__in=["done", "skipped", "cancelled"])
    items = list(rows.select_related("operation__asked_by").order_by("pk"))
    sent: dict[int | None, list[Delivery]] = {}
    readers = Delivery.objects.filter(batch_item__in=[item.pk for item in items], role=Delivery.Role.TO)
    for delivery in readers.only(
        "batch_item", "status", "reason", "recipient", "channel", "settled_at", *WHEN
    ).order_by("pk"):
        sent.setdefault(delivery.batch_item_id, []).append(delivery)
    paused = set(ChannelState.objects.exclude(paused_at=None).values_list("key", flat=True)) if items else set()
    moves: dict[int, list[tuple[BatchItem, str, str]]] = {}
    for item in items:
        with override(item.operation.asked_by.language):
            to, reason = _reached(item, sent.get(item.pk, []), paused)
        if to is not None and (to != item.status or reason != item.reason):
            moves.setdefault(item.operation_id, []).append((item, to, reason))
    for operation in sorted(moves):
        _write(operation, moves[operation])


def follow_all() -> None:
    """The sweeper's round: items whose mail came to an end without anybody noting it, or has been trying for long."""
    ended = Q(deliveries__status__in=["sent", "failed", "unknown", "cancelled"])
    tired = Q(deliveries__status="retrying", acted_at__lt=clock.now() - STILL_TRYING_AFTER)
    stuck = Q(deliveries__channel__in=_paused_long(), deliveries__status="queued")
    carried = BatchItem.objects.filter(step="carry")
    working = carried.filter(ended | tired | stuck, status=Status.WORKING)
    late = carried.filter(ended | Q(invoice=None), status__in=BatchItem.LATE)
    settled = carried.filter(
        Q(deliveries__status="sent") | Q(deliveries__status="failed", status="unknown"),
        status__in=["unknown", "failed"],
        operation__status__in=["in_progress", "failed"],
        operation__acknowledged_at=None,
    )
    for items in (working, late, settled):
        follow_items(list(items.order_by("pk").values_list("pk", flat=True).distinct()[:CHUNK]))


def _paused_long() -> list[str]:
    paused = ChannelState.objects.filter(paused_at__lt=clock.now() - STILL_TRYING_AFTER)
    return list(paused.values_list("key", flat=True))


@transaction.atomic
def _write(operation, moves):
    """Move items of one operation, and the operation with them: whoever dies here leaves both as they were."""
    closing.hold(operation)
    moved = [each for each in moves if _move(*each)]
    if moved:
        closing.settle_operations([operation])


def _move(item, to, reason) -> bool:
    """Move one item where its mail has got to; whether it moved."""
    rows = BatchItem.objects.filter(pk=item.pk)
    mend = "history" if to == Status.SCHEDULED else "delivery"
    told = {"reason": reason, "mend": mend if reason else "", "finished_at": clock.now()}
    if to == item.status:
        return bool(rows.filter(status=to).update(**told))
    if to not in BatchItem.TRANSITIONS.get(item.status, ()):
        return False
    return bool(states.advance_rows(rows, to, start=[item.status], **told))


def _reached(item, deliveries, paused) -> tuple[str | None, str]:
    by_state: dict[str, list[Delivery]] = {}
    standing = [delivery for delivery in deliveries if not delivery.settled_at or delivery.status != "failed"]
    for delivery in standing or deliveries:  # a wrong address that was put to rest, once another was tried
        by_state.setdefault(delivery.status, []).append(delivery)
    if not deliveries:  # an email that waits goes with the draft that is deleted
        gone = item.status == Status.SCHEDULED and item.invoice_id is None
        return (Status.CANCELLED, _("The draft was deleted meanwhile.")) if gone else (None, "")
    if scheduled := by_state.get("scheduled"):
        return Status.SCHEDULED, goes_out(scheduled[0].wall_time)
    waiting = [each for state in ("queued", "sending") for each in by_state.get(state, [])]
    retrying = by_state.get("retrying", [])
    if waiting or retrying:
        return _not_yet(item, waiting, retrying, paused)
    for state, to in (("failed", Status.FAILED), ("unknown", Status.UNKNOWN), ("cancelled", Status.CANCELLED)):
        if found := by_state.get(state):
            return to, _told(found)
    return Status.DONE, ""


def goes_out(wall) -> str:
    """When a scheduled email goes out, as a sentence."""
    return _("Goes out on %(date)s at %(time)s in %(place)s.") % {
        "date": date_format(wall.on, pgettext("date format", "j M Y")),
        "time": f"{wall.at:%H:%M}",
        "place": wall_time.place_of(wall.zone),
    }


def _not_yet(item, waiting, retrying, paused) -> tuple[str | None, str]:
    """Under way; after a quarter of an hour of errors the operation waits for it no longer."""
    if item.status == Status.SCHEDULED and not retrying:
        return Status.SCHEDULED, _("Its moment has come: it is on its way.")
    begun = [each.queued_at for each in (*waiting, *retrying) if each.queued_at]
    since = max(begun, default=None) if item.status == Status.SCHEDULED else item.acted_at
    if since is None or clock.now() - since < STILL_TRYING_AFTER:
        return None, ""
    if retrying:
        return Status.STILL_TRYING, _told(retrying)
    if waiting and {delivery.channel for delivery in waiting} <= paused:
        return Status.STILL_TRYING, _("Email is stopped. It goes out when a manager resumes it.")
    return None, ""


def _told(deliveries) -> str:
    return " ".join(f"{delivery.recipient}: {delivery.reason}" for delivery in deliveries[:5])
