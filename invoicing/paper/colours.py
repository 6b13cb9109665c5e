"""Which colours can be read on white paper: contrast as WCAG 2 reckons it, in exact decimals."""

import re
from decimal import Decimal

from django.utils.translation import gettext as _

LEAST = 3  # for titles and rules
FOR_TEXT = Decimal("4.5")
_WEIGHTS = (Decimal("0.2126"), Decimal("0.7152"), Decimal("0.0722"))


def contrast(colour: str) -> Decimal:
    """Of "#rrggbb" on white: 1 for white, 21 for black."""
    parts = (Decimal(int(colour[place : place + 2], 16)) / 255 for place in (1, 3, 5))
    light = sum(weight * _linear(part) for weight, part in zip(_WEIGHTS, parts, strict=True))
    return Decimal("1.05") / (light + Decimal("0.05"))


def is_colour(text: str) -> bool:
    """Whether it is #rrggbb; nothing else may enter a page's style sheet."""
    return bool(re.fullmatch(r"#[0-9a-f]{6}", text))


def refusal(colour: str) -> str:
    """Why it cannot be a template's colour, as a sentence; "" where it can."""
    if contrast(colour) >= LEAST:
        return ""
    return _("%(colour)s is too light for white paper: nobody could read the title. Choose a darker one.") % {
        "colour": colour
    }


def _linear(part: Decimal) -> Decimal:
    if part <= Decimal("0.04045"):
        return part / Decimal("12.92")
    return ((part + Decimal("0.055")) / Decimal("1.055")) ** Decimal("2.4")
