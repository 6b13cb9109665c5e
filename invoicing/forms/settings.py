"""What people type about tax rates and number series."""

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.common.fields import plain
from config.common.forms import MoneyInput, SeenForm
from config.common.once import OnceForm

from .. import merge
from ..models import Series, TaxRate
from ..services.settings import tax_rate_mistakes


class TaxRateForm(OnceForm, SeenForm, forms.ModelForm):
    class Meta:
        model = TaxRate
        fields = ["name", "category", "percent", "exemption_text", "exemption_code", "active"]
        widgets = {"percent": MoneyInput()}
        help_texts = {
            "name": gettext_lazy("As people find it on a line."),
            "exemption_text": gettext_lazy("Printed on the invoice; the law asks for it where no tax is charged."),
            "exemption_code": gettext_lazy("For e-invoices, where there is one, such as VATEX-EU-AE."),
        }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["percent"] = plain(self.instance.percent)

    def clean(self):
        cleaned = super().clean()
        if not self.errors:
            judged = {name: cleaned[name] for name in ("category", "percent", "exemption_text")}
            for field, sentence in tax_rate_mistakes(**judged).items():
                self.add_error(field, sentence)
        return cleaned


class SeriesForm(SeenForm, forms.ModelForm):
    next_no = forms.IntegerField(
        label=gettext_lazy("Next number"),
        min_value=1,
        help_text=gettext_lazy("Can be set until the first number is given, never back."),
    )

    class Meta:
        model = Series
        fields = ["pattern", "restarts_yearly", "dates_must_rise"]
        help_texts = {
            "dates_must_rise": gettext_lazy(
                "Some countries ask for it. A too early issue date is then moved up to the last one given, and the "
                "dialog says so before it is opened."
            ),
            "pattern": gettext_lazy("{year} is the year of the issue date, {number:05} the number with five digits."),
        }

    def __init__(self, *args, next_no, **kwargs):
        super().__init__(*args, **kwargs)
        self.initial["next_no"] = next_no

    def example(self, year) -> str:
        """What the next document would be called with what is typed; "" while that makes no number."""
        if not self.is_bound:
            return self.instance.text(year, self.initial["next_no"])
        if not self.is_valid():
            return ""
        return Series(pattern=self.cleaned_data["pattern"]).text(year, self.cleaned_data["next_no"])


def legend() -> list[tuple[str, str]]:
    """Each merge field as it is written, and what stands for it."""
    return [("{" + name + "}", str(words)) for name, words in merge.FIELDS.items()]


def kind_label(kind: str) -> str:
    return {"invoice": _("Invoices"), "credit_note": _("Credit notes"), "claim": _("Claims")}.get(kind, kind)


class EmailTestForm(forms.Form):
    to = forms.EmailField(label=gettext_lazy("To"), help_text=gettext_lazy("One short message, sent at once."))
