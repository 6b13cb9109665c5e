"""The rest of an invoice closed without money: what the difference is, and why."""

from django import forms
from django.utils.translation import gettext_lazy

from ..models import Allocation
from ..services import letting_go
from .correcting import ReasonForm


class LetGoForm(ReasonForm):
    """`values()` is what letting_go.let_go takes."""

    kind = forms.ChoiceField(
        label=gettext_lazy("What the difference is"),
        choices=[(kind, kind.label) for kind in Allocation.LET_GO],
        widget=forms.RadioSelect,
    )
    rest = forms.IntegerField(required=False, widget=forms.HiddenInput)  # what was due when the dialog was drawn
    field_order = ["kind", "reason"]

    def __init__(self, data=None, *, invoice, today, person):
        super().__init__(data, initial={"rest": invoice.amount_due})
        self.invoice, self.today, self.person = invoice, today, person

    def clean_kind(self):
        """What the role may not let go is said at the field, with nothing typed lost."""
        kind = self.cleaned_data["kind"]
        due = self.invoice.amount_due
        if refusal := letting_go.beyond_limit(self.invoice, by=self.person, kind=kind, due=due, paid_on=self.today):
            raise forms.ValidationError(refusal)
        return kind

    def values(self) -> dict:
        return {name: self.cleaned_data[name] for name in ("kind", "reason", "rest")}

    def catch_up(self, _refusal):
        """Another amount is due by now, and the reader was told: sending it again is meant."""
        self.invoice.refresh_from_db()
        self.data = self.data.copy()
        self.data["rest"] = str(self.invoice.amount_due)
