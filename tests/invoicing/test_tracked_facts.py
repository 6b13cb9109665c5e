"""What an event changes on its delivery; tests/invoicing/test_tracking.py plays whole stories."""

from datetime import UTC, datetime, timedelta

import pytest

from invoicing.models import Delivery, TrackingEvent
from invoicing.services.tracked_facts import facts_of, is_news

AT = datetime(2026, 11, 20, 9, tzinfo=UTC)
EARLIER = AT - timedelta(hours=1)


def change(kind, *, at=AT, hard="hard", **known):
    delivery = Delivery(status="sent", **known)
    event = TrackingEvent(kind=kind, occurred_at=at)
    found = facts_of(delivery, event, bounce_kind=hard)
    return found, is_news(delivery, event, found)


@pytest.mark.parametrize(
    ("kind", "column"),
    [
        ("queued", "accepted_at"),
        ("sent", "accepted_at"),
        ("delivered", "delivered_at"),
        ("replied", "replied_at"),
    ],
)
def test_the_earliest_moment_counts_whenever_it_is_heard(kind, column):
    assert change(kind) == ({column: AT}, True)
    assert change(kind, at=EARLIER, **{column: AT}) == ({column: EARLIER}, False)
    assert change(kind, **{column: EARLIER}) == ({}, False)


def test_of_delays_the_latest_counts():
    assert change("deferred", deferred_at=EARLIER)[0] == {"deferred_at": AT}
    assert change("deferred", at=EARLIER, deferred_at=AT)[0] == {}


def test_hard_wins_over_soft_and_never_the_other_way():
    hard = {"bounced_at": AT, "bounce_kind": "hard"}
    soft = {"bounced_at": AT, "bounce_kind": "soft"}

    assert change("bounced", **soft)[0] == {"bounce_kind": "hard", "settled_at": None, "reason": ""}
    assert change("bounced", hard="soft", at=EARLIER, **hard) == ({}, False)
    assert change("bounced", at=EARLIER, **hard) == (
        {"bounced_at": EARLIER, "settled_at": None, "reason": ""},
        False,
    )


def test_an_automatic_answer_changes_nothing():
    assert change("autoresponded") == ({}, False)
