"""When an operation is over, and how it ended: re-reckoned from its items each time one of them changes."""

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q

from config.common import clock, states
from config.common.roles import SYSTEM

from ...models import BatchItem, BatchOperation


def settle_operations(pks) -> None:
    """Bring the counts of these operations up to date, and close, reopen or right those whose items say so."""
    for pk in sorted(set(pks)):
        _settle(pk)


def settle_left() -> None:
    """The sweeper's round: operations that are not what their items say, as a worker died in between.

    A Completed one is none of them: what its emails still come to is written together with it (following.py).
    """
    items = BatchItem.objects.filter(operation=OuterRef("pk"))
    active, troubled = Exists(items.unfinished()), Exists(items.filter(status__in=BatchItem.TROUBLED))
    left = BatchOperation.objects.filter(
        Q(~active, status="in_progress") | Q(~troubled, status="failed", acknowledged_at=None)
    )
    settle_operations(left.values_list("pk", flat=True))


def hold(pk: int) -> BatchOperation:
    """The operation, nobody else's until the transaction ends. Taken before its items, as all who hold both do."""
    return BatchOperation.objects.select_for_update(of=("self",)).get(pk=pk)


def counts_of(pk: int) -> dict[str, int]:
    """How many items of an operation are in which state."""
    rows = BatchItem.objects.filter(operation=pk).values_list("status").annotate(n=Count("pk")).order_by()
    return dict(rows)


@transaction.atomic
def _settle(pk):
    operation = hold(pk)
    counts = counts_of(pk)
    if counts != operation.counts:
        BatchOperation.objects.filter(pk=pk).update(counts=counts)
        operation.counts = counts
    end = _end(operation)
    if end is None or end == operation.status:
        return
    fields = {"finished_at": operation.finished_at or clock.now()}
    if operation.status == "completed":  # what it was still trying to send was refused: somebody has to look again
        fields |= {"acknowledged_at": None, "acknowledged_by": None}
    states.advance(operation, end, by=SYSTEM, action=f"batch.{end}", after=counts, **fields)


def _end(operation) -> str | None:
    """How it has ended by what its items say; None while it runs."""
    if operation.status == "preparing" or any(operation.counts.get(state) for state in BatchItem.ACTIVE):
        return None
    return "failed" if any(operation.counts.get(state) for state in BatchItem.TROUBLED) else "completed"
