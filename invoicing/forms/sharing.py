"""An amount shared out over rows: a payment over invoices, credit over invoices, several credits over one invoice."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from ..figures import Unreadable, read_money, show_money
from ..formats import money_text
from .fields import AmountField


@dataclass(frozen=True)
class Part:
    """A row that can take or give up to `most` minor units."""

    thing: Any
    most: int

    @property
    def key(self) -> str:
        return f"{self.thing._meta.model_name}-{self.thing.pk}"

    @property
    def name(self) -> str:
        return f"part-{self.key}"


def distributed(parts: Iterable[Part], amount: int) -> dict[str, int]:
    """The amount given to one part after the other until nothing is left: {field: minor units}."""
    found = {}
    for part in parts:
        found[part.name] = min(part.most, max(amount, 0))
        amount -= found[part.name]
    return found


class PartsForm(forms.Form):
    """Fields for `parts`, one amount each; `amounts()` is what the services take. Call offer() after __init__."""

    currency = "EUR"
    parts: list[Part] = []

    def offer(self, parts: list[Part], currency: str, *, initial: dict[str, int] | None = None):
        self.parts, self.currency = parts, currency
        for part in parts:
            field = AmountField(label=str(part.thing), required=False)
            field.currency = currency
            self.fields[part.name] = field
            if initial and initial.get(part.name):
                self.initial[part.name] = initial[part.name]

    def amounts(self) -> list[tuple[Any, int]]:
        """What is typed, without the rows that take nothing."""
        typed = ((part.thing, self.cleaned_data.get(part.name)) for part in self.parts)
        return [(thing, minor) for thing, minor in typed if minor]

    def rows(self) -> list[dict]:
        return [{"part": part, "thing": part.thing, "field": self[part.name]} for part in self.parts]

    def clean(self):
        cleaned = super().clean()
        for part in self.parts:
            minor = cleaned.get(part.name) or 0
            if minor < 0:
                self.add_error(part.name, _("Type how much of it goes to each; it has to be more than zero."))
            elif minor > part.most:
                self.add_error(part.name, self.too_much(part))
        self._miss_what_is_gone()
        return cleaned

    def too_much(self, part) -> str:
        return _("At most %(most)s fits here.") % {"most": money_text(part.most, self.currency, get_language() or "en")}

    def typed(self, data=None) -> dict[str, int]:
        """What can be read of the rows while somebody types: {field: minor units}."""
        data, found = self.data if data is None else data, {}
        for part in self.parts:
            try:
                found[part.name] = read_money(data.get(part.name, ""), self.currency)
            except Unreadable:
                continue
        return found

    def text(self, minor: int) -> str:
        return show_money(minor, self.currency)

    def _miss_what_is_gone(self):
        """A row that was offered and filled in, and is settled or used up by now: said, never dropped silently."""
        known = {part.name for part in self.parts}
        gone = [
            name
            for name, value in self.data.items()
            if name.startswith("part-") and name not in known and value.strip(" 0.,")
        ]
        if gone:
            self.add_error(
                None,
                _(
                    "Something in the list was settled or used meanwhile, so it is not offered any more. Look at the "
                    "rows again; nothing is recorded yet."
                ),
            )
