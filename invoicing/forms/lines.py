"""The rows of a draft: lines, and allowances and charges, as people type them."""

from decimal import Decimal

from django import forms
from django.core.exceptions import ValidationError
from django.forms.utils import ErrorDict
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from config.common.choices import with_present
from config.common.currency import digits
from config.common.forms import DateInput

from .. import formats
from ..figures import Unreadable, read_decimal, read_money, show_money
from ..models.tax import Category
from ..money import line_net
from ..services.import_rows import MOST_ADJUSTMENTS, MOST_LINES
from .fields import FigureField
from .palette import KEPT, OWN, Palette, unsign

MOST = 10**15  # minor units a row may come to


class RowForm(forms.Form):
    """An allowance or charge in words, and the tax of the row: what lines and the document's own rows share."""

    mark_optional = False
    blank_fields: tuple = ()
    net: int | None = None  # what the row comes to, for the page

    tax = forms.ChoiceField(label=gettext_lazy("Tax"))
    adjust = forms.ChoiceField(label=gettext_lazy("Allowance or charge"), required=False)
    adjust_value = forms.CharField(label=gettext_lazy("How much"), required=False, max_length=40)
    adjust_reason = forms.CharField(label=gettext_lazy("Reason"), required=False, max_length=120)

    def __init__(self, *args, palette: Palette, **kwargs):
        super().__init__(*args, **kwargs)
        self.palette = palette
        self.fields["tax"].choices = [*((str(rate.pk), rate.name) for rate in palette.rates), *self._own_tax()]
        self.fields["tax"].initial = palette.usual
        self.fields["adjust"].choices = [
            ("", "–"),
            ("-%", _("Allowance, %")),
            ("-", _("Allowance, %(currency)s") % {"currency": palette.currency}),
            ("+%", _("Charge, %")),
            ("+", _("Charge, %(currency)s") % {"currency": palette.currency}),
            *self._kept(),
        ]
        self.fields["adjust_value"].widget.attrs |= {"class": "num", "inputmode": "decimal", "autocomplete": "off"}

    def full_clean(self):
        super().full_clean()
        if self.is_bound and self.is_blank:
            self._errors, self.cleaned_data = ErrorDict(), {}

    @property
    def is_blank(self) -> bool:
        """Nothing was typed here: an empty row is left out."""
        return not any(str(self[name].value() or "").strip() for name in self.blank_fields)

    def _own_tax(self):
        value = str(self["tax"].value() or "") if "tax" in self.initial or self.is_bound else ""
        own = unsign(value, OWN)
        if own is None:
            return []
        language = get_language() or "en"
        words = str(Category(own[0]).label)
        if own[0] == Category.STANDARD:
            words = f"{formats.percent_text(Decimal(own[1]), language)} ({words})"
        return [(value, words)]

    def _kept(self):
        value = str(self["adjust"].value() or "")
        parts = unsign(value, KEPT)
        if parts is None:
            return []
        total = sum(part["amount"] if part["is_charge"] else -part["amount"] for part in parts)
        words = _("As it came: %(amount)s") % {"amount": show_money(total, self.palette.currency)}
        return [(value, words)]

    def tax_values(self) -> dict:
        """The rate's row, or the row's own values, as drafting takes them."""
        choice = self.cleaned_data["tax"]
        own = unsign(choice, OWN)
        if own is None:
            return {"tax": next(rate for rate in self.palette.rates if str(rate.pk) == choice)}
        return {
            "tax_category": own[0],
            "tax_percent": Decimal(own[1]),
            "exemption_text": own[2],
            "exemption_code": own[3],
        }

    def adjustments(self) -> list[dict]:
        """What was typed as allowance or charge, as drafting takes it."""
        how = self.cleaned_data["adjust"]
        kept = unsign(how, KEPT)
        if kept is not None:
            return [{**part, "percent": Decimal(part["percent"]) if part["percent"] else None} for part in kept]
        if not how:
            return []
        value = {"percent": self.figure} if how.endswith("%") else {"amount": self.figure}
        return [{"is_charge": how.startswith("+"), "reason": self.cleaned_data["adjust_reason"], **value}]

    def clean_adjust_value(self):
        """Reads the value by its kind: a percent, or an amount of the currency."""
        how, text = self.cleaned_data.get("adjust", ""), self.cleaned_data["adjust_value"]
        self.figure = None
        if how.startswith(KEPT):
            return text
        if not how and text:
            raise ValidationError(_("Say whether this is an allowance or a charge."))
        if not how:
            return text
        if not text:
            raise ValidationError(_("Type how much, or choose no allowance."))
        try:
            percent = how.endswith("%")
            self.figure = read_decimal(text, places=4, whole=5) if percent else read_money(text, self.palette.currency)
        except Unreadable as error:
            raise ValidationError(str(error)) from error
        if self.figure < 0:
            raise ValidationError(_("Type it without a minus sign: allowance or charge says which way it goes."))
        return text


