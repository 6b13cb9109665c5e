"""The worker's side of a delivery: claim, carry, record. No transaction is open while the wire is."""

import hashlib
import logging
import time
from datetime import timedelta

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import F, Prefetch, Q, prefetch_related_objects

from config.common import clock, heartbeats, queue, states
from config.common.errors import Stale
from config.common.plugins import plugin

from .. import documents, links, messages
from ..channels.base import ChannelFailure, OutcomeUnknown
from ..models import ChannelState, Delivery, DeliveryDocument, Invoice
from . import linking, pacing
from .batches import following
from .delivering import SENDABLE
from .ending import finish, leave_uncertain, pause_channel, refuse
from .tracking import is_watched
from .workers import worker_name

logger = logging.getLogger("dunlin.deliveries")

GROUP = 20
PUMP_SECONDS = 10  # a clean stop waits for the pumps a worker has begun and fetched: two, and 30 s in all
LEASE_SECONDS = 120
WIRE_LEASE_SECONDS = 180  # longer than the final reply may take
MAX_CRASHES = 3


class LostLease(Exception):
    """Another worker, the sweeper or a person has decided about this row; this one may write nothing more."""


class NotAnyMore(Exception):
    """The last look found that this mail must not go: the text says why."""


def carry_waiting(*, channel_key="email", first: int | None = None) -> int:
    """Pump: claim and carry up to 20 waiting deliveries of a channel over one connection, for at most 10 s.

    Returns how many were carried. `first` is taken before the others. Nothing is claimed while the channel is paused.
    """
    state, _new = ChannelState.objects.get_or_create(key=channel_key)
    if state.paused_at:
        return 0
    channel = plugin("DELIVERY_CHANNELS", channel_key)
    worker, carried, stop_at = worker_name(), [], time.monotonic() + PUMP_SECONDS
    try:
        with channel.session() as session:
            while len(carried) < GROUP and time.monotonic() < stop_at:
                delivery = _claim_in_turn(channel_key, worker, channel, stop_at, first=first, but=carried)
                if delivery is None:
                    break
                carried.append(delivery)
                if not _carry(delivery, session, channel):
                    break
    except pacing.NotYet as pause:
        logger.info("%s: no message may begin for %s", channel_key, pause.wait or "as many are in hand as may be")
    except ChannelFailure as failure:  # not even a session: nothing was claimed
        pause_channel(channel_key, failure.reason)
        return len(carried)
    finally:
        following.follow_deliveries(carried)
    if carried and queue.is_worker_process():
        heartbeats.beat("worker")  # behind many rings the heartbeat's own turn may take minutes
    if carried and waiting(channel_key).exists():
        queue.enqueue("invoicing.tasks.carry", 0)
    return len(carried)


def waiting(channel_key):
    """Rows whose time has come."""
    return Delivery.objects.filter(
        Q(not_before=None) | Q(not_before__lte=clock.now()), channel=channel_key, status__in=Delivery.WAITING
    ).order_by("pk")


def _claim_in_turn(channel_key, worker, channel, stop_at, *, first, but) -> Delivery | None:
    """Take the next row when its turn has come: a short rest is waited for, NotYet where it would outlast the pump."""
    while True:
        try:
            return _claim_next(channel_key, worker, per_minute=channel.per_minute, first=first, but=but)
        except pacing.NotYet as pause:
            if pause.wait is None or time.monotonic() + pause.wait.total_seconds() > stop_at:
                raise
            time.sleep(pause.wait.total_seconds())


def _claim_next(channel_key, worker, *, per_minute=0, first=None, but=()) -> Delivery | None:
    """Take the next row with the channel held, so that no two count or choose at once; NotYet where none may begin."""
    with transaction.atomic():
        state = ChannelState.objects.select_for_update().get(key=channel_key)
        delivery = None if state.paused_at else _next_row(channel_key, first, but)
        if delivery is None:
            return None
        in_hand = Delivery.objects.filter(channel=channel_key, status="sending").count()
        pacing.take_turn(state, in_hand=in_hand, per_minute=per_minute, now=clock.database_now())
        return delivery if _claim(delivery, worker) else None


def _next_row(channel_key, first, but) -> Delivery | None:
    rows = waiting(channel_key).exclude(pk__in=[delivery.pk for delivery in but])
    return (rows.filter(pk=first).first() if first else None) or rows.first()


def _claim(delivery, worker) -> bool:
    return states.claim(
        delivery,
        to="sending",
        worker=worker,
        lease_seconds=LEASE_SECONDS,
        from_states=Delivery.WAITING,
        started_at=clock.now(),
        wire_started_at=None,
        tries=F("tries") + 1,
    )


