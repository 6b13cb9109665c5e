"""Merge fields: {number} in a subject or message. A plain replacer over a flat list of names; nothing is evaluated."""

import difflib
import re
from collections.abc import Mapping

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

FIELDS = {
    "number": gettext_lazy("the number of the invoice"),
    "customer": gettext_lazy("the customer's name"),
    "contact": gettext_lazy("the name of the person it goes to"),
    "amount_due": gettext_lazy("what is still to be paid, with its currency"),
    "total": gettext_lazy("the invoice's total, with its currency"),
    "issue_date": gettext_lazy("the issue date"),
    "due_date": gettext_lazy("the due date"),
    "days_late": gettext_lazy("how many days it is overdue, 0 if it is not"),
    "organization": gettext_lazy("our own name"),
}

# One pass, left to right: a doubled brace is a literal one, {…} is a field, what is left over is a mistake.
_PIECES = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


def check(text: str) -> None:
    """Refuse, with a ValidationError naming the nearest right field, a text that `fill` could not fill."""
    for piece in _PIECES.finditer(text):
        name = piece[1]
        if name in FIELDS or piece[0] in ("{{", "}}"):
            continue
        if name is None:
            raise ValidationError(
                _("There is a lone %(brace)s. Write a field as {number}, and a brace that is to stay as %(doubled)s."),
                code="brace",
                params={"brace": piece[0], "doubled": piece[0] * 2},
            )
        nearest = difflib.get_close_matches(name.strip().lower(), FIELDS, n=1, cutoff=0.5)
        hint = (
            _("Did you mean %(field)s?") % {"field": f"{{{nearest[0]}}}"}
            if nearest
            else _("The fields are %(fields)s.") % {"fields": ", ".join(f"{{{field}}}" for field in FIELDS)}
        )
        raise ValidationError(
            _("There is no field %(field)s. %(hint)s"), code="field", params={"field": f"{{{name[:40]}}}", "hint": hint}
        )


def fill(text: str, values: Mapping[str, str]) -> str:
    """The text with its fields replaced, once: a value that contains braces is not looked at again.

    What `check` would refuse stays as it was written: a letter with a slip is better than none.
    """
    return _PIECES.sub(lambda piece: _replacement(piece, values), text)


def fill_subject(text: str, values: Mapping[str, str]) -> str:
    """As `fill`, on one line: line breaks and control characters become a space, so no value can add a header."""
    return _CONTROLS.sub(" ", fill(text, values)).strip()


def _replacement(piece: re.Match, values: Mapping[str, str]) -> str:
    if piece[0] in ("{{", "}}"):
        return piece[0][0]
    return str(values[piece[1]]) if piece[1] in FIELDS and piece[1] in values else piece[0]
