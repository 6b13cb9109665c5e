"""What the list of invoices can be narrowed by, all of it in the address."""

from decimal import Decimal

import django_filters
from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from config.common.choices import currencies
from config.common.currency import digits, to_minor
from config.common.forms import DateInput

from .figures import read_figure
from .models import Invoice, InvoiceTemplate, Payment

STATES = [
    ("draft", _("Draft")),
    ("open", _("Open")),
    ("unbilled", _("Unbilled")),
    ("unpaid", _("Unpaid")),
    ("partly_paid", _("Partly paid")),
    ("overdue", _("Overdue")),
    ("paid", _("Paid")),
    ("void", _("Void")),
    ("uncollectible", _("Uncollectible")),
]


def in_state(rows, state: str, *, on):
    """The invoices that are shown as `state` (a key of STATES) on that day."""
    if state == "unbilled":
        return rows.filter(status__in=["draft", "open", "paid", "uncollectible"]).unbilled()
    if state == "unpaid":
        return rows.open().invoices().exclude(billed_at=None)
    if state == "partly_paid":
        return rows.open().invoices().filter(settled__gt=0)
    if state == "overdue":
        return rows.overdue(on=on)
    return rows.filter(status=state)


def search(rows, text: str):
    """By the beginning of the number, a part of the customer's name, a purchase order, a reference, an exact amount."""
    text = text.strip()
    if not text:
        return rows
    found = Q(number__istartswith=text) | Q(customer_name__icontains=text)
    found |= Q(order_number__istartswith=text) | Q(source_reference__istartswith=text)
    return rows.filter(found | _of_amount(read_figure(text), "total", "amount_due"))


def _of_amount(amount: Decimal | None, *columns: str) -> Q:
    """One of the columns is that many major units, whatever digits the currency has."""
    found = Q(pk__in=[])
    if amount is None:
        return found
    by_digits = {}
    for code, _label in currencies():
        by_digits.setdefault(digits(code), []).append(code)
    for codes in by_digits.values():
        try:
            minor = to_minor(abs(amount), codes[0])
        except ValueError:
            continue
        if minor < 2**63:
            found |= Q(currency__in=codes) & Q(*((column, minor) for column in columns), _connector=Q.OR)
    return found


def _dates(field, label, lookup):
    return django_filters.DateFilter(field_name=field, lookup_expr=lookup, label=label, widget=DateInput)


class InvoiceFilter(django_filters.FilterSet):
    """`today` decides what is overdue; `rows` are Invoices."""

    q = django_filters.CharFilter(method="by_text", label=_("Number, customer, PO or amount"))
    status = django_filters.ChoiceFilter(
        choices=STATES, method="by_state", label=_("Status"), empty_label=_("Any status")
    )
    kind = django_filters.ChoiceFilter(choices=Invoice.Kind.choices, label=_("Kind"), empty_label=_("Any kind"))
    currency = django_filters.ChoiceFilter(choices=currencies, label=_("Currency"), empty_label=_("Any currency"))
    template = django_filters.ChoiceFilter(choices=(), label=_("Template"), empty_label=_("Any template"))
    customer = django_filters.NumberFilter(
        label=_("Customer"), min_value=1, max_value=2**63 - 1, widget=forms.HiddenInput
    )
    issued_from = _dates("issued_on", _("Issued from"), "gte")
    issued_to = _dates("issued_on", _("Issued until"), "lte")
    due_from = _dates("due_on", _("Due from"), "gte")
    due_to = _dates("due_on", _("Due until"), "lte")

    class Meta:
        model = Invoice
        fields: list = []

    def __init__(self, *args, today=None, **kwargs):
        super().__init__(*args, **kwargs)
        self.today = today
        templates = InvoiceTemplate.objects.values_list("pk", "name")
        self.filters["template"].extra["choices"] = [(str(pk), name) for pk, name in templates]

    def by_text(self, rows, _name, text):
        return search(rows, text)

    def by_state(self, rows, _name, state):
        return in_state(rows, state, on=self.today)


class PaymentFilter(django_filters.FilterSet):
    """By reference, customer or exact amount; by method, currency and the day it was received."""

    q = django_filters.CharFilter(method="by_text", label=_("Customer, reference or amount"))
    method = django_filters.ChoiceFilter(choices=Payment.Method.choices, label=_("Method"), empty_label=_("Any method"))
    currency = django_filters.ChoiceFilter(choices=currencies, label=_("Currency"), empty_label=_("Any currency"))
    received_from = _dates("received_on", _("Received from"), "gte")
    received_to = _dates("received_on", _("Received until"), "lte")

    class Meta:
        model = Payment
        fields: list = []

    def by_text(self, rows, _name, text):
        text = text.strip()
        found = Q(reference__icontains=text) | Q(customer__name__icontains=text) | Q(customer__number__iexact=text)
        return rows.filter(found | _of_amount(read_figure(text), "amount")) if text else rows
