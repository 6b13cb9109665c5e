"""Figures as people type them, in the language they use the pages in."""

import re
from decimal import Decimal

from babel.numbers import NumberFormatError, get_decimal_symbol, get_group_symbol, parse_decimal
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from config.common.currency import digits, locale_of, to_decimal, to_minor

_SPACES = re.compile(r"[\s\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}'’]")


class Unreadable(ValueError):
    """Not a figure, or one that does not fit; the text is the sentence for whoever typed it."""


def read_figure(text: str) -> Decimal | None:
    """1,234.50 in English and 1.234,50 in German as Decimal; None where it can be read in no or in two ways.

    A single separator that cannot group thousands (12.5 in German) is taken as the decimal sign it must be.
    """
    locale = locale_of(get_language())
    text = _SPACES.sub("", text).replace("\N{MINUS SIGN}", "-")
    if not re.fullmatch(r"[-+]?[0-9.,]*[0-9][0-9.,]*", text):
        return None
    point, group = get_decimal_symbol(locale), get_group_symbol(locale)
    try:
        return parse_decimal(text.removeprefix("+"), locale=locale, strict=True)
    except NumberFormatError:
        whole, separator, rest = text.removeprefix("+").partition(group)
        if separator and rest.isdigit() and point not in text and (len(rest) != 3 or whole.strip("-0") == ""):
            return Decimal(f"{whole or 0}.{rest}")
    return None


def example(places: int = 2) -> str:
    """How a figure is written in the reader's language."""
    locale = locale_of(get_language())
    point, group = get_decimal_symbol(locale), get_group_symbol(locale)
    return f"1{group}234{point}{'50000000'[:places]}" if places else f"1{group}234"


def read_decimal(text: str, *, places: int = 8, whole: int = 12) -> Decimal:
    """A quantity, price or percent. Unreadable when it is no figure or has more digits than are kept."""
    value = read_figure(text)
    if value is None:
        raise Unreadable(
            _("“%(text)s” is not a figure. Write it like %(example)s.") % {"text": text, "example": example()}
        )
    if -int(value.normalize().as_tuple().exponent) > places:
        raise Unreadable(_("Use at most %(n)s digits after the decimal sign.") % {"n": places})
    if abs(value) >= Decimal(10) ** whole:
        raise Unreadable(_("That figure is too large."))
    return value


def read_money(text: str, currency: str) -> int:
    """An amount as minor units. Unreadable when it is none, or has more digits than the currency."""
    places = digits(currency)
    value = read_figure(text)
    if value is None:
        raise Unreadable(
            _("“%(text)s” is not an amount. Write it like %(example)s.") % {"text": text, "example": example(places)}
        )
    try:
        minor = to_minor(value, currency)
    except ValueError:
        if not places:
            raise Unreadable(_("%(currency)s has no digits after the decimal sign.") % {"currency": currency}) from None
        raise Unreadable(
            _("%(currency)s has %(n)s digits after the decimal sign, not more.") % {"currency": currency, "n": places}
        ) from None
    if abs(minor) >= 10**15:
        raise Unreadable(_("That amount is too large."))
    return minor


def show_decimal(value: Decimal | None, *, at_least: int = 0) -> str:
    """A figure as one would type it: no thousands, no idle zeros beyond `at_least`."""
    if value is None:
        return ""
    value = Decimal(value)
    places = max(-int(value.normalize().as_tuple().exponent), at_least, 0)
    return f"{value:.{places}f}".replace(".", get_decimal_symbol(locale_of(get_language())))


def show_money(minor: int | None, currency: str) -> str:
    return "" if minor is None else show_decimal(to_decimal(minor, currency), at_least=digits(currency))
