"""How paper and mail write dates, amounts, quantities and units, in the customer's language (not the viewer's)."""

from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_decimal
from django.utils.translation import get_language, ngettext_lazy, override
from django.utils.translation import gettext_lazy as _

from config.common.currency import amount_text, digits, locale_of

NBSP = "\N{NO-BREAK SPACE}"
_MOST_PLACES = 8  # what a RateField holds

# UN/ECE Recommendation 20 (X…: Recommendation 21): what people write instead of the code. "" needs no word.
_UNITS: dict[str, Any] = {
    "C62": "",
    "H87": _("pcs"),
    "EA": _("each"),
    "HUR": _("h"),
    "MIN": _("min"),
    "DAY": ngettext_lazy("day", "days", "count"),
    "WEE": ngettext_lazy("week", "weeks", "count"),
    "MON": ngettext_lazy("month", "months", "count"),
    "QAN": ngettext_lazy("quarter", "quarters", "count"),
    "ANN": ngettext_lazy("year", "years", "count"),
    "LS": _("lump sum"),
    "P1": "%",
    "SET": ngettext_lazy("set", "sets", "count"),
    "PR": ngettext_lazy("pair", "pairs", "count"),
    "DZN": _("dozen"),
    "XBX": ngettext_lazy("box", "boxes", "count"),
    "XPK": ngettext_lazy("package", "packages", "count"),
    "XPX": ngettext_lazy("pallet", "pallets", "count"),
    "E49": ngettext_lazy("working day", "working days", "count"),
    "GRM": "g",
    "KGM": "kg",
    "TNE": "t",
    "MMT": "mm",
    "CMT": "cm",
    "MTR": "m",
    "KMT": "km",
    "MTK": "m²",
    "MTQ": "m³",
    "MLT": "ml",
    "LTR": "l",
    "KWH": "kWh",
    "MWH": "MWh",
    "A99": "bit",
    "4L": "MB",
    "E34": "GB",
}


def date_text(day: date | None, language: str) -> str:
    """A day with its month as a word, so that nobody reads 3/4 the other way round; "" for None."""
    return "" if day is None else format_date(day, "long", locale=_dates(language))


def period_text(start: date | None, end: date | None, language: str) -> str:
    """A span of days; one day where both are the same; an open end keeps its dash; "" for none."""
    if start and end and start != end:
        return f"{date_text(start, language)} – {date_text(end, language)}"
    if start == end:
        return date_text(start, language)
    return f"{date_text(start, language)} –" if start else f"– {date_text(end, language)}"


def money_text(minor: int, currency: str, language: str) -> str:
    """Minor units with the code before the figure, never broken over two lines: EUR 1,200.00."""
    return f"{currency}{NBSP}{amount_text(minor, currency, language)}"


def told(minor: int, currency: str) -> str:
    """money_text in the language of who reads it now: for the sentence of a refusal."""
    return money_text(minor, currency, get_language() or "en")


def price_text(price: Decimal, currency: str, language: str) -> str:
    """A unit price in major units: the currency's digits at least, and as many more as it has."""
    return _decimal(price, language, at_least=digits(currency))


def quantity_text(quantity: Decimal, language: str) -> str:
    """A quantity without idle zeros: 6, 1,250, 0.333."""
    return _decimal(quantity, language)


def percent_text(percent: Decimal, language: str) -> str:
    """A rate as the language writes it: 19% in English, 19 % in German."""
    pattern = locale_of(language).percent_formats[None].pattern
    return f"{_decimal(percent, language)}{NBSP if NBSP in pattern else ''}%"


def unit_text(code: str, quantity: Decimal, language: str) -> str:
    """The word for a unit code, in the plural that fits `quantity`; the code itself where nobody has a word."""
    with override(language):
        return _word(code, 1 if abs(quantity) == 1 else 2)


def measure_text(quantity: Decimal, code: str, language: str) -> str:
    """Quantity and unit on one line: 30 h, 2 boxes, 6."""
    return f"{quantity_text(quantity, language)}{NBSP}{unit_text(code, quantity, language)}".rstrip(NBSP)


def unit_choices() -> list[tuple[str, str]]:
    """(code, word) of the units people pick from, in the active language; the bare count first."""
    return [(code, _word(code, 1) or str(_("unit"))) for code in _UNITS]


def _word(code: str, count: int) -> str:
    word = _UNITS.get(code, code)
    return word if isinstance(word, str) else word % {"count": count}


def _decimal(value: Decimal, language: str, at_least: int = 0) -> str:
    value = Decimal(value)
    written = f"{value.normalize():f}".partition(".")[2]
    places = min(max(at_least, len(written)), _MOST_PLACES)
    reader = locale_of(language)
    grouping = reader.decimal_formats[None].pattern.split(".")[0]
    text = format_decimal(abs(value), format=f"{grouping}.{'0' * places}".rstrip("."), locale=reader)
    return f"\N{MINUS SIGN}{text}" if value < 0 else text


@cache
def _dates(language: str) -> Locale:
    """Bare English means no country: the day before the month, as most of the world that reads English writes it."""
    return Locale("en", "GB") if language == "en" else locale_of(language)


class Figures:
    """Amounts, percents and dates of one invoice, in its currency and language."""

    def __init__(self, invoice):
        self.currency, self.language = invoice.currency, invoice.language

    def amount(self, minor: int) -> str:
        return amount_text(minor, self.currency, self.language)

    def money(self, minor: int) -> str:
        return money_text(minor, self.currency, self.language)

    def percent(self, percent: Decimal) -> str:
        return percent_text(percent, self.language)

    def date(self, day) -> str:
        return date_text(day, self.language).replace(" ", NBSP)
