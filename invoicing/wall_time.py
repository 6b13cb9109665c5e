"""From what a clock on a wall shows to the one moment that is meant. Pure: calendar and clock, no tables."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


@dataclass(frozen=True)
class WallTime:
    """What a person chose: a local date, what the clock shows then (to the minute), and in which IANA zone."""

    on: date
    at: time
    zone: str

    @property
    def instant(self) -> datetime:
        """The moment it means, UTC.

        A time that does not exist, because the clocks are put forward, means the first valid minute after it; one
        that comes twice, because they are put back, means the first occurrence.
        """
        return (_after_gap(self) if self.is_skipped else self._local()).astimezone(UTC)

    @property
    def is_skipped(self) -> bool:
        """The clocks are put forward over it, so they never show it on that day."""
        return self._offset(0) < self._offset(1)

    @property
    def is_doubled(self) -> bool:
        """The clocks are put back, so they show it twice on that day."""
        return self._offset(0) > self._offset(1)

    def _local(self, fold=0) -> datetime:
        return datetime.combine(self.on, self.at.replace(second=0, microsecond=0, fold=fold), ZoneInfo(self.zone))

    def _offset(self, fold) -> timedelta:
        return self._local(fold).utcoffset() or timedelta(0)


def is_zone(name: str) -> bool:
    """Whether there is a time zone of that IANA name."""
    return name in available_timezones()


def local(instant: datetime, zone: str) -> datetime:
    """What clocks in that zone show at a moment."""
    return instant.astimezone(ZoneInfo(zone))


def place_of(zone: str) -> str:
    """The city a zone is named after: "Buenos Aires" for America/Argentina/Buenos_Aires."""
    return zone.rsplit("/", 1)[-1].replace("_", " ")


def _after_gap(wall: WallTime) -> datetime:
    """The moment the clocks were put forward, found by halving, at the next whole minute they show.

    Read with the offset from before the gap (fold 0) its time lies after that moment, with the one from after it
    (fold 1) before: Python's own answers, 03:30 and 01:30 for 02:30, are both not what anybody means.
    """
    before, after = wall._local(fold=1).astimezone(UTC), wall._local(fold=0).astimezone(UTC)
    old = local(before, wall.zone).utcoffset()
    while after - before > SECOND:
        middle = before + (after - before) // 2 // SECOND * SECOND
        if local(middle, wall.zone).utcoffset() == old:
            before = middle
        else:
            after = middle
    shown = local(after, wall.zone)
    return shown if not shown.second else shown + (MINUTE - timedelta(seconds=shown.second))
