"""Credit note, void, uncollectible and back: what is asked before a document is put right."""

from decimal import Decimal

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.common.once import OnceForm

from ..figures import show_decimal
from ..services import crediting
from .fields import FigureField


class ReasonForm(forms.Form):
    """Why: it stays in the books."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"), max_length=250, help_text=gettext_lazy("It stays in the books.")
    )


class CreditForm(OnceForm, forms.Form):
    """Whole, or by line with how much of each; `quantities()` is what crediting.draft_credit_note takes."""

    WHOLE, LINES = "whole", "lines"

    part = forms.ChoiceField(
        label=gettext_lazy("What is credited"),
        choices=[(WHOLE, gettext_lazy("Everything that is left")), (LINES, gettext_lazy("Single lines"))],
        widget=forms.RadioSelect,
        initial=WHOLE,
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=250,
        help_text=gettext_lazy("Printed on the credit note; you can change it in the draft."),
    )

    def __init__(self, data=None, *, invoice):
        self.invoice = invoice
        super().__init__(data)
        self.left = crediting.creditable(invoice)
        self.lines = list(invoice.lines.all())
        for line in self.lines:
            self.fields[self._name(line)] = FigureField(label=line.name, required=False)

    @staticmethod
    def _name(line) -> str:
        return f"line-{line.pk}"

    def rows(self) -> list[dict]:
        """The lines as the dialog shows them, each with its field."""
        return [
            {
                "line": line,
                "left": show_decimal(self.left[line.pk]),
                "field": self[self._name(line)],
            }
            for line in self.lines
        ]

    def clean(self):
        cleaned = super().clean()
        if cleaned.get("part") == self.LINES and not self.errors:
            for line in self.lines:
                self._check(line, cleaned.get(self._name(line)))
            if not self.errors and not self.quantities():
                raise ValidationError(_("Type how much of at least one line is credited."))
        return cleaned

    def _check(self, line, quantity):
        left = self.left[line.pk]
        if quantity and (quantity * left <= 0 or abs(quantity) > abs(left)):
            self.add_error(self._name(line), _("Only %(left)s is left of this line.") % {"left": show_decimal(left)})

    def quantities(self) -> dict[int, Decimal] | None:
        """{line: quantity}; None for everything that is left."""
        if self.cleaned_data["part"] == self.WHOLE:
            return None
        typed = {line.pk: self.cleaned_data.get(self._name(line)) for line in self.lines}
        return {pk: quantity for pk, quantity in typed.items() if quantity}
