"""The worker's side of a batch: one group at a time for each kind of document, each in one short transaction.

A lane says who opens just now. Whoever takes it over raises its fence: what the one before had taken and not finished
goes back, and a worker that wakes up late can write nothing. What ends its group, by an error, by time or by killing
the worker, is tried again alone, after all others, and put aside after the third time.
"""

import logging
import time
from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext as _
from django.utils.translation import override

from config.common import clock, heartbeats, queue, states
from config.common.errors import Forbidden
from customers.models import Organization

from ...models import BatchItem, BatchLane, BatchOperation, Invoice
from ..workers import is_gone, worker_name
from . import closing, elsewhere, filling, stopping
from .acting import Outcome, act
from .limits import TimeUp, at_most, not_idle_for

logger = logging.getLogger("dunlin.batches")

GROUP = 20
PUMP_SECONDS = 10  # a clean stop waits for the pumps a worker has begun and fetched
GROUP_SECONDS = 8  # the longest a group may take; SQLite's other writers wait for it, even twice, and give up after 20
LEASE_SECONDS = 60
MAX_CRASHES = 3
Status = BatchItem.Status


class LostLane(Exception):
    """Another worker has taken the lane over; this one may write nothing more."""


def run_waiting() -> int:
    """Pump: make items of new operations, then carry out groups for at most 10 s; how many groups were carried out.

    Rings again while anything waits. A lane that another worker holds is left to it.
    """
    worker, stop_at, groups = worker_name(), time.monotonic() + PUMP_SECONDS, 0
    filled = filling.fill_waiting(until=stop_at)
    for lane in Invoice.Kind.values:
        while time.monotonic() < stop_at and _run_group(lane, worker):
            groups += 1
    if groups and queue.is_worker_process():
        heartbeats.beat("worker")
    if (filled or groups) and waiting().exists():  # ten seconds may go by with filling alone
        queue.enqueue("invoicing.tasks.run_batches")
    return groups


def waiting():
    """Running operations with something left to open, to queue or to mark."""
    pending = BatchItem.objects.filter(operation=OuterRef("pk"), status=Status.PENDING)
    return BatchOperation.objects.filter(
        Q(status="preparing") | Q(Exists(pending), status="in_progress", cancelled_at=None)
    )


def taken():
    """Items a group has in hand. A dead worker's go back when its lane is taken next: somebody has to be rung for."""
    return BatchItem.objects.filter(status=Status.WORKING, step="act")


def _run_group(lane: str, worker: str) -> bool:
    """Take the lane, carry out one group, let go of it. False where there was nothing to do, or no lane to be had."""
    if not _has_work(lane):
        return False
    fence = _take(lane, worker)
    if fence is None:
        return False
    try:
        operation, items = _next_group(lane, fence)
        if items:
            _carry_out(operation, items, lane, fence)
        return bool(items)
    except LostLane:
        logger.warning("lane %s: taken over by another worker, nothing more is written", lane)
        return False
    finally:
        BatchLane.objects.filter(key=lane, fence=fence).update(worker="", lease_until=None)


def _has_work(lane) -> bool:
    pending = BatchItem.objects.filter(lane=lane, status=Status.PENDING)
    return pending.exists() or taken().filter(lane=lane).exists()


def _take(lane, worker) -> int | None:
    """The lane's new fence; None while somebody else holds it. A holder of this machine that is gone holds nothing."""
    BatchLane.objects.get_or_create(key=lane)
    now = clock.database_now()
    row = BatchLane.objects.get(key=lane)
    free = row.lease_until is None or row.lease_until < now or is_gone(row.worker)
    taken = free and BatchLane.objects.filter(key=lane, fence=row.fence, worker=row.worker).update(
        worker=worker, lease_until=now + timedelta(seconds=LEASE_SECONDS), fence=F("fence") + 1
    )
    return row.fence + 1 if taken else None


def _next_group(lane, fence) -> tuple[BatchOperation | None, list[BatchItem]]:
    """Put back what was left and claim the next: while the lane is held, as whoever lost it may claim nothing."""
    with transaction.atomic():
        _hold(lane, fence)
        _put_back(lane, fence)
        return _claim(lane, fence)


def _put_back(lane, fence):
    """What a worker had taken when it died: each of its group is suspect, and tried alone from now on."""
    left = taken().filter(lane=lane, fence__lt=fence)
    _blame(left, _("It ended the worker %(n)s times, so it was put aside.") % {"n": MAX_CRASHES})


def _blame(items, sentence):
    """Back to waiting, as suspects; whoever was one twice already is put aside."""
    operations = set(items.filter(status=Status.WORKING).values_list("operation_id", flat=True))
    if not operations:
        return
    now = clock.now()
    aside = {"crashes": F("crashes") + 1, "reason": sentence, "mend": "", "finished_at": now}
    working = [Status.WORKING]
    states.advance_rows(items.filter(crashes__gte=MAX_CRASHES - 1), Status.FAILED, start=working, **aside)
    states.advance_rows(items, Status.PENDING, start=working, crashes=F("crashes") + 1)
    closing.settle_operations(operations)


