"""A draft as people type it: everything but its rows."""

from datetime import date

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.common.choices import currencies, with_present
from config.common.forms import DateInput
from config.common.once import OnceForm
from customers import countries
from customers.models import Customer

from ..models import Invoice, InvoiceTemplate
from ..services.profiles import template_for
from .fields import AmountField, FigureField

FROM_CUSTOMER = ("currency", "language", "terms_days", "discount_percent", "discount_days", "buyer_reference")
_DATES = ("issued_on", "delivered_on", "period_start", "period_end")
_TEXTS = ("delivery_country", "buyer_reference", "order_number", "corrects_text", "note", "internal_note")


def label_of(customer) -> str:
    """A customer as the field shows it; the number alone finds it again."""
    return f"{customer.number} · {customer.name}"


def find_customers(text: str, *, most: int = 50):
    """The customers in use that a text may mean."""
    text = text.replace("\0", "")
    number = text.partition("·")[0].strip()
    rows = Customer.objects.current().order_by("name", "pk")
    if exact := list(rows.filter(number=number)[:1]):
        return exact
    rows = rows.filter(name__icontains=text.strip()) | rows.filter(number__istartswith=number) if number else rows
    return list(rows[:most])


def _kinds():
    return [(kind, label) for kind, label in Invoice.Kind.choices if kind != Invoice.Kind.CLAIM]


