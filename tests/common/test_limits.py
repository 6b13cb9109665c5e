"""How often something may be tried."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection

from config.common import limits
from config.common.limits import Limit
from config.common.models import RateLimit

pytestmark = pytest.mark.django_db
FIVE_AN_HOUR = Limit("test", 5, 3600)
NOON = datetime(2026, 11, 20, 12, 3, tzinfo=UTC)


@pytest.fixture
def at_noon(monkeypatch):
    """Time stands where the test puts it; the database's too."""
    with time_machine.travel(NOON, tick=False) as traveller:
        monkeypatch.setattr(limits.clock, "database_now", lambda: datetime.now(UTC))
        yield traveller


def test_as_many_as_allowed_and_then_no_more(at_noon):
    assert [limits.spend(FIVE_AN_HOUR, "lou") for _try in range(7)] == [True] * 5 + [False] * 2


def test_a_refused_try_counts_nothing(at_noon):
    for _try in range(9):
        limits.spend(FIVE_AN_HOUR, "lou")

    assert RateLimit.objects.get().tries == 5


def test_each_is_counted_alone_and_however_they_write_their_name(at_noon):
    for _try in range(5):
        limits.spend(FIVE_AN_HOUR, " Lou@Kelpworks.example")

    assert not limits.spend(FIVE_AN_HOUR, "lou@kelpworks.example ")
    assert limits.spend(FIVE_AN_HOUR, "aki@kelpworks.example")
    assert limits.spend(Limit("other", 5, 3600), "lou@kelpworks.example")


def test_two_names_in_a_row_are_not_one_long_name(at_noon):
    assert limits.fingerprint("ab", "c") != limits.fingerprint("a", "bc")


def test_never_more_in_any_hour_also_across_the_turn_of_one(at_noon):
    at_noon.move_to(datetime(2026, 11, 20, 12, 58, tzinfo=UTC))
    for _try in range(5):
        limits.spend(FIVE_AN_HOUR, "lou")

    at_noon.move_to(datetime(2026, 11, 20, 13, 57, tzinfo=UTC))
    assert not limits.spend(FIVE_AN_HOUR, "lou")
    at_noon.move_to(datetime(2026, 11, 20, 14, 5, tzinfo=UTC))
    assert limits.spend(FIVE_AN_HOUR, "lou")


def test_a_try_that_turned_out_well_is_given_back(at_noon):
    for _try in range(5):
        limits.spend(FIVE_AN_HOUR, "lou")
    limits.give_back(FIVE_AN_HOUR, "lou")

    assert limits.spend(FIVE_AN_HOUR, "lou")
    assert not limits.spend(FIVE_AN_HOUR, "lou")


def test_nothing_is_given_back_to_who_spent_nothing(at_noon):
    limits.give_back(FIVE_AN_HOUR, "lou")

    assert not RateLimit.objects.exists()


def test_only_the_first_is_first(at_noon):
    assert [limits.once("code", 7, "123456", seconds=90) for _try in range(3)] == [True, False, False]


def test_the_rows_name_nobody(at_noon):
    limits.spend(FIVE_AN_HOUR, "lou@kelpworks.example", "203.0.113.9")

    row = RateLimit.objects.get()
    assert "lou" not in row.key
    assert "203" not in row.key
    assert len(row.key) < 120


def test_what_no_span_reaches_is_swept_away(at_noon):
    limits.spend(FIVE_AN_HOUR, "lou")
    at_noon.shift(timedelta(days=3))
    limits.spend(FIVE_AN_HOUR, "aki")

    assert limits.sweep() == 1
    assert RateLimit.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_many_at_the_same_moment_no_more_than_allowed_come_through(size):
    def attempt(_number):
        try:
            return limits.spend(FIVE_AN_HOUR, "lou")
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        let_through = sum(pool.map(attempt, range(size(200))))

    # Two at the very edge may both be turned away; never may one too many come in.
    assert let_through <= 5
    assert limits.spend(FIVE_AN_HOUR, "aki")