class LineForm(RowForm):
    """One line; `row()` is what drafting takes."""

    blank_fields = ("name", "details", "unit_price", "adjust_value")

    name = forms.CharField(label=gettext_lazy("Description"), required=False, max_length=300)
    details = forms.CharField(
        label=gettext_lazy("Details"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2})
    )
    quantity = FigureField(label=gettext_lazy("Quantity"), initial=Decimal(1))
    unit = forms.ChoiceField(label=gettext_lazy("Unit"), initial="C62")
    unit_price = FigureField(label=gettext_lazy("Unit price"))
    price_base = FigureField(label=gettext_lazy("Price is for this quantity"), required=False)
    period_start = forms.DateField(label=gettext_lazy("Service from"), required=False, widget=DateInput)
    period_end = forms.DateField(label=gettext_lazy("Service until"), required=False, widget=DateInput)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["unit"].choices = formats.unit_choices()
        present = str(self["unit"].value() or "")
        if len(present) <= 3 and present.isalnum():
            self.fields["unit"].choices = with_present(formats.unit_choices(), present)

    @property
    def has_more(self) -> bool:
        """Something stands in the folded part of the row, or is wrong there."""
        names = ("details", "price_base", "period_start", "period_end", "adjust", "adjust_value", "adjust_reason")
        return any(self[name].value() or (self.is_bound and self[name].errors) for name in names)

    def clean_price_base(self):
        base = self.cleaned_data["price_base"]
        if base is not None and base <= 0:
            raise ValidationError(_("The quantity a price is for has to be more than zero."))
        return base

    def clean(self):
        cleaned = super().clean()
        start, end = cleaned.get("period_start"), cleaned.get("period_end")
        if start and end and end < start:
            self.add_error("period_end", _("The service cannot end before it began."))
        if not self.errors and abs(self.gross()) >= MOST:
            self.add_error("unit_price", _("This line comes to more than an invoice can hold."))
        return cleaned

    def gross(self) -> int:
        """Quantity × price in minor units, before allowance and charge."""
        cleaned = self.cleaned_data
        places = digits(self.palette.currency)
        return line_net(
            cleaned["quantity"], cleaned["unit_price"], places, price_base=cleaned.get("price_base") or Decimal(1)
        )

    def row(self) -> dict:
        cleaned = self.cleaned_data
        names = ("name", "details", "quantity", "unit", "unit_price", "period_start", "period_end")
        return {
            **{name: cleaned[name] for name in names},
            "price_base": cleaned["price_base"] or Decimal(1),
            **self.tax_values(),
            "adjustments": self.adjustments(),
        }


class AdjustmentForm(RowForm):
    """An allowance or charge on the whole document; `row()` is what drafting takes."""

    blank_fields = ("adjust", "adjust_value", "adjust_reason")

    def clean(self):
        cleaned = super().clean()
        if not cleaned.get("adjust") and not self.errors:
            self.add_error("adjust", _("Say whether this is an allowance or a charge."))
        return cleaned

    def row(self) -> dict:
        return {**self.adjustments()[0], **self.tax_values()}


class RowSet(forms.BaseFormSet):
    """Rows of one kind; empty ones are left out."""

    def filled(self):
        return [form for form in self.forms if form.is_bound and not form.is_blank and form.is_valid()]

    def rows(self) -> list[dict]:
        return [form.row() for form in self.filled()]


LineFormSet = forms.formset_factory(
    LineForm, formset=RowSet, extra=0, max_num=MOST_LINES, absolute_max=MOST_LINES + 1, validate_max=True
)
AdjustmentFormSet = forms.formset_factory(
    AdjustmentForm,
    formset=RowSet,
    extra=0,
    max_num=MOST_ADJUSTMENTS,
    absolute_max=MOST_ADJUSTMENTS + 1,
    validate_max=True,
)
