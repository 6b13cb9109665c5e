"""When the emails of a batch go out: one wall time, in one zone or in that of each customer. Changes nothing."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime

from ... import wall_time
from ...wall_time import WallTime
from .. import scheduling
from .wishes import Wishes


@dataclass(frozen=True)
class Timing:
    """By the time zone of the customer: the wall time, the moment it means (UTC), the organization's day by then.

    `refusals`: why nothing can be scheduled for customers of that zone, as sentences.
    """

    walls: dict[str, WallTime] = field(default_factory=dict)
    instants: dict[str, datetime] = field(default_factory=dict)
    days: dict[str, date] = field(default_factory=dict)
    refusals: dict[str, str] = field(default_factory=dict)

    @property
    def first(self) -> datetime | None:
        return min(self.instants.values(), default=None)

    @property
    def last(self) -> datetime | None:
        return max(self.instants.values(), default=None)

    def skipped(self) -> list[str]:
        """Where the clocks are put forward over it."""
        return self._places(lambda wall: wall.is_skipped)

    def doubled(self) -> list[str]:
        """Where the clocks show it twice."""
        return self._places(lambda wall: wall.is_doubled)

    def _places(self, condition) -> list[str]:
        zones = {wall.zone for wall in self.walls.values() if condition(wall)}
        return sorted(wall_time.place_of(zone) for zone in zones)


def timing_of(wishes: Wishes, zones: Iterable[str], *, now: datetime) -> Timing:
    """What the wishes mean for customers of these time zones; empty where they do not wait."""
    found = Timing()
    for zone in set(zones):
        wall = wishes.wall(zone)
        if wall is None:
            continue
        if refusal := scheduling.instant_refusal(wall, now=now):
            found.refusals[zone] = refusal
        else:
            found.walls[zone], found.instants[zone] = wall, wall.instant
    own = scheduling.own_zone() if found.instants else ""
    found.days.update({zone: wall_time.local(instant, own).date() for zone, instant in found.instants.items()})
    return found
