"""Currencies as ISO 4217 writes them: how many digits each has, and the way between minor units and Decimal.

The digits are our own table because locale data follows habit, not the standard (it gives the Serbian dinar none).
"""

from copy import copy
from decimal import Decimal
from functools import cache

from babel import Locale, UnknownLocaleError
from babel.core import get_global
from babel.numbers import NumberPattern

_EXCEPTIONS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
_DIGITS = {code: count for count, listed in _EXCEPTIONS.items() for code in listed.split()}


def digits(code: str) -> int:
    """Digits after the decimal sign in the currency `code`; 2 where ISO 4217 makes no exception."""
    return _DIGITS.get(code, 2)


@cache
def codes() -> tuple[str, ...]:
    """The currency codes in use today, sorted: legal tender somewhere, and the units of account in the table above."""
    in_use = {
        code
        for territory in get_global("territory_currencies").values()
        for code, _since, until, tender in territory
        if tender and until is None
    }
    return tuple(sorted(in_use | _DIGITS.keys()))


def to_decimal(minor: int, code: str) -> Decimal:
    """Minor units (cents) as an amount with exactly the digits of the currency."""
    return Decimal(minor).scaleb(-digits(code))


def to_minor(amount: Decimal, code: str) -> int:
    """An amount as minor units (cents). Nothing is rounded: more digits than the currency has raise ValueError."""
    scaled = Decimal("NaN") if isinstance(amount, float) else Decimal(amount).scaleb(digits(code))
    if not scaled.is_finite() or scaled != scaled.to_integral_value():
        raise ValueError(f"{amount!r} is not an amount with {digits(code)} digits of {code}")
    return int(scaled)


def amount_text(minor: int, code: str, locale: str = "en") -> str:
    """Minor units as people read them in `locale` ("en", "de", "pt-br"): grouped, true minus, no code."""
    number = _pattern(locale, digits(code)).apply(abs(to_decimal(minor, code)), locale_of(locale))
    return f"\N{MINUS SIGN}{number}" if minor < 0 else number


@cache
def _pattern(locale: str, places: int) -> NumberPattern:
    pattern = copy(locale_of(locale).decimal_formats[None])
    pattern.frac_prec = (places, places)
    return pattern


@cache
def locale_of(name: str | None) -> Locale:
    """The locale of a language code ("de", "pt-br", "pt_BR"); English where there is none of that name."""
    try:
        return Locale.parse((name or "en").replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return Locale("en")