def _claim(lane, fence) -> tuple[BatchOperation | None, list[BatchItem]]:
    """The next group: of the operation that was served longest ago, in the order of issue dates, suspects last."""
    pending = BatchItem.objects.filter(operation=OuterRef("pk"), lane=lane, status=Status.PENDING)
    operation = (
        BatchOperation.objects.filter(Exists(pending), status="in_progress", cancelled_at=None)
        .select_related("asked_by")
        .order_by(F("served_at").asc(nulls_first=True), "pk")
        .first()
    )
    if operation is None:
        return None, []
    rows = BatchItem.objects.filter(operation=operation, lane=lane, status=Status.PENDING)
    found = list(rows.order_by("crashes", "issued_on", "pk").values_list("pk", "crashes")[:GROUP])
    suspects = [pk for pk, crashes in found if crashes]
    chosen = [pk for pk, crashes in found if not crashes] or suspects[:1]
    BatchOperation.objects.filter(pk=operation.pk).update(served_at=clock.now())
    states.advance_rows(
        rows.filter(pk__in=chosen), Status.WORKING, start=[Status.PENDING], fence=fence, tries=F("tries") + 1
    )
    taken = BatchItem.objects.filter(pk__in=chosen, status=Status.WORKING, fence=fence)
    return operation, list(taken.order_by("issued_on", "pk"))


def _carry_out(operation, items, lane, fence):
    """One transaction for the group, its outcomes with it. What fails as a whole is done again, each by itself."""
    with override(operation.asked_by.language):
        try:
            with at_most(GROUP_SECONDS):
                _in_one_transaction(operation, items, lane, fence)
        except LostLane:
            raise
        except Forbidden as refusal:
            _write(operation, {item.pk: Outcome(Status.FAILED, str(refusal)) for item in items}, lane, fence)
        except (Exception, TimeUp) as error:
            logger.exception("%s: a group of %s did not come to an end", operation, len(items))
            with transaction.atomic():
                _hold(lane, fence)
                _blame(taken().filter(pk__in=[item.pk for item in items], fence=fence), _told(error))
    closing.settle_operations([operation.pk])
    if _is_cancelled(operation):  # while the group was in hand: its mails were not there when the others were stopped
        stopping.stop_cancelled(BatchOperation.objects.select_related("asked_by", "cancelled_by").get(pk=operation.pk))


def _is_cancelled(operation) -> bool:
    return BatchOperation.objects.filter(pk=operation.pk).exclude(cancelled_at=None).exists()


def _told(error) -> str:
    if isinstance(error, TimeUp):
        return _("It took longer than %(seconds)s seconds, %(n)s times, so it was put aside.") % {
            "seconds": GROUP_SECONDS,
            "n": MAX_CRASHES,
        }
    return _("Something unexpected happened, %(n)s times, so it was put aside: %(error)s") % {
        "n": MAX_CRASHES,
        "error": f"{type(error).__name__}: {error}"[:300],
    }


def _in_one_transaction(operation, items, lane, fence):
    on = clock.today(Organization.objects.current().time_zone)
    with transaction.atomic():
        _hold(lane, fence)
        if _is_cancelled(operation):
            states.advance_rows(
                taken().filter(pk__in=[item.pk for item in items]), Status.PENDING, start=[Status.WORKING]
            )
            return
        outcomes = act(operation, items, by=operation.asked_by, on=on)
        _note(outcomes)
    elsewhere.note_done([item.invoice_id for item in items if outcomes[item.pk].status == Status.DONE])


def _write(operation, outcomes, lane, fence):
    with transaction.atomic():
        _hold(lane, fence)
        _note(outcomes)


def _hold(lane, fence):
    """The lane stays ours until the commit: whoever would take it over waits for this row, then finds it leased.

    A group that lives is stopped by its own limit; what freezes while it holds the lane is thrown out a little later.
    """
    not_idle_for(GROUP_SECONDS + 5)
    until = clock.database_now() + timedelta(seconds=LEASE_SECONDS)
    if not BatchLane.objects.filter(key=lane, fence=fence).update(lease_until=until):
        raise LostLane


def _note(outcomes: dict[int, Outcome]):
    """What became of the items, those with the same outcome in one statement."""
    now = clock.now()
    alike: dict[Outcome, list[int]] = {}
    for pk, outcome in outcomes.items():
        alike.setdefault(outcome, []).append(pk)
    for outcome, pks in alike.items():
        rows = BatchItem.objects.filter(pk__in=pks)
        told = {"reason": outcome.reason, "mend": outcome.mend, "acted_at": now}
        if outcome.opened:
            told["opened_at"] = now
        if outcome.status == Status.WORKING:
            rows.filter(status=Status.WORKING).update(step="carry", **told)
        else:
            if outcome.status == Status.SCHEDULED:
                told["step"] = "carry"
            states.advance_rows(rows, outcome.status, start=[Status.WORKING], finished_at=now, **told)
