"""From a local date, a wall clock and a zone to one moment: in every zone, at every change of its clocks to come."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest

from invoicing.wall_time import WallTime, is_zone, local, place_of

FROM, TO = datetime(2026, 1, 1, tzinfo=UTC), datetime(2032, 1, 1, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
AROUND = timedelta(hours=5)  # the longest change is of two hours


def _berlin(day, at):
    return WallTime(day, at, "Europe/Berlin")


@pytest.mark.parametrize(
    ("wall", "instant"),
    [
        (_berlin(date(2026, 11, 24), time(9)), datetime(2026, 11, 24, 8, tzinfo=UTC)),
        (WallTime(date(2026, 11, 24), time(9), "Asia/Tokyo"), datetime(2026, 11, 24, tzinfo=UTC)),
        (_berlin(date(2027, 3, 28), time(2, 30)), datetime(2027, 3, 28, 1, tzinfo=UTC)),  # there is none: 03:00
        (_berlin(date(2027, 3, 28), time(2)), datetime(2027, 3, 28, 1, tzinfo=UTC)),
        (_berlin(date(2027, 3, 28), time(1, 59)), datetime(2027, 3, 28, 0, 59, tzinfo=UTC)),
        (_berlin(date(2027, 10, 31), time(2, 30)), datetime(2027, 10, 31, 0, 30, tzinfo=UTC)),  # the first of two
        (WallTime(date(2027, 3, 27), time(23, 30), "America/Nuuk"), datetime(2027, 3, 28, 1, tzinfo=UTC)),
        (WallTime(date(2011, 12, 30), time(12), "Pacific/Apia"), datetime(2011, 12, 30, 10, tzinfo=UTC)),  # no such day
    ],
)
def test_it_means_one_moment(wall, instant):
    assert wall.instant == instant


def test_what_does_not_exist_and_what_comes_twice_says_so():
    skipped, doubled = _berlin(date(2027, 3, 28), time(2, 30)), _berlin(date(2027, 10, 31), time(2, 30))
    plain = _berlin(date(2027, 3, 28), time(3))

    assert (skipped.is_skipped, skipped.is_doubled) == (True, False)
    assert (doubled.is_skipped, doubled.is_doubled) == (False, True)
    assert (plain.is_skipped, plain.is_doubled) == (False, False)


def test_seconds_are_nothing_a_person_chose():
    assert _berlin(date(2026, 11, 24), time(9, 0, 59)).instant == datetime(2026, 11, 24, 8, tzinfo=UTC)


def test_zones_are_known_by_name_and_called_after_their_city():
    assert is_zone("Asia/Tokyo")
    assert not is_zone("Mars/Olympus")
    assert not is_zone("../../etc/passwd")
    assert place_of("America/Argentina/Buenos_Aires") == "Buenos Aires"
    assert place_of("UTC") == "UTC"


def _changes(zone: ZoneInfo):
    """Each moment from 2026 to 2031 at which its clocks are set, to the minute."""
    day, offset = FROM, FROM.astimezone(zone).utcoffset()
    while day < TO:
        following = (day + DAY).astimezone(zone).utcoffset()
        if following != offset:
            early, late = day, day + DAY
            while late - early > MINUTE:
                middle = early + (late - early) // 2 // MINUTE * MINUTE
                early, late = (middle, late) if middle.astimezone(zone).utcoffset() == offset else (early, middle)
            yield late
            offset = following
        day += DAY


def _first_shown(shown: list[tuple[datetime, datetime]], wanted: datetime) -> datetime:
    """By walking minute by minute: when the clocks first show that time, or the first one after it."""
    return next(moment for moment, clock in shown if clock >= wanted)


def test_at_every_change_of_clocks_it_is_the_first_minute_that_shows_the_time_or_a_later_one(size):
    """All zones with TORTURE, a tenth of them otherwise; for each change every 10th minute of the hours around it."""
    zones = sorted(available_timezones())
    changes, wrong = 0, []

    for name in zones[:: len(zones) // size(len(zones))]:
        zone = ZoneInfo(name)
        for change in _changes(zone):
            changes += 1
            minutes = [change - AROUND + n * MINUTE for n in range(600)]
            shown = [(moment, moment.astimezone(zone).replace(tzinfo=None)) for moment in minutes]
            middle = change.astimezone(zone).replace(tzinfo=None)
            for n in range(-110, 111, 10):
                wanted = middle + n * MINUTE
                found = WallTime(wanted.date(), wanted.time(), name).instant
                if found != _first_shown(shown, wanted):
                    wrong.append((name, wanted, found))

    assert changes > size(1000)
    assert wrong == []


def test_never_early_and_on_its_own_day_unless_that_day_has_no_such_time_left():
    for name in ("Africa/Casablanca", "America/Santiago", "Antarctica/Troll", "Australia/Lord_Howe", "Africa/Cairo"):
        for change in _changes(ZoneInfo(name)):
            for n in range(-180, 181, 15):
                wanted = local(change + n * MINUTE, name).replace(tzinfo=None)
                shown = local(WallTime(wanted.date(), wanted.time(), name).instant, name).replace(tzinfo=None)
                assert shown >= wanted
                assert shown.date() == wanted.date()
