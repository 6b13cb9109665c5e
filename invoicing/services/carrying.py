"""The worker's side of a delivery: claim, carry, record. No transaction is open while the wire is."""

import hashlib
import logging
import os
import random
import socket
import time
import uuid
from datetime import timedelta

from django.db import transaction
from django.db.models import F, Q

from config.common import clock, queue, states
from config.common.errors import Stale
from config.common.plugins import plugin
from config.common.roles import SYSTEM

from .. import documents, messages
from ..channels.base import ChannelFailure, OutcomeUnknown
from ..models import Attempt, ChannelState, Delivery, Invoice
from .delivering import SENDABLE, bill, move

logger = logging.getLogger("dunlin.deliveries")

GROUP = 20
PUMP_SECONDS = 60
LEASE_SECONDS = 120
WIRE_LEASE_SECONDS = 180  # longer than the final reply may take
MAX_CRASHES = 3
GIVE_UP_AFTER = timedelta(hours=24)
PAUSES = [timedelta(minutes=m) for m in (1, 5, 15, 60, 240)]


class LostLease(Exception):
    """Another worker, the sweeper or a person has decided about this row; this one may write nothing more."""


class NotAnyMore(Exception):
    """The last look found that this mail must not go: the text says why."""


def worker_name() -> str:
    return f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:6]}"[:80]


def carry_waiting(*, channel_key="email", first: int | None = None) -> int:
    """Pump: claim and carry up to 20 waiting deliveries of a channel over one connection, for at most 60 s.

    Returns how many were carried. `first` is taken before the others. Nothing is claimed while the channel is paused.
    """
    if ChannelState.objects.filter(key=channel_key).exclude(paused_at=None).exists():
        return 0
    worker, carried, stop_at = worker_name(), 0, time.monotonic() + PUMP_SECONDS
    try:
        with plugin("DELIVERY_CHANNELS", channel_key).session() as session:
            for delivery in _next_rows(channel_key, first):
                if time.monotonic() > stop_at:
                    break
                if _claim(delivery, worker):
                    carried += 1
                    if not _carry(delivery, session):
                        break
    except ChannelFailure as failure:  # not even a session: nothing was claimed
        _pause(channel_key, failure.reason)
        return carried
    if carried and waiting(channel_key).exists():
        queue.enqueue("invoicing.tasks.carry", 0)
    return carried


def waiting(channel_key):
    """Rows whose time has come."""
    return Delivery.objects.filter(
        Q(not_before=None) | Q(not_before__lte=clock.now()), channel=channel_key, status__in=Delivery.WAITING
    ).order_by("pk")


def _next_rows(channel_key, first):
    rows = waiting(channel_key)
    if first:
        yield from rows.filter(pk=first)
    yield from rows.exclude(pk=first)[:GROUP]


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


def _carry(delivery, session) -> bool:
    """Carry one claimed row to an end with a reason. False when the channel was paused: claim no more."""
    fence = {"fence": delivery.fence}
    try:
        message = _compose(delivery)
        receipt = session.send(message, on_wire=lambda: _mark_on_wire(delivery))
        _finish(
            delivery, "sent", "ok", receipt.response, code=receipt.code, where=fence, provider_id=receipt.provider_id
        )
    except (LostLease, Stale):
        logger.warning("delivery %s: lost the lease, nothing more is written", delivery.pk)
    except NotAnyMore as reason:
        _finish(delivery, "failed", "permanent", str(reason), where=fence)
    except OutcomeUnknown as unknown:
        _finish(delivery, "unknown", "unknown", unknown.reason, where=fence)
    except ChannelFailure as failure:
        return _refused(delivery, failure, fence)
    except Exception as error:
        logger.exception("delivery %s: unexpected", delivery.pk)
        delivery.refresh_from_db(fields=["wire_started_at"])
        text = f"Unexpected: {type(error).__name__}: {error}"[:500]
        to, result = ("unknown", "unknown") if delivery.wire_started_at else ("failed", "permanent")
        _finish(delivery, to, result, text, where=fence)
    return True


