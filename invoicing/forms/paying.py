"""Record payment: what was paid, when, and what becomes of the part that is too much."""

import uuid

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.common.forms import DateInput

from ..formats import money_text
from ..models import Payment
from .fields import AmountField


class PaymentForm(forms.Form):
    """`values()` is what paying.record_payment takes. More than is due is asked about once, then kept as credit."""

    amount = AmountField(label=gettext_lazy("Amount"))
    paid_on = forms.DateField(
        label=gettext_lazy("Payment date"), widget=DateInput, help_text=gettext_lazy("When the customer paid.")
    )
    received_on = forms.DateField(
        label=gettext_lazy("Received on"), widget=DateInput, help_text=gettext_lazy("When it reached us.")
    )
    method = forms.ChoiceField(label=gettext_lazy("Method"), choices=Payment.Method.choices)
    reference = forms.CharField(
        label=gettext_lazy("Reference"),
        max_length=140,
        required=False,
        help_text=gettext_lazy("As on the bank statement."),
    )
    note = forms.CharField(
        label=gettext_lazy("Note"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2})
    )
    occasion = forms.CharField(max_length=60, widget=forms.HiddenInput)
    agreed = forms.CharField(
        max_length=40, required=False, widget=forms.HiddenInput
    )  # the overpayment seen, minor units

    def __init__(self, data=None, *, invoice, today, language):
        self.invoice, self.language = invoice, language
        initial = {
            "amount": invoice.amount_due,
            "paid_on": today,
            "received_on": today,
            "method": Payment.Method.TRANSFER,
            "occasion": uuid.uuid4().hex,
        }
        super().__init__(data, initial=initial)
        self.fields["amount"].currency = invoice.currency
        self.fields["amount"].label = _("Amount, %(currency)s") % {"currency": invoice.currency}

    def clean(self):
        cleaned = super().clean()
        amount, paid_on, received_on = (cleaned.get(name) for name in ("amount", "paid_on", "received_on"))
        if amount is not None and amount <= 0:
            self.add_error("amount", _("Type the amount that was paid; it has to be more than zero."))
        elif amount is not None:
            self._ask_about_the_rest(amount)
        if paid_on and received_on and received_on < paid_on:
            self.add_error("received_on", _("The money cannot have been received before it was paid."))
        return cleaned

    def _ask_about_the_rest(self, amount):
        rest = amount - self.invoice.amount_due
        if rest <= 0 or self.invoice.amount_due <= 0 or self.cleaned_data.get("agreed") == str(rest):
            return  # settled meanwhile: the service says by whom
        self.data = self.data.copy()
        self.data["agreed"] = str(rest)
        self.add_error("amount", _("%(effect)s Record it again if that is right.") % {"effect": self.effect(amount)})

    def effect(self, amount: int) -> str:
        """What recording that amount would do, as a sentence; amounts are minor units."""
        due = self.invoice.amount_due
        say = lambda minor: money_text(minor, self.invoice.currency, self.language)  # noqa: E731
        if amount <= 0:
            return ""
        if amount < due:
            return _("%(rest)s stays due.") % {"rest": say(due - amount)}
        if amount == due:
            return _("This settles the invoice in full.")
        return _("This settles the invoice in full; %(rest)s will be kept as credit on account.") % {
            "rest": say(amount - due)
        }

    def values(self) -> dict:
        return {name: value for name, value in self.cleaned_data.items() if name != "agreed"}
