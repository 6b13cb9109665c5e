"""Sales invoices: the list."""

from dataclasses import dataclass
from functools import partial

from django.db.models import Subquery
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from config.common.currency import to_decimal
from config.common.exports import moment
from config.common.roles import may
from config.common.views import FilteredListView, staff_required
from customers.models import Customer

from ..filters import STATES, InvoiceFilter
from ..history import lights_of
from ..models import Invoice
from ..presenting import Badge, Light, badges, kind_badge, owed, signed, state_text
from .actions import Action, actions
from .figures import organization_of, today_of

COLUMNS = [
    "kind",
    "status",
    "number",
    "customer_id",
    "customer_name",
    "language",
    "currency",
    "issued_on",
    "due_on",
    "source_reference",
    "order_number",
    "buyer_reference",
    "net_total",
    "tax_total",
    "total",
    "prepaid",
    "settled",
    "settled_by_credit",
    "credited",
    "amount_due",
    "billed_at",
    "marked_sent_at",
]

POLLS_AT_MOST = 60
DATES = ("issued_from", "issued_to", "due_from", "due_to")


@dataclass(frozen=True)
class Row:
    """An invoice as the list shows it."""

    invoice: Invoice
    badges: list[Badge]
    kind: Badge | None
    light: Light | None
    amount: int  # minor units, negative for a credit note, as are the next three
    net: int
    tax: int
    owed: int
    actions: list[Action]

    @property
    def menu(self):
        view = Action("view", gettext("View"), reverse("invoicing:detail", args=[self.invoice.pk]), "eye")
        return [view, *self.actions]


def rows_of(invoices, *, person, today) -> list[Row]:
    """What a page of the list shows; one query whatever its length."""
    lights = lights_of(invoices)
    return [
        Row(
            invoice=invoice,
            badges=badges(invoice, today=today),
            kind=kind_badge(invoice),
            light=lights.get(invoice.pk),
            amount=signed(invoice, invoice.total),
            net=signed(invoice, invoice.net_total),
            tax=signed(invoice, invoice.tax_total),
            owed=owed(invoice),
            actions=actions(invoice, person),
        )
        for invoice in invoices
    ]


def _money(name):
    return lambda invoice: to_decimal(signed(invoice, getattr(invoice, name)), invoice.currency)


