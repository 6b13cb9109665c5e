"""What the list of batch operations, and the invoices of one, can be narrowed by."""

import re
from datetime import date, datetime, time, timedelta

import django_filters
from django import forms
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from config.common.filters import ListFilter
from config.common.forms import DateInput
from config.common.models import User
from config.common.reading import ListOf

from .filters import search
from .models import BatchItem, BatchOperation, Invoice

_NAME = re.compile(r"\s*(?:b-?)?0*(\d{1,18})\s*", re.IGNORECASE)  # B-0193, b193, 193


_FIRST, _LAST = date(2000, 1, 1), date(2999, 12, 31)  # beyond them no operation ever started


def _midnight(day):
    """The beginning of a day in the reader's time zone."""
    return timezone.make_aware(datetime.combine(min(max(day, _FIRST), _LAST), time.min))


class BatchFilter(ListFilter):
    """`offered`: a row that carries `choices_in_use`, so that the people need no query of their own."""

    q = django_filters.CharFilter(method="by_text", label=_("Operation or invoice"))
    action = django_filters.ChoiceFilter(
        choices=BatchOperation.Action.choices, label=_("Action"), empty_label=_("Any action")
    )
    person = django_filters.ChoiceFilter(field_name="asked_by", label=_("Started by"), empty_label=_("Anybody"))
    acknowledged = django_filters.ChoiceFilter(
        choices=[("no", _("no")), ("yes", _("yes"))],
        method="by_acknowledgement",
        label=_("Acknowledged"),
        widget=forms.HiddenInput,  # the tabs ask it; by the address it narrows them
    )
    since = django_filters.DateFilter(method="from_day", label=_("Started from"), widget=DateInput)
    until = django_filters.DateFilter(method="to_day", label=_("until"), widget=DateInput)

    class Meta:
        model = BatchOperation
        fields: list = []

    def __init__(self, *args, offered=None, **kwargs):
        super().__init__(*args, **kwargs)
        people = offered.batch_people if offered else ()
        self.filters["person"].extra["choices"] = [(str(pk), name) for pk, name in people]

    @staticmethod
    def choices_in_use(_today) -> dict:
        """Who ever started one, by name."""
        started = BatchOperation.objects.filter(asked_by=OuterRef("pk"))
        people = User.objects.filter(Exists(started)).order_by("name", "pk").values("id", "name")
        return {"batch_people": ListOf(people, "id", "name")}

    def by_text(self, rows, _name, text):
        """By its own name (B-0193), or by the number of an invoice that is in it."""
        text = text.strip()
        if not text:
            return rows
        inside = BatchItem.objects.filter(invoice__in=Invoice.objects.filter(number__istartswith=text).values("pk"))
        found = Q(pk__in=inside.values("operation"))
        if named := _NAME.fullmatch(text):
            found |= Q(pk=named[1])
        return rows.filter(found)

    def by_acknowledgement(self, rows, _name, answer):
        return rows.filter(acknowledged_at__isnull=answer == "no")

    def from_day(self, rows, _name, day):
        return rows.filter(created_at__gte=_midnight(day))

    def to_day(self, rows, _name, day):
        return rows.filter(created_at__lt=_midnight(min(day, _LAST) + timedelta(days=1)))


class ItemFilter(ListFilter):
    """The invoices of one operation, by number or customer; what became of them is asked by the tabs."""

    q = django_filters.CharFilter(method="by_text", label=_("Number or customer"))

    class Meta:
        model = BatchItem
        fields: list = []

    def by_text(self, rows, _name, text):
        return rows.filter(invoice__in=search(Invoice.objects, text).values("pk")) if text.strip() else rows
