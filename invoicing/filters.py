"""What the list of invoices can be narrowed by, all of it in the address."""

from decimal import Decimal

import django_filters
from django import forms
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from config.common import clock
from config.common.choices import currencies
from config.common.currency import digits, to_minor
from config.common.filters import ListFilter
from config.common.forms import DateInput
from config.common.models import SheetItem
from config.common.reading import InUse, ListOf
from customers.models import Customer

from .figures import read_figure
from .models import Invoice, InvoiceTemplate, Payment
from .models.follow_up import needs_follow_up
from .models.lights import in_light

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
LIGHTS = [
    ("green", _("Sent and opened")),
    ("yellow", _("Sent, not opened")),
    ("red", _("Failed, bounced or unknown")),
    ("grey", _("Marked as sent")),
    ("ring", _("Under way or scheduled")),
    ("none", _("Nothing sent")),
]
FOLLOW_UPS = [
    ("any", _("Any reason")),
    ("unopened", _("Not opened in a week")),
    ("often", _("Opened three times or more")),
    ("clicked", _("Link clicked, not paid")),
]
PAYMENT_STATES = [
    ("on_account", _("With credit on account")),
    ("recorded", _("Recorded")),
    ("refunded", _("Refunded")),
    ("reversed", _("Reversed")),
    *Payment.Reversal.choices,
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
    if state == "paid":
        return rows.paid()
    return rows.filter(status=state).exclude(status="paid")  # said twice: so SQLite too sees which index fits


def search(rows, text: str):
    """By the beginning of the number, a part of the customer's name, a purchase order, a reference, an exact amount.

    An invoice opened under an earlier name of its customer is found by the beginning of that name too. Each of these is
    looked up by itself, so that each can use its index; one OR over all of them could use none.
    """
    text = text.strip()
    if not text:
        return rows
    found = [
        Q(number__istartswith=text),
        Q(customer__in=Customer.objects.filter(name__icontains=text)),
        Q(customer_name__istartswith=text),
        Q(order_number__istartswith=text) & ~Q(order_number=""),
        Q(source_reference__istartswith=text) & ~Q(source_reference=""),
    ]
    if (amount := read_figure(text)) is not None:
        owed = Q(status__in=["open", "uncollectible"])  # of the others the total says it, or nothing is due
        found += [of_amount(amount, "total"), owed & of_amount(amount, "amount_due")]
    every = [Invoice.objects.filter(each).values("pk") for each in found]
    return rows.filter(pk__in=every[0].union(*every[1:], all=True))


def of_amount(amount: Decimal | None, *columns: str) -> Q:
    """One of the columns is that many major units, whatever digits the currency has."""
    found = Q(pk__in=[])
    if amount is None:
        return found
    for codes in _codes_by_digits().values():
        try:
            minor = to_minor(abs(amount), codes[0])
        except ValueError:
            continue
        if minor < 2**63:
            found |= Q(currency__in=codes) & Q(*((column, minor) for column in columns), _connector=Q.OR)
    return found


def _codes_by_digits() -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for code, _label in currencies():
        found.setdefault(digits(code), []).append(code)
    return found


def in_use(codes, asked) -> list[tuple[str, str]]:
    """Of all currencies those that occur, and the one asked for."""
    return [(code, label) for code, label in currencies() if code in codes or code == asked]


def _dates(field, label, lookup):
    return django_filters.DateFilter(field_name=field, lookup_expr=lookup, label=label, widget=DateInput)


class _Units(django_filters.NumberFilter):
    """An amount in whole units of whatever currency the row has: their minor units differ."""

    def filter(self, rows, value):
        if value is None:
            return rows
        towards = "ROUND_CEILING" if self.lookup_expr == "gte" else "ROUND_FLOOR"
        wanted = Q()
        for codes in _codes_by_digits().values():
            minor = int(value.scaleb(digits(codes[0])).to_integral_value(rounding=towards))
            wanted |= Q(**{f"{self.field_name}__{self.lookup_expr}": minor}, currency__in=codes)
        return rows.filter(wanted)


def _units(field, label, lookup):
    box = forms.TextInput(attrs={"inputmode": "decimal", "class": "num", "size": 8})
    return _Units(
        field_name=field, lookup_expr=lookup, label=label, min_value=0, max_value=Decimal(10) ** 12, widget=box
    )


class InvoiceFilter(ListFilter):
    """`today` decides what is overdue; `rows` are Invoices."""

    q = django_filters.CharFilter(method="by_text", label=_("Number, customer, PO or amount"))
    status = django_filters.ChoiceFilter(
        choices=STATES, method="by_state", label=_("Status"), empty_label=_("Any status")
    )
    kind = django_filters.ChoiceFilter(choices=Invoice.Kind.choices, label=_("Kind"), empty_label=_("Any kind"))
    light = django_filters.ChoiceFilter(
        choices=LIGHTS, method="by_light", label=_("Status light"), empty_label=_("Any status light")
    )
    follow_up = django_filters.ChoiceFilter(
        choices=FOLLOW_UPS,
        method="by_follow_up",
        label=_("Needs a follow-up"),
        empty_label=_("With or without follow-up"),
    )
    currency = django_filters.ChoiceFilter(choices=currencies, label=_("Currency"), empty_label=_("Any currency"))
    template = django_filters.ChoiceFilter(choices=(), label=_("Template"), empty_label=_("Any template"))
    customer = django_filters.NumberFilter(
        label=_("Customer"), min_value=1, max_value=2**63 - 1, widget=forms.HiddenInput
    )
    imported = django_filters.NumberFilter(
        method="from_sheet", label=_("Imported from a spreadsheet"), min_value=1, max_value=2**63 - 1,
        widget=forms.HiddenInput,
    )  # fmt: skip
    issued_from = _dates("issued_on", _("Issued from"), "gte")
    issued_to = _dates("issued_on", _("Issued until"), "lte")
    due_from = _dates("due_on", _("Due from"), "gte")
    due_to = _dates("due_on", _("Due until"), "lte")

    class Meta:
        model = Invoice
        fields: list = []

    def __init__(self, *args, today=None, offered=None, **kwargs):
        """`offered`: a row that carries `choices_in_use`, so that they need no query of their own."""
        super().__init__(*args, **kwargs)
        self.today = today
        templates = offered.templates if offered else InvoiceTemplate.objects.values_list("pk", "name")
        self.filters["template"].extra["choices"] = [(str(pk), name) for pk, name in templates]
        if offered:
            self.filters["currency"].extra["choices"] = in_use(offered.currencies, self.data.get("currency"))

    @staticmethod
    def choices_in_use(_today) -> dict:
        """What there is to choose from, to be read along with a row."""
        templates = InvoiceTemplate.objects.order_by("pk").values("id", "name")
        return {"templates": ListOf(templates, "id", "name"), "currencies": InUse(Invoice, "currency")}

    def by_text(self, rows, _name, text):
        return search(rows, text)

    def from_sheet(self, rows, _name, pk):
        """What one spreadsheet import made."""
        return rows.filter(pk__in=SheetItem.objects.filter(sheet=pk, sheet__kind="invoices").values("object_id"))

    def by_state(self, rows, _name, state):
        return in_state(rows, state, on=self.today)

    def by_light(self, rows, _name, light):
        return in_light(rows, light)

    def by_follow_up(self, rows, _name, kind):
        return needs_follow_up(rows, kind, at=clock.now())


class PaymentFilter(ListFilter):
    """By reference, customer or exact amount; by method, currency and the day it was received."""

    q = django_filters.CharFilter(method="by_text", label=_("Customer, reference or amount"))
    state = django_filters.ChoiceFilter(
        choices=PAYMENT_STATES, method="by_state", label=_("State"), empty_label=_("Any state")
    )
    method = django_filters.ChoiceFilter(choices=Payment.Method.choices, label=_("Method"), empty_label=_("Any method"))
    currency = django_filters.ChoiceFilter(choices=currencies, label=_("Currency"), empty_label=_("Any currency"))
    received_from = _dates("received_on", _("Received from"), "gte")
    received_to = _dates("received_on", _("Received until"), "lte")
    least = _units("amount", _("Amount from"), "gte")
    most = _units("amount", _("up to"), "lte")
    customer = django_filters.NumberFilter(
        label=_("Customer"), min_value=1, max_value=2**63 - 1, widget=forms.HiddenInput
    )

    class Meta:
        model = Payment
        fields: list = []

    def __init__(self, *args, offered=None, **kwargs):
        """`offered`: a row that carries `choices_in_use`; without one every currency is offered."""
        super().__init__(*args, **kwargs)
        if offered:
            self.filters["currency"].extra["choices"] = in_use(offered.currencies, self.data.get("currency"))

    @staticmethod
    def choices_in_use(_today) -> dict:
        return {"currencies": InUse(Payment, "currency")}

    def by_state(self, rows, _name, state):
        if state == "on_account":
            return rows.filter(status="recorded", amount__gt=F("allocated") + F("refunded"))
        if state == "refunded":
            return rows.filter(refunded__gt=0)
        return rows.filter(reversal=state) if state in Payment.Reversal.values else rows.filter(status=state)

    def by_text(self, rows, _name, text):
        text = text.strip()
        found = Q(reference__icontains=text) | Q(customer__name__icontains=text) | Q(customer__number__iexact=text)
        return rows.filter(found | of_amount(read_figure(text), "amount")) if text else rows
