"""What is asked when money already recorded is used, moved, taken back, paid back or reversed."""

import uuid

from django import forms
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from config.common.forms import DateInput
from config.common.once import OnceForm

from ..models import Payment
from .fields import AmountField
from .paying import MoneyOnceForm, say, wrong_day
from .sharing import Part, PartsForm, distributed


class WhyForm(forms.Form):
    """A word on why, where one likes to leave it."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"), max_length=250, required=False, help_text=gettext_lazy("It stays in the books.")
    )


class SpreadForm(OnceForm, PartsForm):
    """Credit of one source over open invoices; begins with the invoice due first. `rest` is what the source has."""

    def __init__(self, data=None, *, invoices, rest: int, currency: str):
        super().__init__(data)
        self.rest = rest
        parts = [Part(invoice, invoice.amount_due) for invoice in invoices]
        self.offer(parts, currency, initial=distributed(parts, rest))

    def clean(self):
        cleaned = super().clean()
        spent = sum(minor for _thing, minor in self.amounts()) if not self.errors else 0
        if spent > self.rest:
            words = {"spent": say(spent, self.currency), "rest": say(self.rest, self.currency)}
            self.add_error(None, _("That is %(spent)s together, but only %(rest)s is there. Lower one.") % words)
        elif not spent and not self.errors:
            self.add_error(None, _("Type how much is used; nothing is allocated yet."))
        return cleaned


class UseCreditForm(OnceForm, PartsForm):
    """What is on account and on credit notes for one invoice; begins with the oldest."""

    def __init__(self, data=None, *, invoice, sources):
        super().__init__(data)
        self.due = invoice.amount_due
        parts = [Part(each, each.on_account if isinstance(each, Payment) else each.amount_due) for each in sources]
        self.offer(parts, invoice.currency, initial=distributed(parts, self.due))

    def clean(self):
        cleaned = super().clean()
        used = sum(minor for _thing, minor in self.amounts()) if not self.errors else 0
        if used > self.due:
            words = {"used": say(used, self.currency), "due": say(self.due, self.currency)}
            self.add_error(None, _("That is %(used)s together, but only %(due)s is due. Lower one.") % words)
        elif not used and not self.errors:
            self.add_error(None, _("Type how much is used; nothing is allocated yet."))
        return cleaned


class MoveForm(WhyForm):
    """To which invoice of the same customer."""

    to = forms.ModelChoiceField(
        None,
        label=gettext_lazy("Move it to"),
        empty_label=gettext_lazy("Choose an invoice"),
        error_messages={
            "invalid_choice": gettext_lazy("That invoice is not open any more. Choose another one."),
        },
    )
    field_order = ["to", "reason"]

    def __init__(self, data=None, *, invoices):
        super().__init__(data)
        self.fields["to"].queryset = invoices
        self.fields["to"].label_from_instance = self._label

    @staticmethod
    def _label(invoice):
        return _("%(number)s, due %(day)s, %(amount)s open") % {
            "number": invoice.number,
            "day": date_format(invoice.due_on, pgettext("date format", "j M Y")) if invoice.due_on else "–",
            "amount": say(invoice.amount_due, invoice.currency),
        }


class RefundForm(MoneyOnceForm):
    """Money that was paid back; `values()` is what refunding takes."""

    amount = AmountField(label=gettext_lazy("Amount"))
    paid_on = forms.DateField(label=gettext_lazy("Paid back on"), widget=DateInput)
    method = forms.ChoiceField(label=gettext_lazy("Method"), choices=Payment.Method.choices)
    reference = forms.CharField(label=gettext_lazy("Reference"), max_length=140, required=False)
    reason = forms.CharField(
        label=gettext_lazy("Reason"), max_length=250, help_text=gettext_lazy("It stays in the books.")
    )

    def __init__(self, data=None, *, rest: int, currency: str, today):
        initial = {"amount": rest, "paid_on": today, "method": Payment.Method.TRANSFER, "occasion": uuid.uuid4().hex}
        super().__init__(data, initial=initial)
        self.rest, self.currency, self.today = rest, currency, today
        self.fields["amount"].currency = currency
        self.fields["amount"].label = _("Amount, %(currency)s") % {"currency": currency}

    def clean_amount(self):
        amount = self.cleaned_data["amount"]
        if amount is not None and amount <= 0:
            raise forms.ValidationError(_("Type the amount that was paid back; it has to be more than zero."))
        return amount

    def clean_paid_on(self):
        day = self.cleaned_data["paid_on"]
        if sentence := wrong_day(day, today=self.today):
            raise forms.ValidationError(sentence)
        return day

    def values(self) -> dict:
        return dict(self.cleaned_data)


class ReversalForm(forms.Form):
    """Why a payment does not count (any more), and since when."""

    because = forms.ChoiceField(
        label=gettext_lazy("What happened"), choices=Payment.Reversal.choices, widget=forms.RadioSelect
    )
    on = forms.DateField(
        label=gettext_lazy("Taken back on"),
        widget=DateInput,
        help_text=gettext_lazy("The day on the bank statement. A mistake counts as if it had never been recorded."),
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"), max_length=250, help_text=gettext_lazy("It stays in the books.")
    )

    def __init__(self, data=None, *, payment, today):
        super().__init__(data, initial={"on": max(today, payment.received_on)})
        self.payment, self.today = payment, today

    def clean_on(self):
        day = self.cleaned_data["on"]
        if sentence := wrong_day(day, today=max(self.today, self.payment.received_on)):
            raise forms.ValidationError(sentence)
        if day < self.payment.received_on:
            raise forms.ValidationError(_("It cannot have been taken back before it was received. Check the date."))
        return day
