"""Filters of Invoices to be sent."""

from decimal import Decimal

import django_filters
from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from config.common import currency

from .filters import search
from .models import Invoice

CUSTOMERS_OFFERED = 200


class QueueFilter(django_filters.FilterSet):
    """`queryset` is the queue, from which the choices come, before a tab narrows it."""

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

    def __init__(self, *args, queue, **kwargs):
        super().__init__(*args, **kwargs)
        pairs = queue.order_by("customer_name").values_list("customer_id", "customer_name").distinct()
        self.filters["customer"].extra["choices"] = [
            (str(pk), name) for pk, name in pairs[:CUSTOMERS_OFFERED] if pk is not None
        ]
        self.filters["currency"].extra["choices"] = [
            (code, code) for code in queue.order_by("currency").values_list("currency", flat=True).distinct()
        ]

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
