"""Numbers: drawn from a series by opening, gapless; and the dates that must rise with them where that is asked."""

from datetime import date

from django.db import transaction
from django.db.models import F, Max
from django.utils.translation import gettext as _

from config.common import audit, roles
from config.common.errors import DomainError

from ..models import Counter, Invoice, Series


def issue_date(kind: str, stated: date | None, *, on: date) -> date:
    """The day a draft of this kind will bear when it is opened on `on`.

    The stated day, else `on`; in a series whose dates must rise never before the last day it gave out.
    """
    series = Series.objects.filter(kind=kind).first()
    return _risen(series, stated or on)


def draw_number(kind: str, stated: date | None, *, on: date) -> tuple[Counter, int, str, date]:
    """(counter, seq, number, issue date) of the next document; inside the transaction that opens it, last of its locks.

    Refused with DomainError where there is no series for this kind.
    """
    series = Series.objects.filter(kind=kind).first()
    if series is None:
        raise DomainError(
            _("There is no number series for this kind of document. Make one in Settings → Number series.")
        )
    if series.dates_must_rise:
        series = Series.objects.select_for_update().get(pk=series.pk)  # its days are given out one after the other
    issued_on = _risen(series, stated or on)
    if series.dates_must_rise and series.last_issued_on != issued_on:
        Series.objects.filter(pk=series.pk).update(last_issued_on=issued_on)
    counter = _take(series, issued_on.year if series.restarts_yearly else 0, 1)
    seq = counter.next_no - 1
    return counter, seq, series.text(issued_on.year, seq), issued_on


def draw_block(kind: str, stated: list[date | None], *, on: date) -> list[tuple[Counter, int, str, date]]:
    """What draw_number gives, for a group that is opened together: in the order of their issue dates, one UPDATE a
    counter. The answers stand in the order of `stated`.
    """
    series = Series.objects.filter(kind=kind).first()
    days = [day or on for day in stated]
    order = sorted(range(len(days)), key=lambda at: days[at])
    drawn: dict[int, tuple[Counter, int, str, date]] = {}
    if series is None or series.dates_must_rise:
        for at in order:
            drawn[at] = draw_number(kind, stated[at], on=on)
        return [drawn[at] for at in range(len(days))]
    by_year: dict[int, list[int]] = {}
    for at in order:
        by_year.setdefault(days[at].year if series.restarts_yearly else 0, []).append(at)
    for year, places in sorted(by_year.items()):
        counter = _take(series, year, len(places))
        for seq, at in enumerate(places, start=counter.next_no - len(places)):
            drawn[at] = counter, seq, series.text(days[at].year, seq), days[at]
    return [drawn[at] for at in range(len(days))]


@transaction.atomic
def let_dates_rise(series, *, by, on: bool) -> Series:
    """Turn the option Dates must rise of a series on or off. On, it begins at the latest day given out so far."""
    roles.require(by, "series.write")
    series = Series.objects.select_for_update().get(pk=series.pk)
    if series.dates_must_rise == on:
        return series
    latest = Invoice.objects.filter(counter__series=series).aggregate(latest=Max("issued_on"))["latest"] if on else None
    Series.objects.filter(pk=series.pk).update(dates_must_rise=on, last_issued_on=latest)
    audit.record("series.change", series, by=by, before={"dates_must_rise": not on}, after={"dates_must_rise": on})
    series.refresh_from_db()
    return series


def _take(series, year: int, count: int) -> Counter:
    """The counter, held, after so many numbers were taken from it; made where it is the first of its year."""
    row = Counter.objects.filter(series=series, year=year)
    if not row.update(next_no=F("next_no") + count):
        Counter.objects.get_or_create(series=series, year=year)
        row.update(next_no=F("next_no") + count)
    return row.get()


def _risen(series, day: date) -> date:
    if series is None or not series.dates_must_rise or series.last_issued_on is None:
        return day
    return max(day, series.last_issued_on)