def _compose(delivery):
    """Text and HTML are composed once; every retry sends the same bytes. Without its PDF an invoice never leaves."""
    document = delivery.documents.select_related("invoice").get()
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
        )
        composed = {
            "subject": content.subject,
            "text": content.text,
            "html": content.html,
            "composed_at": clock.now(),
            "content_sha256": hashlib.sha256(f"{content.subject}\0{content.text}\0{content.html}".encode()).hexdigest(),
        }
        with transaction.atomic():
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


def _refused(delivery, failure, fence) -> bool:
    reason = failure.reason or "Refused without a reason"
    if failure.kind == "config":
        _finish(
            delivery, "queued", "config", reason, where=fence, wire_started_at=None, tries=max(delivery.tries - 1, 0)
        )
        _pause(delivery.channel, reason)
        return False
    if failure.kind == "permanent":
        _finish(delivery, "failed", "permanent", reason, code=failure.code, where=fence)
        return True
    pause = failure.retry_after or PAUSES[min(delivery.tries, len(PAUSES)) - 1] * random.uniform(0.8, 1.2)
    result = "rate" if failure.kind == "rate" else "temporary"
    if clock.now() + pause > delivery.queued_at + GIVE_UP_AFTER:
        _finish(delivery, "failed", result, f"Given up after a day: {reason}"[:500], code=failure.code, where=fence)
    else:
        _finish(delivery, "retrying", result, reason, code=failure.code, where=fence, not_before=clock.now() + pause)
    return True


def _finish(delivery, to, result, text, *, where, code="", **fields):
    """One transaction: the attempt's row, the state with its reason, and billed."""
    now, worker = clock.now(), delivery.worker
    sent = {"sent_at": now, "response": text, "reason": ""} if to == "sent" else {"reason": text}
    try:
        with transaction.atomic():
            move(
                delivery,
                to,
                by=SYSTEM,
                action=f"delivery.{to}",
                where=where,
                after={"response": text},
                **{**sent, **fields},
            )
            _note_attempt(delivery, worker, result, text, code)
            if to == "sent":
                bill(delivery, by=SYSTEM, at=now)
    except Stale:
        logger.warning("delivery %s: lost the lease before its end could be written", delivery.pk)


def _note_attempt(delivery, worker, result, text, code):
    Attempt.objects.create(
        delivery=delivery,
        n=delivery.attempts.count() + 1,
        fence=delivery.fence,
        worker=worker,
        recipient=delivery.recipient,
        started_at=delivery.started_at,
        wire_started_at=delivery.wire_started_at,
        result=result,
        code=code,
        text=text[:500],
    )


def _pause(channel_key, reason):
    """Stop a channel once; a person mends the set-up and resumes it."""
    ChannelState.objects.get_or_create(key=channel_key)
    ChannelState.objects.filter(key=channel_key, paused_at=None).update(paused_at=clock.now(), reason=reason)
    logger.error("channel %s paused: %s", channel_key, reason)


def reap() -> int:
    """Decide about rows whose worker died: not on the wire → queued again, on it → outcome unknown.

    Three crashes are enough: what kills workers is put aside as failed.
    """
    dead = Delivery.objects.filter(status="sending", lease_until__lt=clock.database_now())
    for delivery in dead[:500]:
        fence = {"fence": delivery.fence, "lease_until": delivery.lease_until}
        crashes = delivery.crashes + 1
        if delivery.wire_started_at:
            to, text = "unknown", "The worker died while the message was being handed over."
        elif crashes >= MAX_CRASHES:
            to, text = "failed", f"It crashed the worker {crashes} times, so it was put aside."
        else:
            to, text = "queued", "The worker died before anything was sent."
        result = "unknown" if to == "unknown" else "crashed"
        _finish(delivery, to, result, text, where=fence, crashes=crashes)
    return len(dead)
