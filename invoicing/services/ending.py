"""How a try at a delivery ends: accepted, refused for now or for good, or nobody knows. Each writes one attempt."""

import logging
import random
from datetime import timedelta

from django.db import transaction

from config.common import clock
from config.common.errors import Stale
from config.common.roles import SYSTEM

from ..models import Attempt, ChannelState
from . import pacing
from .delivering import bill, move
from .tracking import settle_by_what_was_heard

logger = logging.getLogger("dunlin.deliveries")

ASK_AGAIN_AFTER = timedelta(minutes=1)
GIVE_UP_AFTER = timedelta(hours=24)
PAUSES = [timedelta(minutes=m) for m in (1, 5, 15, 60, 240)]


def refuse(delivery, failure, fence) -> bool:
    """The world said no, before or after the wire: try again later, stop the channel, or fail. False: claim no more."""
    reason = failure.reason or "Refused without a reason"
    if failure.kind == "config":
        finish(
            delivery, "queued", "config", reason, where=fence, wire_started_at=None, tries=max(delivery.tries - 1, 0)
        )
        pause_channel(delivery.channel, reason)
        return False
    if failure.kind == "permanent":
        finish(delivery, "failed", "permanent", reason, code=failure.code, where=fence)
        return True
    pause = failure.retry_after or PAUSES[min(delivery.tries, len(PAUSES)) - 1] * random.uniform(0.8, 1.2)
    result = "rate" if failure.kind == "rate" else "temporary"
    if failure.kind == "rate":
        pacing.slow_down(delivery.channel, retry_after=failure.retry_after, now=clock.database_now())
    if delivery.uncertain_since and clock.database_now() + pause > delivery.uncertain_since + GIVE_UP_AFTER:
        finish(delivery, "unknown", "unknown", reason, where=fence, wire_started_at=delivery.uncertain_since)
    elif clock.now() + pause > _first_refused(delivery) + GIVE_UP_AFTER:
        finish(delivery, "failed", result, f"Given up after a day: {reason}"[:500], code=failure.code, where=fence)
    else:
        finish(delivery, "retrying", result, reason, code=failure.code, where=fence, not_before=clock.now() + pause)
    return True


def _first_refused(delivery):
    """When its day began: at the first refusal since it was asked for. In a stopped or long queue nothing was tried."""
    refused = delivery.attempts.filter(started_at__gte=delivery.queued_at, result__in=["temporary", "rate"])
    return refused.order_by("n").values_list("started_at", flat=True).first() or clock.now()


def leave_uncertain(delivery, reason, channel, *, where, **fields):
    """It was on the wire and no answer came. A provider that knows our key is asked again, for as long as it does;

    else, or then, the outcome is unknown: shown, and decided by evidence or a person.
    """
    since = delivery.uncertain_since or delivery.wire_started_at
    if channel.repeats_for and clock.database_now() + ASK_AGAIN_AFTER < since + channel.repeats_for:
        again = f"{reason} It is asked for again with the same key, so that it cannot go twice."[:500]
        fields |= {"uncertain_since": since, "not_before": clock.now() + ASK_AGAIN_AFTER}
        finish(delivery, "retrying", "unknown", again, where=where, **fields)
    else:
        finish(delivery, "unknown", "unknown", reason, where=where, wire_started_at=since, **fields)


def finish(delivery, to, result, text, *, where, code="", **fields):
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
            if to == "unknown" or (to == "failed" and delivery.attempts.filter(result="unknown").exists()):
                settle_by_what_was_heard(delivery)  # an event may be quicker than the answer that never came
    except Stale:
        logger.warning("delivery %s: lost the lease before its end could be written", delivery.pk)


def _note_attempt(delivery, worker, result, text, code):
    Attempt.objects.create(
        delivery=delivery,
        n=delivery.fence,  # each claim ends in one attempt
        fence=delivery.fence,
        worker=worker,
        recipient=delivery.recipient,
        started_at=delivery.started_at,
        wire_started_at=delivery.wire_started_at,
        result=result,
        code=code,
        text=text[:500],
    )


def pause_channel(channel_key, reason):
    """Stop a channel once; a person mends the set-up and resumes it."""
    ChannelState.objects.get_or_create(key=channel_key)
    ChannelState.objects.filter(key=channel_key, paused_at=None).update(paused_at=clock.now(), reason=reason)
    logger.error("channel %s paused: %s", channel_key, reason)
