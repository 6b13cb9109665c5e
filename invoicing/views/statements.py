"""Statement of account: one customer's page, and the same as a PDF to send along."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from config.common.currency import to_decimal
from config.common.errors import DomainError
from config.common.exports import FORMATS, export_response
from config.common.views import staff_required
from customers.models import Customer, Organization

from .. import documents
from ..forms.reports import StatementForm
from ..models import Invoice
from ..reports import statement as report
from .figures import today_of

COLUMNS = [
    (gettext_lazy("Date"), lambda entry: entry.on),
    (gettext_lazy("Movement"), lambda entry: entry.label),
    (gettext_lazy("Reference"), lambda entry: entry.reference),
    (gettext_lazy("Amount"), lambda entry: entry.amount),
    (gettext_lazy("Balance"), lambda entry: entry.balance),
]


@staff_required("view")
@require_safe
def statement(request, pk):
    """Everything that moved the customer's balance between two days, in one currency."""
    customer = get_object_or_404(Customer, pk=pk)
    today = today_of(request)
    form = StatementForm(request.GET, today=today, currencies=report.currencies(customer) or [customer.currency])
    kind = request.GET.get("format")
    if kind in FORMATS:
        return _export(request, customer, report.statement(customer, **form.span(), most=None))
    found = report.statement(customer, **form.span())
    if kind == "pdf":
        if found.is_cut:  # a page that goes to the customer is whole or not at all
            raise DomainError(_cut())
        return _pdf(customer, found)
    still_open = Invoice.objects.open().filter(customer=customer, currency=found.currency)
    context = {
        "customer": customer,
        "form": form,
        "statement": found,
        "cut": _cut() if found.is_cut else "",
        "entries": [(entry, _url(entry)) for entry in found.entries],
        "still_open": still_open.invoices().order_by("due_on", "pk")[:50],
        "today": today,
    }
    return render(request, "invoicing/statement.html", context)


def _cut() -> str:
    return _("This span has more movements than one page holds. Ask for a shorter one to see the rest.")


def _url(entry) -> str:
    if entry.kind in ("payment", "returned"):
        return reverse("invoicing:payment", args=[entry.pk])
    return reverse("invoicing:detail", args=[entry.pk]) if entry.kind in ("invoice", "claim", "credit_note") else ""


def _pdf(customer, found):
    content = documents.statement_pdf(found, customer=customer, organization=Organization.objects.current())
    response = HttpResponse(content, content_type="application/pdf")
    name = f"{_('Statement')}-{customer.number}-{found.currency}-{found.until}.pdf"
    response["Content-Disposition"] = content_disposition_header(False, " ".join(name.split()))
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _export(request, customer, found):
    headers = [*(header for header, _cell in COLUMNS), _("Currency")]
    minor = lambda cell: to_decimal(cell, found.currency) if isinstance(cell, int) else cell  # noqa: E731
    opening = [found.since, _("Opening balance"), "", None, to_decimal(found.opening, found.currency), found.currency]
    rows = ([*(minor(cell(entry)) for _header, cell in COLUMNS), found.currency] for entry in found.entries)
    return export_response(request, f"statement-{customer.number}-{found.currency}", headers, iter([opening, *rows]))
