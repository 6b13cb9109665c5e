"""What the list of scheduled emails can be narrowed by."""

import django_filters
from django.utils.translation import gettext_lazy as _

from config.common.filters import ListFilter
from config.common.forms import DateInput
from config.common.models import User
from config.common.reading import InUse, ListOf

from .filters import in_use, search
from .models import Delivery, DeliveryDocument, Invoice


class ScheduledFilter(ListFilter):
    """By invoice, currency, who asked, and the local day it goes out; `rows` are DeliveryDocuments."""

    q = django_filters.CharFilter(method="by_text", label=_("Number, customer, PO or amount"))
    currency = django_filters.ChoiceFilter(
        field_name="invoice__currency", label=_("Currency"), empty_label=_("Any currency")
    )
    by = django_filters.ChoiceFilter(
        field_name="delivery__asked_by_id", label=_("Asked by"), empty_label=_("Asked by anybody")
    )
    first = django_filters.DateFilter(
        field_name="delivery__scheduled_on", lookup_expr="gte", label=_("From"), widget=DateInput
    )
    last = django_filters.DateFilter(
        field_name="delivery__scheduled_on", lookup_expr="lte", label=_("Until"), widget=DateInput
    )

    class Meta:
        model = DeliveryDocument
        fields: list = []

    def __init__(self, *args, offered, **kwargs):
        """`offered`: a row that carries `choices_in_use`; None before there is one."""
        super().__init__(*args, **kwargs)
        codes, askers = (offered.currencies, offered.askers) if offered else ((), ())
        self.filters["currency"].extra["choices"] = in_use(codes, self.data.get("currency"))
        self.filters["by"].extra["choices"] = [(str(pk), name) for pk, name in askers]

    @staticmethod
    def choices_in_use(_today) -> dict:
        """The currencies there are and who has scheduled something, to be read along with a row."""
        askers = User.objects.filter(pk__in=Delivery.objects.filter(status="scheduled").values("asked_by"))
        named = askers.order_by("name", "pk").values("id", "name")
        return {"currencies": InUse(Invoice, "currency"), "askers": ListOf(named, "id", "name")}

    def by_text(self, rows, _name, text):
        return rows.filter(invoice__in=search(Invoice.objects.all(), text)) if text.strip() else rows