class DraftForm(OnceForm, forms.Form):
    """`fields()` is what drafting takes. `version` is the draft as it was seen; 0 for a new one."""

    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=_kinds)
    customer = forms.CharField(
        label=gettext_lazy("Customer"), max_length=200, help_text=gettext_lazy("Name or customer number.")
    )
    currency = forms.ChoiceField(label=gettext_lazy("Currency"))
    language = forms.ChoiceField(label=gettext_lazy("Language of the document"))
    template = forms.ModelChoiceField(
        InvoiceTemplate.objects.current(),
        label=gettext_lazy("Invoice Template"),
        required=False,
        empty_label=gettext_lazy("The customer’s default"),
    )
    issued_on = forms.DateField(
        label=gettext_lazy("Issue date"),
        required=False,
        widget=DateInput,
        help_text=gettext_lazy("Left blank: the day it is opened."),
    )
    terms_days = forms.IntegerField(label=gettext_lazy("Payment terms, days net"), min_value=0, max_value=3650)
    due_on = forms.DateField(
        label=gettext_lazy("Due date"),
        required=False,
        widget=DateInput,
        help_text=gettext_lazy("Left blank: from the terms."),
    )
    discount_percent = FigureField(label=gettext_lazy("Cash discount, percent"), required=False, places=2, whole=2)
    discount_days = forms.IntegerField(
        label=gettext_lazy("Cash discount within days"), required=False, min_value=0, max_value=3650
    )
    delivered_on = forms.DateField(label=gettext_lazy("Delivery date"), required=False, widget=DateInput)
    period_start = forms.DateField(label=gettext_lazy("Service period from"), required=False, widget=DateInput)
    period_end = forms.DateField(label=gettext_lazy("Service period to"), required=False, widget=DateInput)
    delivery_country = forms.ChoiceField(
        label=gettext_lazy("Country of delivery"), choices=countries.choices, required=False
    )
    order_number = forms.CharField(label=gettext_lazy("Purchase order"), required=False, max_length=80)
    buyer_reference = forms.CharField(label=gettext_lazy("Buyer reference"), required=False, max_length=120)
    corrects_text = forms.CharField(
        label=gettext_lazy("Preceding invoice"),
        required=False,
        max_length=120,
        help_text=gettext_lazy("The number of the invoice a credit note corrects."),
    )
    prepaid = AmountField(label=gettext_lazy("Prepaid"), required=False)
    accounting_rate = FigureField(label=gettext_lazy("Accounting rate"), required=False)
    note = forms.CharField(
        label=gettext_lazy("Note on the document"),
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    internal_note = forms.CharField(
        label=gettext_lazy("Internal note"),
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("For your colleagues alone; it is on no document."),
    )
    version = forms.IntegerField(min_value=0, widget=forms.HiddenInput)

    def __init__(self, data=None, *, invoice: Invoice | None, own_currency: str, initial=None):
        self.invoice = invoice
        super().__init__(data, initial={**(initial_of(invoice) if invoice else {}), **(initial or {})})
        if invoice is not None:
            del self.fields["kind"]
            self.fields["customer"].required = invoice.customer_id is not None
        self.fields["customer"].widget.attrs |= {"list": "customers", "autocomplete": "off"}
        self.fields["currency"].choices = with_present(currencies(), self.initial.get("currency"))
        self.fields["language"].choices = Invoice._meta.get_field("language").choices
        if invoice is not None and invoice.template_id:  # its own stays on offer, archived or not
            offered = InvoiceTemplate.objects.current() | InvoiceTemplate.objects.filter(pk=invoice.template_id)
            self.fields["template"].queryset = offered
        self.fields["prepaid"].currency = self.typed_currency
        self.fields["prepaid"].label = _("Prepaid, %(currency)s") % {"currency": self.typed_currency}
        self.fields["accounting_rate"].help_text = _(
            "How many %(own)s one unit of the invoice’s currency is worth: the tax has to be stated in %(own)s too."
        ) % {"own": own_currency}
        self.needs_rate = self.typed_currency != own_currency

    @property
    def typed_currency(self) -> str:
        """The currency the amounts are typed in, also while the form is not valid."""
        asked = str(self["currency"].value() or "")
        return asked if asked in dict(currencies()) else "EUR"

    @property
    def is_credit_note(self) -> bool:
        return (self.invoice.kind if self.invoice else self["kind"].value()) == Invoice.Kind.CREDIT_NOTE

    def clean_customer(self):
        text = self.cleaned_data["customer"].strip()
        own = self.invoice.customer if self.invoice else None
        if own and text in (label_of(own), own.number, own.name):
            return own
        if not text:
            return None
        found = find_customers(text, most=3)
        if len(found) != 1:
            found = [each for each in found if each.name.casefold() == text.casefold()] or found
        if len(found) == 1:
            return found[0]
        if found:
            raise ValidationError(
                _("Several customers fit “%(text)s”. Choose one of the list, or type its number."),
                params={"text": text},
            )
        number = text.partition("·")[0].strip()
        archived = Customer.objects.archived().filter(number=number) | Customer.objects.archived().filter(
            name__iexact=text
        )
        if archived.exists():
            raise ValidationError(
                _("%(customer)s is archived and gets no new invoices. Take it out of the archive first."),
                params={"customer": archived},
            )
        raise ValidationError(
            _("No customer fits “%(text)s”. Check the name, or make the customer first."), params={"text": text}
        )

    def clean(self):
        cleaned = super().clean()
        start, end = cleaned.get("period_start"), cleaned.get("period_end")
        if start and end and end < start:
            self.add_error("period_end", _("The service period cannot end before it begins."))
        if (cleaned.get("prepaid") or 0) < 0:
            self.add_error("prepaid", _("Type what was paid beforehand without a minus sign."))
        if (rate := cleaned.get("accounting_rate")) is not None and rate <= 0:
            self.add_error("accounting_rate", _("A rate is more than zero."))
        return cleaned

    def values(self) -> dict:
        """The fields as drafting takes them, without the customer of a new draft and without the version."""
        cleaned = self.cleaned_data
        return {
            **{name: cleaned[name] for name in ("currency", "language", "template", "terms_days", *_DATES, *_TEXTS)},
            **({"kind": cleaned["kind"]} if self.invoice is None else {"customer": cleaned["customer"]}),
            "due_on": cleaned["due_on"],
            "due_typed": cleaned["due_on"] is not None,
            "discount_percent": cleaned["discount_percent"] or 0,
            "discount_days": cleaned["discount_days"] or 0,
            "prepaid": cleaned["prepaid"] or 0,
            "accounting_rate": cleaned["accounting_rate"],
        }

    def catch_up(self, refusal):
        """The reader was told of a colleague's change: saving again is meant.

        A field the reader had left alone shows the colleague's value from now on; the lines stay as they were typed.
        """
        now = Invoice.objects.filter(pk=self.invoice.pk).values_list("version", flat=True).first()
        self.data = self.data.copy()
        self.data["version"] = now or 0
        for name in {*_DATES, *_TEXTS, "currency", "language", "terms_days"} & set(refusal.news):
            was, value = ("" if each is None else str(each) for each in refusal.news[name])
            if name in self.data and self.data[name] == was:
                self.data[name] = value


def initial_of(invoice) -> dict:
    """A stored draft as it stands in the form."""
    names = (*_DATES, *_TEXTS, "currency", "language", "template", "terms_days")
    return {
        **{name: getattr(invoice, name) for name in names},
        "customer": label_of(invoice.customer) if invoice.customer else "",
        "due_on": invoice.due_on if invoice.due_typed else None,
        "prepaid": invoice.prepaid or None,
        "discount_percent": invoice.discount_percent or None,
        "discount_days": invoice.discount_days or None,
        "accounting_rate": invoice.accounting_rate,
        "version": invoice.version,
    }


def initial_for(customer, kind: str, issued_on: date | None = None) -> dict:
    """What a new draft takes over from its customer."""
    return {
        **{name: getattr(customer, name) for name in FROM_CUSTOMER},
        "template": template_for(customer),
        "customer": label_of(customer),
        "kind": kind,
        "issued_on": issued_on,
        "version": 0,
    }
