"""Countries as ISO 3166-1 alpha-2 codes, with their names in the reader's language."""

from functools import cache

from babel import Locale
from django.utils.translation import get_language

from config.common.currency import locale_of

# Territories CLDR names that ISO 3166-1 does not: groupings, and codes for private use.
_NOT_ISO = {"EU", "EZ", "UN", "QO", "ZZ", "XA", "XB", "AC", "CP", "CQ", "DG", "EA", "IC", "TA"}


@cache
def codes() -> frozenset[str]:
    """The codes in use; XK (Kosovo) is no ISO code, but on invoices it is used as one."""
    return frozenset(
        code
        for code in map(str, Locale("en").territories)
        if len(code) == 2 and code.isalpha() and code not in _NOT_ISO
    )


def name_of(code: str, language: str | None = None) -> str:
    """The country's name in a language (default: the reader's); the code itself if it is none of ours."""
    return locale_of(language or get_language()).territories.get(code, code)


def choices() -> list[tuple[str, str]]:
    """For a select: an empty choice, then every country by its name."""
    return [("", "—"), *_named(get_language() or "en")]


@cache
def _named(language):
    return sorted(((code, name_of(code, language)) for code in codes()), key=lambda pair: _sortable(pair[1]))


def _sortable(name):
    """Å stands with A: good enough for a list people type ahead in."""
    import unicodedata

    return unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().casefold()
