"""A channel's pace: its rate, how many at once, and rests it asks for; shared by all workers."""

from datetime import UTC, datetime, timedelta

import pytest

from invoicing.channels.base import ChannelFailure
from invoicing.models import ChannelState, Delivery
from invoicing.services import carrying, pacing
from tests import factories

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def second(n) -> datetime:
    return NOON + timedelta(seconds=n)


@pytest.fixture
def turn(db):
    """`turn(at=…, in_hand=…, per_minute=…)`: whether one more may begin then: True, or how long to wait."""
    ChannelState.objects.create(key="email")

    def take(at=NOON, in_hand=0, per_minute=0):
        state = ChannelState.objects.get(key="email")
        try:
            pacing.take_turn(state, in_hand=in_hand, per_minute=per_minute, now=at)
        except pacing.NotYet as pause:
            return pause.wait
        return True

    return take


def test_without_a_rate_as_many_begin_as_there_are_hands(turn):
    assert [turn(in_hand=n) for n in (0, 19, 20)] == [True, True, None]


def test_a_rate_spaces_the_messages_of_all_workers(turn):
    found = [turn(at=second(0), per_minute=60), turn(at=second(0.25), per_minute=60), turn(at=second(1), per_minute=60)]

    assert found == [True, timedelta(seconds=0.75), True]


def test_five_a_second_are_reached_to_nine_tenths(turn):
    begun = sum(turn(at=second(n / 50), per_minute=300) is True for n in range(50 * 60))

    assert 270 <= begun <= 301


def test_whoever_asks_for_a_rest_gets_it_and_half_as_many_after_it(turn):
    pacing.slow_down("email", retry_after=timedelta(seconds=30), now=NOON)

    assert turn(at=second(10)) == timedelta(seconds=20)
    assert turn(at=second(31), in_hand=9) is True
    assert turn(at=second(31), in_hand=10) is None


def test_twice_asked_is_a_quarter_and_a_longer_rest_is_not_cut_short(turn):
    pacing.slow_down("email", retry_after=timedelta(seconds=300), now=NOON)
    pacing.slow_down("email", retry_after=timedelta(seconds=5), now=NOON)

    state = ChannelState.objects.get()
    assert (state.at_once, state.slow_until) == (5, second(300))


def test_it_recovers_one_at_a_time_while_nothing_is_refused(turn):
    pacing.slow_down("email", retry_after=timedelta(seconds=1), now=NOON)
    grown = []
    for n in range(8, 100, 6):
        assert turn(at=second(n)) is True
        grown.append(ChannelState.objects.get().at_once)

    assert grown[:3] == [11, 12, 13]
    assert grown[-1] is None


def test_a_refusal_for_speed_rests_the_whole_channel(channel):
    first, second_one = factories.queued(), factories.queued()
    channel.before = [ChannelFailure("421 slow down", kind="rate", retry_after=timedelta(seconds=90))]

    carrying.carry_waiting()

    first.refresh_from_db()
    second_one.refresh_from_db()
    assert (first.status, second_one.status) == ("retrying", "queued")
    assert channel.sent == []
    assert second_one.tries == 0


def test_a_short_rest_between_two_is_waited_for(channel, monkeypatch):
    slept = []
    monkeypatch.setattr(carrying.time, "sleep", lambda seconds: slept.append(seconds) or _a_moment_later())
    channel.per_minute = 600
    for _n in range(3):
        factories.queued()

    assert carrying.carry_waiting() == 3

    assert Delivery.objects.filter(status="sent").count() == 3
    assert all(0 < seconds <= 0.1 for seconds in slept)


def _a_moment_later():
    ChannelState.objects.update(next_at=None)
