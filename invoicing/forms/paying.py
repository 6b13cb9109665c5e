"""Record payment: what was paid, when, and what becomes of the part that is too much or too little."""

import uuid
from dataclasses import dataclass
from datetime import date

from django import forms
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from config.common.forms import DateInput
from config.common.once import OnceForm
from config.common.roles import may

from .. import terms
from ..formats import date_text, money_text, percent_text
from ..models import Allocation, Payment
from ..services import letting_go
from ..services.drafting import YEARS
from .fields import AmountField

LEAVE_OPEN = ""
REST = [
    (LEAVE_OPEN, gettext_lazy("Leave it open")),
    *[(kind, Allocation.Kind(kind).label) for kind in Allocation.LET_GO],
]


@dataclass(frozen=True)
class Effect:
    """What recording what is typed so far would do, as sentences."""

    text: str = ""
    proposal: str = ""  # the cash discount, where the difference fits it
    refusal: str = ""  # what the role may not do, and who may
    is_short: bool = False


def say(minor: int, currency: str) -> str:
    """Money in a sentence, in the reader's language."""
    return money_text(minor, currency, get_language() or "en")


def wrong_day(day: date, *, today: date) -> str:
    """Why money cannot have moved on that day, or "": books of a past day must not change by what is still to come."""
    if day > today:
        return _("That day is still to come. Record it when the money has moved.")
    return "" if day.year in YEARS else _("The year cannot be right.")


class MoneyOnceForm(OnceForm, forms.Form):
    """A form that records money. `occasion` makes the same submit twice one record, also for who sends no token."""

    occasion = forms.CharField(max_length=60, widget=forms.HiddenInput)

    def renew(self):
        """Other figures on a page that was sent already: sent again they are another record, not the first anew."""
        super().renew()
        self.data = self.data.copy()
        self.data["occasion"] = uuid.uuid4().hex


class ReceivedForm(MoneyOnceForm):
    """Money that came in: how much, when and how."""

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
    agreed = forms.CharField(max_length=40, required=False, widget=forms.HiddenInput)  # the rest seen, minor units

    DETAILS = ("paid_on", "received_on", "method", "reference", "note", "occasion")

    def __init__(self, data=None, *, currency, today, amount=None):
        self.currency, self.today = currency, today
        initial = {
            "amount": amount,
            "paid_on": today,
            "received_on": today,
            "method": Payment.Method.TRANSFER,
            "occasion": uuid.uuid4().hex,
        }
        super().__init__(data, initial=initial)
        self.fields["amount"].currency = currency
        self.fields["amount"].label = _("Amount, %(currency)s") % {"currency": currency}

    def clean(self):
        cleaned = super().clean()
        amount, paid_on, received_on = (cleaned.get(name) for name in ("amount", "paid_on", "received_on"))
        if amount is not None and amount <= 0:
            self.add_error("amount", _("Type the amount that was paid; it has to be more than zero."))
        if paid_on and received_on and received_on < paid_on:
            self.add_error("received_on", _("The money cannot have been received before it was paid."))
        for name in ("paid_on", "received_on"):
            if name not in self.errors and (sentence := wrong_day(cleaned[name], today=self.today)):
                self.add_error(name, sentence)
        return cleaned

    def ask_about_rest(self, rest: int, sentence: str):
        """More than is needed is asked about once; sent again unchanged, it is meant."""
        if rest <= 0 or self.cleaned_data.get("agreed") == str(rest):
            return
        data = self.data.copy()
        data["agreed"] = str(rest)
        self.data = data
        self.add_error("amount", _("%(effect)s Record it again if that is right.") % {"effect": sentence})

    def details(self) -> dict:
        """What every way of recording takes, beside the amount."""
        return {name: self.cleaned_data[name] for name in self.DETAILS}


