"""What people choose from in more than one form."""

import zoneinfo
from functools import cache

from babel.numbers import get_currency_name
from django.utils.translation import get_language

from . import currency


@cache
def time_zones() -> list[tuple[str, str]]:
    """UTC first, then every zone that is named after a place."""
    places = sorted(name for name in zoneinfo.available_timezones() if "/" in name and not name.startswith("Etc/"))
    return [("UTC", "UTC"), *((name, name.replace("_", " ")) for name in places)]


def currencies() -> list[tuple[str, str]]:
    """Every ISO 4217 code with its name in the reader's language."""
    return _currencies(get_language() or "en")


@cache
def _currencies(language):
    locale = currency.locale_of(language)
    return [(code, f"{code} · {get_currency_name(code, locale=locale)}") for code in currency.codes()]


def with_present(choices: list, value) -> list:
    """The choices, and what the row holds now if that is none of them, so saving the form does not lose it."""
    if value and value not in {key for key, _label in choices}:
        return [*choices, (value, value)]
    return choices
