"""What a report is asked for: a day, a span, a currency."""

from datetime import date, timedelta

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.common.forms import DateInput

from ..reports.ageing import BUCKETS
from ..services.drafting import YEARS

LABELS = {
    "current": gettext_lazy("Not due yet"),
    "1-30": gettext_lazy("1–30 days"),
    "31-60": gettext_lazy("31–60 days"),
    "61-90": gettext_lazy("61–90 days"),
    "91": gettext_lazy("91 days and more"),
}


class AgeingForm(forms.Form):
    """As of a day; what cannot be read is told and taken as today."""

    on = forms.DateField(label=gettext_lazy("As of"), required=False, widget=DateInput)
    currency = forms.CharField(max_length=3, required=False, widget=forms.HiddenInput)

    def __init__(self, data, *, today: date):
        super().__init__(data)
        self.today = today
        self.initial["on"] = today
        if not self.data.get("on"):
            self.data = {**self.data.dict(), "on": today.isoformat()}

    def clean_on(self):
        day = self.cleaned_data["on"]
        if day and day.year not in YEARS:
            raise forms.ValidationError(_("The year cannot be right."))
        return day

    def day(self) -> date:
        return (self.cleaned_data.get("on") if self.is_valid() else None) or self.today


class AgedRowsForm(AgeingForm):
    """The rows behind one figure."""

    bucket = forms.ChoiceField(
        label=gettext_lazy("How late"),
        required=False,
        choices=[("", gettext_lazy("Any")), *((bucket, LABELS[bucket]) for bucket in BUCKETS)],
    )
    customer = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1, widget=forms.HiddenInput)


class StatementForm(forms.Form):
    since = forms.DateField(label=gettext_lazy("From"), required=False, widget=DateInput)
    until = forms.DateField(label=gettext_lazy("To"), required=False, widget=DateInput)
    currency = forms.ChoiceField(label=gettext_lazy("Currency"), required=False)

    def __init__(self, data, *, today: date, currencies: list[str]):
        given = {name: data[name] for name in ("since", "until", "currency") if data.get(name)}
        usual = {"since": today.replace(day=1) - timedelta(days=365), "until": today, "currency": currencies[0]}
        super().__init__({**{name: str(value) for name, value in usual.items()}, **given})
        self.usual = usual
        self.fields["currency"].choices = [(currency, currency) for currency in currencies]

    def clean(self):
        cleaned = super().clean()
        if cleaned.get("since") and cleaned.get("until") and cleaned["since"] > cleaned["until"]:
            self.add_error("since", _("The first day lies after the last one. Turn them round."))
        return cleaned

    def span(self) -> dict:
        """since, until and currency; the usual ones where something cannot be read."""
        self.is_valid()
        return {name: self.cleaned_data.get(name) or usual for name, usual in self.usual.items()}
