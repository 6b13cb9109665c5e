"""Filters of Invoices to be sent."""

from decimal import Decimal

import django_filters
from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from config.common import currency
from config.common.filters import ListFilter
from config.common.reading import ListOf

from .filters import search
from .models import Invoice

CUSTOMERS_OFFERED = 200


class QueueFilter(ListFilter):
    """What the queue can be narrowed by; the choices come from what stands in it."""

    q = django_filters.CharFilter(method="by_text", label=_("Search"))
    currency = django_filters.ChoiceFilter(label=_("Currency"), empty_label=_("Any currency"))
    customer = django_filters.ChoiceFilter(field_name="customer_id", label=_("Customer"), empty_label=_("Any customer"))
    min = django_filters.NumberFilter(
        method="at_least",
        label=_("From"),
        min_value=Decimal(0),
        max_value=Decimal(10) ** 12,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "class": "num", "size": 9, "placeholder": _("Amount")}),
    )

    class Meta:
        model = Invoice
        fields: list = []

    def __init__(self, *args, offered, **kwargs):
        """`offered`: a row that carries `choices_of` the queue, before a tab narrowed it."""
        super().__init__(*args, **kwargs)
        self.filters["customer"].extra["choices"] = [(str(pk), name) for pk, name in offered.queue_customers]
        self.filters["currency"].extra["choices"] = [(code, code) for (code,) in offered.queue_currencies]

    @staticmethod
    def choices_of(queue) -> dict:
        """Its customers by name, and its currencies, to be read along with a row."""
        customers = queue.exclude(customer=None).order_by("customer_name", "customer_id")
        codes = queue.order_by("currency").values("currency").distinct()
        return {
            "queue_customers": ListOf(
                customers.values("customer_id", "customer_name").distinct()[:CUSTOMERS_OFFERED],
                "customer_id",
                "customer_name",
            ),
            "queue_currencies": ListOf(codes, "currency"),
        }

    def by_text(self, queryset, name, value):
        return search(queryset, value)

    def at_least(self, queryset, name, value):
        """An amount in whole units of whatever currency the row has: minor units differ by currency."""
        odd = {code: currency.digits(code) for code in currency.codes() if currency.digits(code) != 2}
        wanted = Q(total__gte=_minor(value, 2)) & ~Q(currency__in=odd)
        for digits in set(odd.values()):
            codes = [code for code, own in odd.items() if own == digits]
            wanted |= Q(total__gte=_minor(value, digits), currency__in=codes)
        return queryset.filter(wanted)


def _minor(amount: Decimal, digits: int) -> int:
    return int(amount.scaleb(digits).to_integral_value(rounding="ROUND_CEILING"))