class PaymentForm(ReceivedForm):
    """For one invoice; `values()` is what paying.pay_invoice takes."""

    close_as = forms.ChoiceField(label=gettext_lazy("What becomes of the rest"), choices=REST, required=False)
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=250,
        required=False,
        help_text=gettext_lazy("It stays in the books."),
    )
    seen = forms.IntegerField(required=False, widget=forms.HiddenInput)  # what was due when the dialog was drawn

    def __init__(self, data=None, *, invoice, today, person):
        self.invoice, self.person = invoice, person
        super().__init__(data, currency=invoice.currency, today=today, amount=invoice.amount_due)
        self.initial["seen"] = invoice.amount_due
        if not may(person, "payment.let_go"):
            del self.fields["close_as"], self.fields["reason"]

    def clean(self):
        cleaned = super().clean()
        amount = cleaned.get("amount")
        if amount is None or "amount" in self.errors:
            return cleaned
        rest = amount - self.invoice.amount_due
        if self.invoice.amount_due > 0:  # else it was settled meanwhile: the service says by whom
            self.ask_about_rest(rest, self.effect(amount).text)
        if rest < 0 and cleaned.get("close_as"):
            if not cleaned.get("reason", "").strip() and "reason" not in self.errors:
                self.add_error("reason", _("Say in a few words why the difference is let go; the auditor will ask."))
            if refusal := self._refusal(-rest, cleaned["close_as"], cleaned.get("paid_on") or self.today):
                self.add_error("close_as", refusal)
        return cleaned

    def effect(self, amount: int, *, close_as: str = LEAVE_OPEN, paid_on: date | None = None) -> Effect:
        """What recording that amount, minor units, would do."""
        due, paid_on = self.invoice.amount_due, paid_on or self.today
        if amount <= 0:
            return Effect()
        if amount == due:
            return Effect(_("This settles the invoice in full."))
        if amount > due:
            rest = {"rest": say(amount - due, self.currency)}
            return Effect(_("This settles the invoice in full; %(rest)s will be kept as credit on account.") % rest)
        words = {"rest": say(due - amount, self.currency)}
        if not close_as:
            return Effect(
                _("%(rest)s stays due.") % words,
                proposal=discount_proposal(self.invoice, due - amount, paid_on),
                is_short=True,
            )
        words["kind"] = Allocation.Kind(close_as).label
        return Effect(
            _("This settles the invoice in full; %(rest)s is let go as “%(kind)s”.") % words,
            refusal=self._refusal(due - amount, close_as, paid_on),
            is_short=True,
        )

    def discount(self) -> str:
        """What settles the invoice today with the cash discount; "" where none is granted any more."""
        granted = terms.cash_discount(self.invoice, paid_on=self.today)
        if not granted or granted >= self.invoice.amount_due:
            return ""
        return _("With the cash discount of %(percent)s, %(amount)s is enough until %(day)s.") % {
            **_discount_words(self.invoice),
            "amount": say(self.invoice.amount_due - granted, self.currency),
        }

    def typed_effect(self, typed) -> Effect:
        """The same from the raw text of the fields, while somebody types; empty where it cannot be read."""
        reader = PaymentForm(typed, invoice=self.invoice, today=self.today, person=self.person)
        cleaned = {}
        for name in ("amount", "paid_on", "close_as"):
            try:
                cleaned[name] = reader.fields[name].clean(typed.get(name, ""))
            except (forms.ValidationError, KeyError):
                cleaned[name] = None
        if cleaned["amount"] is None:
            return Effect()
        return self.effect(cleaned["amount"], close_as=cleaned["close_as"] or LEAVE_OPEN, paid_on=cleaned["paid_on"])

    def _refusal(self, rest, close_as, paid_on):
        return letting_go.beyond_limit(self.invoice, by=self.person, kind=close_as, due=rest, paid_on=paid_on)

    def values(self) -> dict:
        chosen = {name: self.cleaned_data.get(name, "") for name in ("close_as", "reason")}
        amount, seen = self.cleaned_data["amount"], self.cleaned_data.get("seen")
        rest = seen - amount if chosen["close_as"] and seen is not None else None
        return {"amount": amount, "rest": rest, **self.details(), **chosen}

    def catch_up(self, _refusal):
        """Somebody was quicker, and the reader was told what is due now: sending it again is meant."""
        self.invoice.refresh_from_db()
        self.data = self.data.copy()
        self.data["seen"] = str(self.invoice.amount_due)


def discount_proposal(invoice, difference: int, paid_on: date) -> str:
    """A sentence that offers “Discount taken” where the difference, minor units, fits the invoice's own terms."""
    if not 0 < difference <= terms.cash_discount(invoice, paid_on=paid_on):
        return ""
    return _(
        "The difference fits the cash discount of %(percent)s until %(day)s: choose “Discount taken” to grant it."
    ) % _discount_words(invoice)


def _discount_words(invoice):
    language = get_language() or "en"
    return {
        "percent": percent_text(invoice.discount_percent, language),
        "day": date_text(terms.discount_until(invoice), language),
    }
