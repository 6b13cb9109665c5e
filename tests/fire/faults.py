"""Exceptions among the steps of opening, wherever one could happen in real life."""

from contextlib import contextmanager
from datetime import date
from unittest import mock

COMMIT = "before the commit"  # raised by whoever holds the transaction
STEPS = {
    "with the row locked": ("invoicing.services.opening.problems", "before"),
    "after the checks": ("invoicing.services.opening.problems", "after"),
    "with the seller copied": ("invoicing.snapshots.seller_of", "after"),
    "with the paper copied": ("invoicing.snapshots.paper_of", "after"),
    "before the number": ("invoicing.services.numbering.draw_number", "before"),
    "with the number drawn": ("invoicing.services.numbering.draw_number", "after"),
    "before the trail": ("config.common.audit.record", "before"),
    "before the bell": ("config.common.queue.enqueue", "before"),
}
POINTS = [*STEPS, COMMIT]


class Undone(Exception):
    """Thrown in the middle of a transaction that is to be rolled back."""


def day(text: str) -> date:
    return date.fromisoformat(text)


@contextmanager
def at(point: str | None):
    """Inside, opening fails with Undone at this step. None and COMMIT let it pass."""
    if point not in STEPS:
        yield
        return
    name, when = STEPS[point]
    module, _dot, attribute = name.rpartition(".")
    owner = __import__(module, fromlist=[attribute])
    original = getattr(owner, attribute)

    def failing(*args, **kwargs):
        if when == "after":
            original(*args, **kwargs)
        raise Undone(point)

    with mock.patch.object(owner, attribute, failing):
        yield
