"""Items of a new operation: made of its selection in chunks of 1,000, all of them before the first has an effect."""

import time
from functools import partial

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from config.common import clock, states
from config.common.roles import SYSTEM
from customers.models import Organization

from ...models import BatchItem, BatchOperation
from . import checking, closing, conflicts
from .facts import facts_of
from .wishes import of

CHUNK = 1000
Status = BatchItem.Status


def fill_waiting(*, until: float) -> int:
    """Fill the operations that are being prepared, one after the other, until a moment of the monotonic clock.

    How many chunks there were.
    """
    chunks = 0
    for operation in BatchOperation.objects.filter(status="preparing").select_related("asked_by").order_by("pk"):
        while time.monotonic() < until:
            with override(operation.asked_by.language):
                chunks += 1
                if not fill_next(operation):
                    break
    return chunks


def fill_next(operation) -> bool:
    """Make items of the next chunk; False once there is none. Whoever does the same chunk again makes nothing twice."""
    with transaction.atomic():
        operation = BatchOperation.objects.select_for_update(of=("self",)).select_related("asked_by").get(
            pk=operation.pk
        )  # fmt: skip
        if operation.status != BatchOperation.Status.PREPARING:
            return False
        chunk = operation.rows[operation.filled : operation.filled + CHUNK]
        if operation.cancelled_at:
            chunk = []
        left_out = _fill(operation, chunk) if chunk else 0
        filled = operation.filled + len(chunk)
        fields = {"filled": filled, "left_out": operation.left_out + left_out}
        if filled < len(operation.rows) and chunk:
            BatchOperation.objects.filter(pk=operation.pk).update(**fields)
            return True
        total = BatchItem.objects.filter(operation=operation).count()
        states.advance(
            operation, "in_progress", by=SYSTEM, action="batch.prepared", silent=True, **fields, rows=[], total=total
        )
    closing.settle_operations([operation.pk])
    return False


def _fill(operation, chunk) -> int:
    """Items for one chunk; how many rows were left out."""
    wishes, on = of(operation), clock.today(Organization.objects.current().time_zone)
    versions = dict(chunk)
    facts = facts_of(list(versions))
    looked = checking.look(
        list(versions),
        by=operation.asked_by,
        wishes=wishes,
        on=on,
        facts=facts,
        versions=versions,
        leaving_out=operation.leaves_out,
    )
    failing = {finding.invoice for finding in looked.failing}
    busy = conflicts.running(list(versions), but=operation)
    meant: dict[int, partial[BatchItem]] = {}
    apart: list[BatchItem] = []
    for pk, version in versions.items():
        fact = facts.get(pk)
        if fact is None:
            continue  # a draft that was deleted since
        item = partial(
            BatchItem,
            operation=operation,
            invoice_id=pk,
            label=fact.label,
            version=version,
            lane=fact.kind,
            issued_on=fact.issued_on or on,
        )
        if pk in busy:
            apart.append(_skipped(item, busy[pk]))
        elif sentence := looked.skipped.get(pk):
            if not operation.leaves_out:
                apart.append(_skipped(item, sentence))
        elif not (operation.leaves_out and pk in failing):
            meant[pk] = item
    # Waits for an operation that takes the same ones at this moment, and makes none of them.
    BatchItem.objects.bulk_create([item() for item in meant.values()], ignore_conflicts=True)
    made = set(BatchItem.objects.filter(operation=operation, invoice__in=versions).values_list("invoice", flat=True))
    late = {pk: item for pk, item in meant.items() if pk not in made}
    if late:
        busy = conflicts.running(list(late), but=operation)
        apart += [_skipped(item, busy.get(pk) or _("Another operation was quicker.")) for pk, item in late.items()]
    BatchItem.objects.bulk_create(apart, ignore_conflicts=True)
    return len(versions) - (len(meant) - len(late)) - len(apart)


def _skipped(item: partial[BatchItem], sentence: str) -> BatchItem:
    return item(status=Status.SKIPPED, reason=sentence, finished_at=clock.now())
