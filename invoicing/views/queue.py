"""Invoices to be sent: the list, its tabs, filters and CSV."""

from django.db.models import Count, Exists, OuterRef, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.common import roles
from config.common.currency import to_decimal
from config.common.views import FilteredListView
from customers.models import Contact

from .. import presenting
from ..filters_queue import QueueFilter
from ..models import Invoice
from .figures import today_of
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
        (gettext_lazy("Customer"), lambda row: row.customer_name),
        (
            gettext_lazy("Customer Emails"),
            lambda row: ", ".join(each.email for each in row.customer.mailable) if row.customer else "",
        ),
        (gettext_lazy("Due"), lambda row: row.due_on),
        (gettext_lazy("Status"), presenting.state_text),
        (gettext_lazy("Currency"), lambda row: row.currency),
        (gettext_lazy("Amount"), lambda row: to_decimal(row.total, row.currency)),
    ]

    def setup(self, request, *args, **kwargs):
        super().setup(request, *args, **kwargs)
        self.tab = request.GET.get("tab", "")

    def get(self, request):
        self.on = today_of(request)
        return super().get(request)

    def queue(self):
        waiting = Invoice.objects
        return waiting.ready_to_send(on=self.on) if self.tab == "ready" else waiting.to_be_sent(on=self.on)

    def filterset_class(self, data, *, queryset, request):
        return QueueFilter(data, queryset=queryset, request=request, queue=self.queue())

    def rows(self):
        rows = self.queue()
        if self.tab == "today":
            rows = rows.filter(Q(due_on=self.on) | DUE_TODAY)
        elif self.tab == "earlier":
            rows = rows.filter(due_on__lt=self.on)
        elif self.tab == "no-contact":
            rows = rows.without_contact_email()
        return with_rows(rows)

    def extra(self, page, filterset):
        for invoice in page.rows:
            dress(invoice, on=self.on)
        return {
            "today": self.on,
            "tab": self.tab,
            "tabs": self.tabs(),
            "kept": {"tab": self.tab} if self.tab else {},
            "may_send": roles.may(self.request.user, "invoice.send"),
            "is_filtered": bool(self.tags(filterset)),
        }

    def tabs(self):
        if self.request.htmx.target == "rows":
            return []
        mailable = Exists(Contact.objects.mailable().filter(customer=OuterRef("customer")))
        counts = Invoice.objects.to_be_sent(on=self.on).aggregate(
            all=Count("pk"),
            today=Count("pk", filter=Q(due_on=self.on) | DUE_TODAY),
            earlier=Count("pk", filter=Q(due_on__lt=self.on)),
            no_contact=Count("pk", filter=~mailable),
        )
        ready = Invoice.objects.ready_to_send(on=self.on).count()
        return [
            {"label": label, "url": f"?tab={key}" if key else "?", "count": count, "current": self.tab == key}
            for key, label, count in (
                ("", _("All"), counts["all"]),
                ("today", _("Due today"), counts["today"]),
                ("earlier", _("Due earlier"), counts["earlier"]),
                ("no-contact", _("No contact email"), counts["no_contact"]),
                ("ready", _("Ready to send"), ready),
            )
        ]
