"""What a cell says: figures, days, words from a list. Each reader takes a cell and the file's habits.

A reader gives the value, None for an empty cell, or raises Unreadable with the sentence for whoever filled it in.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from babel.numbers import get_decimal_symbol
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from ..currency import locale_of
from .cells import Broken, Cell, Row

_SPACES = re.compile(r"[\s\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}'’]")
_SLASHED = re.compile(r"(\d{1,2})([/-])(\d{1,2})\2(\d{4}|\d{2})")
_DOTTED = re.compile(r"(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4}|\d{2})")
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]\d{1,2}:\d{2}.*)?")


class Unreadable(ValueError):
    """The cell cannot be what its column wants; the text is the sentence."""


@dataclass(frozen=True)
class Habits:
    """How the file writes what can be read in two ways."""

    day_first: bool | None = None  # 03/04/2026; None: nobody has said
    comma: bool = False  # 1.234,50 rather than 1,234.50


Reader = Callable[[Cell, Habits], Any]


def plain(cell: Cell) -> str:
    """A cell as text: what one reads in it."""
    if isinstance(cell, Broken):
        raise Unreadable(cell.why)
    if isinstance(cell, Decimal):
        return f"{cell:f}"
    return cell.isoformat() if isinstance(cell, date) else cell


def text(most: int, *, lines: bool = False) -> Reader:
    """Text of at most so many characters, on one line unless `lines`."""

    def read(cell, habits):
        value = plain(cell) if lines else " ".join(plain(cell).split())
        if len(value) > most:
            raise Unreadable(
                _("It has %(n)s characters; up to %(most)s are kept. Shorten it.") % {"n": len(value), "most": most}
            )
        return value or None

    return read


def checked(reader: Reader, check: Callable[[str], str]) -> Reader:
    """`reader`, and then a check that raises Django's ValidationError or gives the value as it is kept."""

    def read(cell, habits):
        value = reader(cell, habits)
        if value is None:
            return None
        try:
            return check(value)
        except ValidationError as error:
            raise Unreadable(" ".join(error.messages)) from None

    return read


def _email(value):
    try:
        validate_email(value)
    except ValidationError:
        raise ValidationError(_("This is not an email address.")) from None
    return value


email = checked(text(254), _email)


def figure(*, places: int = 8, whole: int = 12, least: Decimal | int | None = None, most=None) -> Reader:
    """A figure with at most so many digits before and after the decimal sign, between `least` and `most`."""

    def read(cell, habits):
        if isinstance(cell, date):
            raise Unreadable(_("The spreadsheet holds a date here, not a figure. Format the cell as a number."))
        if not isinstance(cell, Decimal):
            words = plain(cell).removesuffix("%").strip()
            if not words:
                return None
            cell = read_number(words, comma=habits.comma)
            if cell is None:
                raise Unreadable(_("This is not a figure. Write it like %(like)s.") % {"like": _example(habits.comma)})
        if -int(cell.normalize().as_tuple().exponent) > places:
            if not places:
                raise Unreadable(_("It has to be a whole number."))
            raise Unreadable(_("It has more than %(n)s digits after the decimal sign.") % {"n": places})
        if abs(cell) >= Decimal(10) ** whole:
            raise Unreadable(_("That figure is too large."))
        if (least is not None and cell < least) or (most is not None and cell > most):
            if most is None:
                raise Unreadable(_("It has to be %(least)s or more.") % {"least": least})
            raise Unreadable(_("It has to be between %(least)s and %(most)s.") % {"least": least, "most": most})
        return cell

    return read


def count(most: int) -> Reader:
    """A whole number from 0."""
    read_figure = figure(places=0, least=0, most=most)

    def read(cell, habits):
        value = read_figure(cell, habits)
        return None if value is None else int(value)

    return read


def read_number(words: str, *, comma: bool) -> Decimal | None:
    """1.234,50 (with `comma`) or 1,234.50. A sign that cannot group thousands is the decimal sign it must be: nobody
    writes 0.125 for a hundred and twenty-five.
    """
    words = _SPACES.sub("", words).replace("\N{MINUS SIGN}", "-")
    point, group = (",", ".") if comma else (".", ",")
    sign, body = ("-", words[1:]) if words[:1] == "-" else ("", words.removeprefix("+"))
    p, g = re.escape(point), re.escape(group)
    if re.fullmatch(rf"[1-9][0-9]{{0,2}}(?:{g}[0-9]{{3}})+(?:{p}[0-9]+)?|[0-9]+(?:{p}[0-9]*)?|{p}[0-9]+", body):
        return Decimal(sign + body.replace(group, "").replace(point, "."))
    whole, separator, rest = body.partition(group)
    if separator and whole.isascii() and rest.isascii() and (whole or "0").isdigit() and rest.isdigit():
        return Decimal(f"{sign}{whole or 0}.{rest}")
    return None