def _carry(delivery, session, channel) -> bool:
    """Carry one claimed row to an end with a reason. False when the channel was paused: claim no more."""
    fence = {"fence": delivery.fence}
    try:
        message = _compose(delivery)
        receipt = session.send(message, on_wire=lambda: _mark_on_wire(delivery))
        finish(
            delivery, "sent", "ok", receipt.response, code=receipt.code, where=fence, provider_id=receipt.provider_id
        )
    except (LostLease, Stale):
        logger.warning("delivery %s: lost the lease, nothing more is written", delivery.pk)
    except (NotAnyMore, links.KeyGone, documents.RenderFailure, documents.DocumentLost) as reason:
        finish(delivery, "failed", "permanent", str(reason), where=fence)
    except OutcomeUnknown as unknown:
        leave_uncertain(delivery, unknown.reason, channel, where=fence)
    except ChannelFailure as failure:
        return refuse(delivery, failure, fence)
    except Exception as error:
        logger.exception("delivery %s: unexpected", delivery.pk)
        delivery.refresh_from_db(fields=["wire_started_at"])
        text = f"Unexpected: {type(error).__name__}: {error}"[:500]
        if delivery.wire_started_at:
            leave_uncertain(delivery, text, channel, where=fence)
        elif isinstance(error, OperationalError | InterfaceError):  # it was our own database
            return refuse(delivery, ChannelFailure(text, kind="temporary"), fence)
        else:
            finish(delivery, "failed", "permanent", text, where=fence)
    return True


def _compose(delivery):
    """Text and HTML are composed once; every retry sends the same bytes. Without its PDF an invoice never leaves."""
    prefetch_related_objects([delivery], Prefetch("documents", DeliveryDocument.objects.select_related("invoice")))
    [document] = delivery.documents.all()
    invoice = document.invoice
    if invoice.status not in SENDABLE:
        raise NotAnyMore(f"{invoice.number} is {invoice.get_status_display().lower()} by now, so it was not sent.")
    stored = documents.ensure_pdf(invoice)
    pdf = documents.read(stored)
    if delivery.composed_at is None:
        content = messages.compose(
            invoice,
            subject=delivery.subject,
            message=delivery.message,
            contact_name=delivery.recipient_name,
            language=delivery.language,
            readers=delivery.readers,
            link=links.placeholder() if delivery.with_link else "",
        )
        composed = {
            "subject": content.subject,
            "text": content.text,
            "html": content.html,
            "composed_at": clock.now(),
            "is_tracked": is_watched(delivery, "opened"),
            "content_sha256": hashlib.sha256(f"{content.subject}\0{content.text}\0{content.html}".encode()).hexdigest(),
        }
        with transaction.atomic():
            if delivery.with_link:
                linking.make_link(delivery, invoice, at=composed["composed_at"])
                composed["link_key"] = delivery.link_key
            if not Delivery.objects.filter(pk=delivery.pk, status="sending", fence=delivery.fence).update(**composed):
                raise LostLease
            document.document = stored
            document.save(update_fields=["document"])
        for name, value in composed.items():
            setattr(delivery, name, value)
    return messages.message_for(delivery, pdf, name=stored.name)


def _mark_on_wire(delivery):
    """The last look and the marker, committed together, immediately before the byte that may deliver."""
    now = clock.database_now()
    with transaction.atomic():
        invoice = Invoice.objects.select_for_update().get(delivery_documents__delivery=delivery)
        if invoice.status not in SENDABLE:
            raise NotAnyMore(f"{invoice.number} is {invoice.get_status_display().lower()} by now, so it was not sent.")
        marked = Delivery.objects.filter(
            pk=delivery.pk, status="sending", fence=delivery.fence, lease_until__gt=now
        ).update(wire_started_at=now, lease_until=now + timedelta(seconds=WIRE_LEASE_SECONDS))
        if not marked:
            raise LostLease
    delivery.wire_started_at = now


def reap() -> int:
    """Decide about rows whose worker died: not on the wire → queued again, on it → outcome unknown.

    Three crashes are enough: what kills workers is put aside as failed.
    """
    dead = list(Delivery.objects.filter(status="sending", lease_until__lt=clock.database_now())[:500])
    for delivery in dead:
        fence = {"fence": delivery.fence, "lease_until": delivery.lease_until}
        crashes = delivery.crashes + 1
        if delivery.wire_started_at:
            channel = plugin("DELIVERY_CHANNELS", delivery.channel)
            text = "The worker died while the message was being handed over."
            leave_uncertain(delivery, text, channel, where=fence, crashes=crashes)
            continue
        if crashes >= MAX_CRASHES:
            to, text = "failed", f"It crashed the worker {crashes} times, so it was put aside."
        else:
            to, text = "queued", "The worker died before anything was sent."
        finish(delivery, to, "crashed", text, where=fence, crashes=crashes)
    following.follow_deliveries(dead)
    return len(dead)
