"""Scheduled: every email of an invoice that waits for its moment."""

from dataclasses import dataclass
from functools import partial

from django.db.models import OuterRef
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.common import exports, roles
from config.common.currency import to_decimal
from config.common.reading import ListOf
from config.common.views import FilteredListView

from .. import presenting
from ..filters_scheduled import ScheduledFilter
from ..models import Delivery, DeliveryDocument, Invoice
from ..services.scheduling_many import MOST
from .actions import Action
from .figures import organization_of
from .moments import Going, going_of


@dataclass(frozen=True)
class Row:
    """One send as the list shows it."""

    delivery: Delivery
    invoice: Invoice
    kind: presenting.Badge | None
    going: Going
    recipients: list[str]
    amount: int  # minor units, negative for a credit note
    menu: list[Action]


class ScheduledView(FilteredListView):
    filterset_class = ScheduledFilter
    template_name = "invoicing/scheduled.html"
    rows_template_name = "invoicing/_scheduled_rows.html"
    default_sort = "goes"
    sorts = {
        "goes": (gettext_lazy("Goes out"), "delivery__scheduled_at"),
        "number": (gettext_lazy("Invoice"), "invoice__number"),
        "customer": (gettext_lazy("Customer"), "invoice__customer_name"),
        "amount": (gettext_lazy("Amount"), "invoice__total"),
    }
    csv_name = "scheduled"
    csv_columns = [
        (gettext_lazy("Invoice"), lambda row: row.invoice.number or str(_("Draft"))),
        (gettext_lazy("Kind"), lambda row: row.invoice.get_kind_display()),
        (gettext_lazy("Customer"), lambda row: row.invoice.customer_name),
        (exports.moment(gettext_lazy("Goes out")), lambda row: row.delivery.scheduled_at),
        (gettext_lazy("Send date"), lambda row: row.delivery.scheduled_on),
        (gettext_lazy("Time"), lambda row: f"{row.delivery.scheduled_time:%H:%M}"),
        (gettext_lazy("Time zone"), lambda row: row.delivery.scheduled_zone),
        (gettext_lazy("Recipients"), lambda row: ", ".join(row.recipients)),
        (gettext_lazy("Asked by"), lambda row: str(row.delivery.asked_by or "Dunlin")),
        (gettext_lazy("Currency"), lambda row: row.invoice.currency),
        (gettext_lazy("Amount"), lambda row: to_decimal(row.amount, row.invoice.currency)),
    ]
    choosable = {
        "place": (gettext_lazy("Local time"), True),
        "recipients": (gettext_lazy("Recipients"), True),
        "by": (gettext_lazy("Asked by"), True),
    }

    @classmethod
    def matching(cls, request):
        """The invoices of those that go out first, as many as one act takes."""
        first = super().matching(request).order_by("delivery__scheduled_at", "pk").values_list("invoice", flat=True)
        return Invoice.objects.filter(pk__in=list(first[:MOST]))

    def prepare(self):
        offered = organization_of(self.request, also=ScheduledFilter.choices_in_use)
        self.filterset_class = partial(ScheduledFilter, offered=offered)

    def rows(self):
        of_send = DeliveryDocument.objects.filter(
            invoice=OuterRef("invoice"), kind="invoice", delivery__status="scheduled"
        ).order_by("delivery")
        found = DeliveryDocument.objects.scheduled().select_related("delivery__asked_by", "invoice")
        return found.annotate(readers=ListOf(of_send.values("delivery__recipient"), "delivery__recipient"))

    def extra(self, page, filterset):
        may_send = roles.may(self.request.user, "invoice.send")
        return {
            "rows": [row_of(document, may_send=may_send) for document in page.rows],
            "is_filtered": bool(self.tags(filterset)),
            "may_send": may_send,
            "most": MOST,
        }

    def download(self, rows):
        return super().download(row_of(document, may_send=False) for document in rows)


def row_of(document, *, may_send: bool) -> Row:
    invoice = document.invoice
    return Row(
        delivery=document.delivery,
        invoice=invoice,
        kind=presenting.kind_badge(invoice),
        going=going_of(document.delivery),
        recipients=[email for (email,) in document.readers],
        amount=presenting.signed(invoice, invoice.total),
        menu=[*(_acts(invoice) if may_send else ()), _view(invoice)],
    )


def _acts(invoice):
    for name, label, icon in (
        ("rescheduling", _("Move"), "clock"),
        ("sending_now", _("Send now"), "send"),
        ("unscheduling", _("Cancel the email"), "x"),
    ):
        url = reverse(f"invoicing:{name}", args=[invoice.pk]) + "?from=scheduled"
        yield Action(name, label, url, icon, dialog=True)


def _view(invoice):
    return Action("view", _("View"), reverse("invoicing:detail", args=[invoice.pk]), "eye")
