"""When something goes out, in words: on the clock that was chosen, and on the reader's own."""

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.dateformat import format as format_date
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from config.common import clock

from .. import wall_time
from ..services import scheduling


@dataclass(frozen=True)
class Going:
    """A moment in words. `here` is the same on the reader's clock, "" where that shows the same."""

    at: datetime
    there: str
    place: str
    short: str  # there, without the weekday
    here: str = ""
    skipped: str = ""  # the time typed, where the clocks are put forward over it
    doubled: str = ""  # the time typed, where they show it twice

    def __str__(self):
        return _("%(when)s in %(place)s") % {"when": self.there, "place": self.place}


def going(wall, at: datetime | None = None) -> Going:
    """`at`: the instant that was stored; else the one the wall time means."""
    at = at or wall.instant
    shown, own = wall_time.local(at, wall.zone), timezone.localtime(at)
    here = ""
    if shown.replace(tzinfo=None) != own.replace(tzinfo=None):
        here = f"{own:%H:%M}" if shown.date() == own.date() else _moment(own)
    return Going(
        at=at,
        there=_moment(shown),
        place=wall_time.place_of(wall.zone),
        short=format_date(shown, pgettext("date format", "j M Y") + ", H:i"),
        here=here,
        skipped=f"{wall.at:%H:%M}" if wall.is_skipped else "",
        doubled=f"{wall.at:%H:%M}" if wall.is_doubled else "",
    )


def going_of(delivery) -> Going:
    """When a scheduled delivery goes out."""
    return going(delivery.wall_time, delivery.scheduled_at)


def moment_context(form, invoice) -> dict:
    """The dialog's live sentence: what is typed so far means, or why it cannot be."""
    if not form.is_valid():
        return {"going": None, "no_moment": ""}
    wall = form.wall()
    if refusal := scheduling.instant_refusal(wall, now=clock.now()):
        return {"going": None, "no_moment": refusal}
    day = scheduling.day_of(wall.instant) if invoice.is_draft and not invoice.issued_on else None
    return {"going": going(wall), "opens_on": day, "no_moment": ""}


def later_context(form, invoice) -> dict:
    """What the part Schedule for Later of a dialog shows, and what is scheduled already."""
    waiting = scheduling.scheduled_of(invoice)
    found = {"waiting": going_of(waiting[0]) if waiting else None}
    return found | (moment_context(form.when(), invoice) if "later" in form.fields else {})


def scheduled(deliveries) -> str:
    """What was just scheduled, for the toast."""
    return _("Scheduled: it goes out on %(when)s.") % {"when": going_of(deliveries[0])}


def _moment(local: datetime) -> str:
    # Translators: a date format in Django's letters, e.g. "Friday 20 November 2026, 08:30".
    return format_date(local, pgettext("date format", "l j F Y, H:i"))
