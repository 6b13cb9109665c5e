"""Fields for figures typed in the reader's language."""

from decimal import Decimal

from django import forms
from django.core.exceptions import ValidationError

from config.common.forms import MoneyInput

from ..figures import Unreadable, read_decimal, read_money, show_decimal, show_money


class FigureField(forms.CharField):
    """A quantity, price, rate or percent; cleans to Decimal, None where nothing was typed."""

    widget = MoneyInput

    def __init__(self, *args, places=8, whole=12, **kwargs):
        self.places, self.whole = places, whole
        super().__init__(*args, **{"max_length": 40, **kwargs})

    def prepare_value(self, value):
        return show_decimal(value) if isinstance(value, Decimal | int) else value

    def clean(self, value):
        text = super().clean(value)
        if not text:
            return None
        try:
            return read_decimal(text, places=self.places, whole=self.whole)
        except Unreadable as error:
            raise ValidationError(str(error), code="invalid") from error

    def has_changed(self, initial, data):
        return self.prepare_value(initial or "") != (data or "")


class AmountField(forms.CharField):
    """An amount of `currency` (set by the form); cleans to minor units, None where nothing was typed."""

    widget = MoneyInput
    currency = "EUR"

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **{"max_length": 40, **kwargs})

    def prepare_value(self, value):
        return show_money(value, self.currency) if isinstance(value, int) else value

    def clean(self, value):
        text = super().clean(value)
        if not text:
            return None
        try:
            return read_money(text, self.currency)
        except Unreadable as error:
            raise ValidationError(str(error), code="invalid") from error