class InvoiceListView(FilteredListView):
    """Every invoice, credit note and claim there is."""

    filterset_class = InvoiceFilter
    template_name = "invoicing/list.html"
    rows_template_name = "invoicing/_rows.html"
    default_sort = "-newest"
    sorts = {
        "newest": (_("Newest"), "pk"),
        "number": (_("Invoice"), "number"),
        "customer": (_("Customer"), "customer_name"),
        "issued": (_("Issued"), "issued_on"),
        "due": (_("Due"), "due_on"),
        "amount": (_("Amount"), "total"),
    }
    csv_name = "invoices"
    csv_columns = [
        (_("Number"), lambda invoice: invoice.number),
        (_("Kind"), lambda invoice: invoice.get_kind_display()),
        (_("State"), state_text),
        (_("Customer number"), lambda invoice: invoice.customer.number if invoice.customer else ""),
        (_("Customer"), lambda invoice: invoice.customer_name),
        (_("Issued"), lambda invoice: invoice.issued_on),
        (_("Due"), lambda invoice: invoice.due_on),
        (_("Currency"), lambda invoice: invoice.currency),
        (_("Net"), _money("net_total")),
        (_("Tax"), _money("tax_total")),
        (_("Total"), _money("total")),
        (_("Prepaid"), _money("prepaid")),
        (_("Settled"), _money("settled")),
        (_("Amount due"), lambda invoice: to_decimal(owed(invoice), invoice.currency)),
        (_("Purchase order"), lambda invoice: invoice.order_number),
        (_("Buyer reference"), lambda invoice: invoice.buyer_reference),
        (_("Source reference"), lambda invoice: invoice.source_reference),
        (moment(_("Billed at")), lambda invoice: invoice.billed_at),
    ]
    choosable = {
        "customer": (_("Customer"), True),
        "issued": (_("Issued"), True),
        "due": (_("Due"), True),
        "state": (_("State"), True),
        "status": (_("Status"), True),
        "order": (_("Purchase order"), False),
        "buyer": (_("Buyer reference"), False),
        "source": (_("Source reference"), False),
        "net": (_("Net"), False),
        "tax": (_("Tax"), False),
        "amount": (_("Amount"), True),
        "owed": (_("Amount due"), False),
    }

    def prepare(self):
        offered = organization_of(self.request, also=self.read_along)
        self.today = today_of(self.request)
        self.filterset_class = partial(InvoiceFilter, today=self.today, offered=offered)
        self.default_sort = self.usual_sort()

    def usual_sort(self) -> str:
        """Newest first; a list of certain dates by those dates, where an index knows their beginning and their end."""
        for column in ("issued", "due"):
            if self.request.GET.get(f"{column}_from") or self.request.GET.get(f"{column}_to"):
                return f"-{column}"
        return type(self).default_sort

    def read_along(self, today) -> dict:
        """What the filters offer, and the name of the customer the list is narrowed to."""
        asked = self.request.GET.get("customer", "")
        one = {"pk": asked} if asked.isascii() and asked.isdigit() and len(asked) < 19 else {"pk": None}
        customer = Customer.objects.filter(**one).values("name")[:1]
        return {**InvoiceFilter.choices_in_use(today), "asked_customer": Subquery(customer)}

    def rows(self):
        return Invoice.objects.only(*COLUMNS)

    def export(self, rows):
        return super().export(rows.select_related("customer").only(*COLUMNS, "customer__number"))

    def extra(self, page, filterset):
        query = self.request.GET.copy()
        for gone in ("after", "before", "format"):
            query.pop(gone, None)
        return {
            "today": self.today,
            "rows": rows_of(page.rows, person=self.request.user, today=self.today),
            "tabs": self.tabs(query),
            "selects": [filterset.form[name] for name in ("light", "follow_up", "kind", "currency", "template")],
            "dates": [filterset.form[name] for name in DATES],
            "dates_used": any(self.request.GET.get(name) for name in DATES),
            "may_batch": may(self.request.user, "batch.run"),
            "may_draft": may(self.request.user, "invoice.draft"),
            "may_import": may(self.request.user, "invoice.import"),
            "noun": ngettext("invoice", "invoices", page.count),
            "is_filtered": bool(self.tags(filterset) or filterset.form["status"].value()),
        }

    def tabs(self, query):
        """The states as views of the list; they keep the other filters. No counts: those would read the whole table."""
        current = query.get("status", "")
        found = []
        for state, label in [("", gettext("All")), *STATES]:
            if state in ("void", "uncollectible") and state != current:
                continue  # rare: reached by the address, then shown
            asked = query.copy()
            asked.pop("status", None)
            if state:
                asked["status"] = state
            found.append({"label": label, "url": f"?{asked.urlencode()}", "count": None, "current": state == current})
        return found

    def tags(self, filterset):
        """The state is a tab already; a customer goes by name."""
        found = [tag for tag in super().tags(filterset) if tag["name"] != filterset.form.fields["status"].label]
        for tag in found:
            if tag["name"] == filterset.form.fields["customer"].label:
                tag["value"] = organization_of(self.request).asked_customer or tag["value"]
        return found


@staff_required("view")
def row(request, pk):
    """One row of the list, which asks for itself again while an email is under way, a while at most."""
    invoice = get_object_or_404(Invoice.objects.only(*COLUMNS), pk=pk)
    today = today_of(request)
    [shown] = rows_of([invoice], person=request.user, today=today)
    asked = request.GET.get("n", "")
    asked = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 4 else 0
    context = {"row": shown, "today": today, "asked": asked + 1, "pause": min(2 + asked // 5, 10)}
    context["shown"] = InvoiceListView.shown(request)
    context["may_batch"] = may(request.user, "batch.run")
    return render(request, "invoicing/_row.html", context | {"tired": asked >= POLLS_AT_MOST})
