"""Invoices to be sent: the list, its tabs, filters and CSV."""

from django.db.models import Count, Exists, OuterRef, Q, Value
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.common import roles
from config.common.currency import to_decimal
from config.common.paging import COUNT_LIMIT
from config.common.reading import CountOf, ListOf
from config.common.views import FilteredListView
from customers.models import Contact

from .. import presenting
from ..filters_queue import QueueFilter
from ..models import Invoice
from .figures import organization_of, today_of
from .rows import dress, with_rows

DUE_TODAY = Q(due_on=None)  # in the queue: a draft without dates, payable at once, is due the day it is opened


class QueueView(FilteredListView):
    template_name = "invoicing/queue.html"
    rows_template_name = "invoicing/_queue_rows.html"
    sorts = {
        "number": (gettext_lazy("Invoice"), "number"),
        "customer": (gettext_lazy("Customer"), "customer_name"),
        "due": (gettext_lazy("Due"), "due_on"),
        "amount": (gettext_lazy("Amount"), "total"),
    }
    default_sort = "due"
    csv_name = "invoices-to-be-sent"
    csv_columns = [
        (gettext_lazy("Invoice"), lambda row: row.number or str(_("Draft"))),
        (gettext_lazy("Kind"), lambda row: row.get_kind_display()),
        (gettext_lazy("Customer"), lambda row: row.customer_name),
        (gettext_lazy("Customer Emails"), lambda row: ", ".join(email for (email,) in row.mailable)),
        (gettext_lazy("Due"), lambda row: row.due_on),
        (gettext_lazy("State"), presenting.state_text),
        (gettext_lazy("Currency"), lambda row: row.currency),
        (gettext_lazy("Amount"), lambda row: to_decimal(presenting.signed(row, row.total), row.currency)),
    ]

    def setup(self, request, *args, **kwargs):
        super().setup(request, *args, **kwargs)
        self.tab = request.GET.get("tab", "")

    def prepare(self):
        self.offered = organization_of(self.request, also=self.read_along)
        self.on = today_of(self.request)

    def queue(self, on):
        waiting = Invoice.objects
        return waiting.ready_to_send(on=on) if self.tab == "ready" else waiting.to_be_sent(on=on)

    def read_along(self, today) -> dict:
        """What the filters offer, and what the tabs count."""
        counts = {} if self.request.htmx.target else tab_counts(today)
        return {**QueueFilter.choices_of(self.queue(today)), **counts}

    def filterset_class(self, data, *, queryset, request):
        return QueueFilter(data, queryset=queryset, request=request, offered=self.offered)

    def rows(self):
        rows = self.queue(self.on)
        if self.tab == "today":
            rows = rows.filter(Q(due_on=self.on) | DUE_TODAY)
        elif self.tab == "earlier":
            rows = rows.filter(due_on__lt=self.on)
        elif self.tab == "no-contact":
            rows = rows.without_contact_email()
        return with_rows(rows)

    def extra(self, page, filterset):
        for invoice in page.rows:
            dress(invoice, on=self.on, person=self.request.user)
        return {
            "today": self.on,
            "tab": self.tab,
            "tabs": self.tabs(),
            "kept": {"tab": self.tab} if self.tab else {},
            "may_send": roles.may(self.request.user, "invoice.send"),
            "may_batch": roles.may(self.request.user, "batch.run"),
            "is_filtered": bool(self.tags(filterset)),
        }

    def tabs(self):
        if self.request.htmx.target:
            return []
        count, today, earlier, no_contact = (self.offered.tab_counts or [(0, 0, 0, 0)])[0]
        ready = self.offered.tab_ready
        return [
            {"label": label, "url": f"?tab={key}" if key else "?", "count": number, "current": self.tab == key}
            for key, label, number in (
                ("", _("All"), count),
                ("today", _("Due today"), today),
                ("earlier", _("Due earlier"), earlier),
                ("no-contact", _("No contact email"), no_contact),
                ("ready", _("Ready to send"), ready),
            )
        ]


def tab_counts(today) -> dict:
    """How many rows stand under each tab, to be read along with a row."""
    mailable = Exists(Contact.objects.mailable().filter(customer=OuterRef("customer")))
    counted = (
        Invoice.objects.to_be_sent(on=today)
        .order_by()
        .annotate(whole=Value(1))
        .values("whole")
        .annotate(
            n=Count("pk"),
            n_today=Count("pk", filter=Q(due_on=today) | DUE_TODAY),
            n_earlier=Count("pk", filter=Q(due_on__lt=today)),
            n_mute=Count("pk", filter=~mailable),
        )
        .values("n", "n_today", "n_earlier", "n_mute")
    )
    names = ("n", "n_today", "n_earlier", "n_mute")
    ready = Invoice.objects.ready_to_send(on=today)[: COUNT_LIMIT + 1]
    return {"tab_counts": ListOf(counted, *names), "tab_ready": CountOf(ready)}