def _example(comma):
    return "1.234,50" if comma else "1,234.50"


def day(cell: Cell, habits: Habits) -> date | None:
    """A day: a date cell, 2026-11-20, 20.11.2026, or 20/11/2026 in the order the file has."""
    if isinstance(cell, date):
        return cell
    words = plain(cell)
    if not words:
        return None
    parts = None
    if found := _ISO.fullmatch(words):
        parts = (found[1], found[2], found[3])
    elif found := _DOTTED.fullmatch(words):
        parts = (found[3], found[2], found[1])
    elif found := _SLASHED.fullmatch(words):
        day_first = habits.day_first
        if day_first is None:
            day_first = int(found[1]) > 12
            if not day_first and int(found[3]) <= 12 and found[1] != found[3]:
                raise Unreadable(_("Day or month first? Say so with the columns."))
        parts = (found[4], found[3], found[1]) if day_first else (found[4], found[1], found[3])
    if parts is None:
        raise Unreadable(_("This is not a date. Write it like 2026-11-20."))
    year = int(parts[0]) + (2000 if len(parts[0]) == 2 else 0)
    try:
        found_day = date(year, int(parts[1]), int(parts[2]))
    except ValueError:
        raise Unreadable(_("There is no such day in the calendar.")) from None
    if not 1900 <= found_day.year < 2200:
        raise Unreadable(_("The year cannot be right."))
    return found_day


def choice(words: Callable[[], Mapping[str, Iterable[str]]], *, shown: Callable[[], str] | None = None) -> Reader:
    """One of several values: `words()` is {value: the ways to write it}; letter case and dots count for nothing."""

    indexes: dict[str | None, dict[str, str]] = {}  # a language each: a file asks some ten thousand times

    def index():
        found: dict[str, str] = {}
        for value, ways in words().items():
            for way in (value, *ways):
                found.setdefault(way.casefold(), value)
                found.setdefault(simple(way), value)
        found.pop("", None)
        return found

    def read(cell, habits):
        said = plain(cell)
        if not said:
            return None
        language = get_language()
        if language not in indexes:
            indexes[language] = index()
        known = indexes[language]
        value = known.get(said.casefold()) or known.get(simple(said))
        if value:
            return value
        raise Unreadable(
            _("“%(value)s” is not known here. Use %(offered)s.")
            % {"value": said[:40], "offered": shown() if shown else ", ".join(words())}
        )

    return read


YES_NO = {"yes": ["ja", "y", "j", "true", "wahr", "1", "x"], "no": ["nein", "n", "false", "falsch", "0"]}


def simple(words: str) -> str:
    """For comparing: small letters and digits alone."""
    return "".join(letter for letter in words.casefold() if letter.isalnum())


# --- What the file as a whole tells ---------------------------------------------------------------------------


def day_orders(rows: Iterable[Row], columns: Iterable[int] | None = None) -> tuple[bool, bool | None]:
    """(whether a day can be read in two ways, the order that other days of the file prove or None)."""
    columns = None if columns is None else set(columns)
    doubtful, day_first, month_first = False, False, False
    for row in rows:
        for place, cell in enumerate(row.cells):
            if not isinstance(cell, str) or (columns is not None and place not in columns) or len(cell) > 10:
                continue
            if found := _SLASHED.fullmatch(cell):
                first, second = int(found[1]), int(found[3])
                day_first |= first > 12 >= second
                month_first |= second > 12 >= first
                doubtful |= first <= 12 and second <= 12 and first != second
    return doubtful, None if day_first == month_first else day_first


def decimal_signs(rows: Iterable[Row]) -> tuple[bool, bool]:
    """(whether figures are written with separators, whether the comma is the decimal sign; in doubt as the reader's)"""
    written, comma, point = False, 0, 0
    for row in rows:
        for cell in row.cells:
            if (
                not isinstance(cell, str)
                or len(cell) > 30
                or not re.fullmatch(r"[-+]?[0-9 .,'’]*[.,][0-9 .,'’]*[0-9]", cell)
            ):
                continue
            if _DOTTED.fullmatch(cell):
                continue
            written = True
            sign, rest = max((cell.rfind(mark), mark) for mark in ".,")[1], re.split(r"[.,]", cell)[-1]
            groups = re.match(r"[-+]?[1-9]", cell) and len(rest) == 3 and not {".", ","} <= set(cell)  # or may be
            comma += not groups and sign == "," and cell.count(",") == 1
            point += not groups and sign == "." and cell.count(".") == 1
    if comma != point:
        return written, comma > point
    return written, get_decimal_symbol(locale_of(get_language())) == ","
