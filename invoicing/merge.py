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
    "portal_link": gettext_lazy("the reader’s own link to the invoice; in messages alone"),
}

# What a text may name depends on what it is for: a reminder names what an invoice does, a receipt the money too.
RECEIPT_FIELDS = {
    **FIELDS,
    "amount_paid": gettext_lazy("what was paid, with its currency"),
    "paid_on": gettext_lazy("the day it was paid"),
}
FIELDS_OF = {"invoice": FIELDS, "reminder": FIELDS, "receipt": RECEIPT_FIELDS}

# One pass, left to right: a doubled brace is a literal one, {…} is a field, what is left over is a mistake.
_PIECES = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


def check(text: str, fields: Mapping = FIELDS) -> None:
    """Refuse, with a ValidationError naming the nearest right one of `fields`, a text that `fill` could not fill."""
    for piece in _PIECES.finditer(text):
        name = piece[1]
        if name in fields or piece[0] in ("{{", "}}"):
            continue
        if name is None:
            raise ValidationError(
                _("There is a lone %(brace)s. Write a field as {number}, and a brace that is to stay as %(doubled)s."),
                code="brace",
                params={"brace": piece[0], "doubled": piece[0] * 2},
            )
        nearest = difflib.get_close_matches(name.strip().lower(), fields, n=1, cutoff=0.5)
        hint = (
            _("Did you mean %(field)s?") % {"field": f"{{{nearest[0]}}}"}
            if nearest
            else _("The fields are %(fields)s.") % {"fields": ", ".join(f"{{{field}}}" for field in fields)}
        )
        raise ValidationError(
            _("There is no field %(field)s. %(hint)s"), code="field", params={"field": f"{{{name[:40]}}}", "hint": hint}
        )


def check_subject(text: str, fields: Mapping = FIELDS) -> None:
    """As `check`; and a subject holds no link: it would stand there for all who see the list of mails."""
    check(text, fields)
    if names_link(text):
        raise ValidationError(
            _("A subject cannot hold a link. Put %(field)s into the message."),
            code="link",
            params={"field": "{portal_link}"},
        )


CHECKS = {"subject": check_subject, "message": check}


def names_link(text: str) -> bool:
    """Whether {portal_link} stands in it."""
    return any(piece[1] == "portal_link" for piece in _PIECES.finditer(text))


def legend(kind: str = "invoice") -> list[tuple[str, str]]:
    """Each field of a kind of text as it is written, and what stands for it."""
    return [("{" + name + "}", str(words)) for name, words in FIELDS_OF[kind].items()]


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
    return str(values[piece[1]]) if piece[1] in values else piece[0]
