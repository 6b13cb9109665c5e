"""One payment over several invoices of a customer: how much goes to each, and what becomes of each rest."""

from dataclasses import dataclass

from django import forms
from django.db.models import Q
from django.utils.translation import gettext as _

from config.common.roles import may
from customers.models import Customer

from .. import terms
from ..figures import Unreadable, read_money
from ..services import letting_go
from ..services.paying import Share
from .paying import REST, ReceivedForm, say
from .sharing import Part, PartsForm, distributed

INVOICES_AT_MOST = 200


def find_payers(text: str, *, most: int):
    """Customers that a text may mean, archived ones too: they still pay."""
    text = text.replace("\0", "").strip()
    rows = Customer.objects.order_by("name", "pk")
    if text:
        rows = rows.filter(Q(name__icontains=text) | Q(number__istartswith=text))
    return list(rows[:most])


@dataclass(frozen=True)
class Sums:
    """What the typed amounts come to, minor units; `rest` below zero: more is shared out than was paid."""

    paid: int
    shared: int
    count: int

    @property
    def rest(self):
        return self.paid - self.shared


class PaymentOverForm(ReceivedForm, PartsForm):
    """`values()` is what paying.record_payment takes. `typed` fills it without checking it, for the steps between."""

    def __init__(self, data=None, *, customer, currency, invoices, today, person, typed=None):
        self.person, self.invoices = person, invoices
        super().__init__(data, currency=currency, today=today)
        self.offer([Part(invoice, invoice.amount_due) for invoice in invoices], currency)
        self.may_let_go = may(person, "payment.let_go")
        for part in self.parts if self.may_let_go else ():
            self.fields[f"rest-{part.key}"] = forms.ChoiceField(
                label=_("The rest of %(number)s") % {"number": part.thing}, choices=REST, required=False
            )
            self.fields[f"why-{part.key}"] = forms.CharField(
                label=_("Reason for %(number)s") % {"number": part.thing},
                required=False,
                max_length=250,
                widget=forms.TextInput(attrs={"placeholder": _("Reason")}),
            )
        if typed is not None:
            self.initial |= {name: typed[name] for name in self.fields if name in typed}

    def rows(self):
        return [
            {
                **row,
                "rest": self[f"rest-{row['part'].key}"] if self.may_let_go else None,
                "why": self[f"why-{row['part'].key}"] if self.may_let_go else None,
                "discount": self._discount(row["thing"]),
            }
            for row in super().rows()
        ]

    def clean(self):
        cleaned = super().clean()
        for part in self.parts:
            self._check_rest(part)
        amount = cleaned.get("amount")
        if amount is None or self.errors:
            return cleaned
        shared = sum(minor for _invoice, minor in self.amounts())
        if shared > amount:
            words = {"spent": say(shared, self.currency), "amount": say(amount, self.currency)}
            self.add_error(
                None,
                _("The invoices get %(spent)s together, but only %(amount)s was paid. Lower one of them.") % words,
            )
        else:
            rest = {"rest": say(amount - shared, self.currency)}
            self.ask_about_rest(amount - shared, _("%(rest)s will be kept as credit on account.") % rest)
        return cleaned

    def _check_rest(self, part):
        kind = self.cleaned_data.get(f"rest-{part.key}")
        rest = part.most - (self.cleaned_data.get(part.name) or 0)
        if not kind or rest <= 0 or part.name in self.errors:
            return
        if not self.cleaned_data.get(f"why-{part.key}", "").strip():
            self.add_error(
                f"why-{part.key}", _("Say in a few words why the difference is let go; the auditor will ask.")
            )
        paid_on = self.cleaned_data.get("paid_on") or self.today
        if refusal := letting_go.beyond_limit(part.thing, by=self.person, kind=kind, due=rest, paid_on=paid_on):
            self.add_error(f"rest-{part.key}", refusal)

    def too_much(self, part):
        return _("Only %(due)s is due on %(number)s. Allocate that, or less.") % {
            "due": say(part.most, self.currency),
            "number": part.thing.number,
        }

    def values(self) -> dict:
        shares = []
        for part in self.parts:
            amount = self.cleaned_data.get(part.name) or 0
            kind = self.cleaned_data.get(f"rest-{part.key}") or ""
            if amount or kind:
                rest = part.most - amount if kind else None
                shares.append(Share(part.thing, amount, kind, self.cleaned_data.get(f"why-{part.key}", ""), rest))
        return {
            "currency": self.currency,
            "amount": self.cleaned_data["amount"],
            "shares": shares,
            **self.details(),
        }

    # --- While somebody types ---------------------------------------------------------------------------------

    def typed_amount(self) -> int:
        try:
            return max(read_money(self.data.get("amount", ""), self.currency), 0)
        except Unreadable:
            return 0

    def sums(self, data=None) -> Sums:
        """Of what is typed, or of `data` in its place."""
        typed = [minor for minor in self.typed(data).values() if minor > 0]
        return Sums(self.typed_amount(), sum(typed), len(typed))

    def distributed(self) -> dict:
        """What was typed, with the amount shared out anew, the invoice due first before the others."""
        shares = distributed(self.parts, self.typed_amount())
        return {**self.data.dict(), **{name: self.text(minor) if minor else "" for name, minor in shares.items()}}

    def _discount(self, invoice) -> str:
        granted = terms.cash_discount(invoice, paid_on=self.today)
        if not 0 < granted < invoice.amount_due:
            return ""
        return _("%(amount)s with the cash discount") % {"amount": say(invoice.amount_due - granted, self.currency)}
