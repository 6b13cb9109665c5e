"""What an operation is called, how far it is, and how long it still takes, in words."""

from datetime import UTC, datetime, timedelta

import pytest

from invoicing import progress
from invoicing.models import BatchOperation

START = datetime(2026, 11, 20, 12, 40, tzinfo=UTC)


def operation(**fields) -> BatchOperation:
    """One that has run, as its row says; not in the database."""
    return BatchOperation(**{"status": "in_progress", "action": "open", "total": 48, "started_at": START, **fields})


def after(seconds, *, round_of=None, **fields):
    return progress.progress_of(operation(**fields), now=START + timedelta(seconds=seconds), round_of=round_of)


@pytest.mark.parametrize(
    ("fields", "title"),
    [
        ({"action": "open"}, "Open 48 invoices"),
        ({"action": "open", "send_email": True}, "Open and send 48 invoices"),
        ({"action": "open", "submit_einvoice": True}, "Open and send 48 invoices"),
        ({"action": "send", "send_email": True, "total": 1}, "Send 1 invoice"),
        ({"action": "mark", "total": 2}, "Mark 2 invoices as sent"),
        ({"action": "submit", "submit_einvoice": True, "total": 10_000}, "Submit 10,000 e-invoices"),
    ],
)
def test_it_is_called_by_what_it_does(fields, title):
    assert progress.title(operation(**fields)) == title


@pytest.mark.parametrize(
    ("status", "kind"),
    [("preparing", "live"), ("in_progress", "live"), ("completed", "ok"), ("failed", "bad")],
)
def test_its_state_has_one_colour(status, kind):
    assert progress.badge(operation(status=status)).kind == kind


def test_the_meter_shows_what_went_well_and_what_did_not_and_leaves_the_rest():
    found = after(60, counts={"done": 25, "skipped": 2, "cancelled": 1, "failed": 2, "unknown": 1, "pending": 17})

    assert (found.good, found.bad, found.processed, found.total) == (28, 3, 31, 48)


def test_the_counts_stand_in_one_order_with_what_needs_somebody_first():
    found = after(60, counts={"done": 1000, "pending": 4, "needs_attention": 1, "failed": 2, "still_trying": 3})

    assert [(count.words, count.kind) for count in found.counts] == [
        ("2 Failed", "failed"),
        ("1 Needs attention", "failed"),
        ("3 Still trying", ""),
        ("4 Waiting", ""),
        ("1,000 Completed", "opened"),
    ]


@pytest.mark.parametrize(
    ("seconds", "done", "pending", "rate", "left"),
    [
        (3, 3, 45, "", ""),  # too early to say
        (60, 0, 48, "", ""),
        (60, 31, 17, "about 31 a minute", "less than a minute left"),
        (60, 20, 28, "about 20 a minute", "about 2 minutes left"),
        (60, 1000, 99_000, "about 1,000 a minute", "about 2 hours left"),
        (60, 10, 99_990, "about 10 a minute", "about 7 days left"),
        (600, 5, 10, "about 30 an hour", "about 20 minutes left"),
        (60, 48, 0, "", ""),
    ],
)
def test_the_pace_is_told_once_there_is_one(seconds, done, pending, rate, left):
    found = after(seconds, counts={"done": done, "pending": pending})

    assert (found.rate, found.left) == (rate, left)


def test_a_retry_is_paced_by_its_own_round():
    found = after(60, round_of=20, counts={"done": 990, "pending": 10})

    assert (found.rate, found.left) == ("about 10 a minute", "about 1 minute left")


def test_what_stops_promises_no_end():
    assert after(60, counts={"done": 10, "pending": 10}, cancelled_at=START).left == ""


def test_before_the_items_are_made_nothing_is_processed():
    found = after(60, status="preparing", counts={})

    assert (found.processed, found.total, found.counts) == (0, 48, [])
