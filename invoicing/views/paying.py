"""Money received: the Record payment dialog, the list of payments, and the page of one."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.html import escape
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe
from django_htmx.http import HttpResponseClientRedirect

from config.common.currency import to_decimal
from config.common.models import AuditEvent
from config.common.views import FilteredListView, carried_out, render_dialog, staff_required

from .. import telling
from ..figures import Unreadable, read_money
from ..filters import PaymentFilter
from ..formats import money_text
from ..forms.paying import PaymentForm
from ..models import Invoice, Payment
from ..services import paying as service
from .figures import today_of


@staff_required("payment.record")
@require_http_methods(["GET", "POST"])
def payments(request, pk):
    """The dialog. For HTMX, `?effect` answers with what the amount typed so far would do."""
    invoice = get_object_or_404(Invoice.objects.select_related("customer"), pk=pk)
    if request.method == "GET":
        service.check_payable(invoice)
    form = PaymentForm(request.POST or None, invoice=invoice, today=today_of(request), language=get_language() or "en")
    if request.method == "GET" and "effect" in request.GET:
        return HttpResponse(escape(_effect(form, request.GET.get("amount", ""))))
    if request.method == "GET" or not form.is_valid() or not carried_out(form, lambda: _record(request, invoice, form)):
        context = {
            "form": form,
            "invoice": invoice,
            "effect": _effect(form, form["amount"].value() if form.is_bound else None),
            "cancel_url": reverse("invoicing:detail", args=[pk]),
        }
        status = 422 if request.method == "POST" else 200
        return render_dialog(request, "invoicing/payment_form.html", context, status=status)
    messages.success(request, _sentence(form.result))
    url = reverse("invoicing:detail", args=[pk])
    return HttpResponseClientRedirect(url) if request.htmx else redirect(url)


def _record(request, invoice, form):
    return service.record_payment(invoice, by=request.user, **form.values())


def _effect(form, typed) -> str:
    if typed is None:
        return form.effect(form.invoice.amount_due)
    try:
        return form.effect(read_money(str(typed), form.invoice.currency))
    except Unreadable:
        return ""


def _sentence(payment) -> str:
    words = {"amount": money_text(payment.amount, payment.currency, get_language() or "en")}
    if payment.on_account:
        words["rest"] = money_text(payment.on_account, payment.currency, get_language() or "en")
        return _("%(amount)s recorded; %(rest)s is kept as credit on account.") % words
    return _("%(amount)s recorded.") % words


def _money(name):
    return lambda payment: to_decimal(getattr(payment, name), payment.currency)


class PaymentListView(FilteredListView):
    """Every payment, newest first."""

    filterset_class = PaymentFilter
    template_name = "invoicing/payments.html"
    rows_template_name = "invoicing/_payment_rows.html"
    default_sort = "-received"
    sorts = {
        "received": (gettext_lazy("Received on"), "received_on"),
        "customer": (gettext_lazy("Customer"), "customer__name"),
        "amount": (gettext_lazy("Amount"), "amount"),
    }
    csv_name = "payments"
    csv_columns = [
        (gettext_lazy("Received on"), lambda payment: payment.received_on),
        (gettext_lazy("Payment date"), lambda payment: payment.paid_on),
        (gettext_lazy("Customer number"), lambda payment: payment.customer.number),
        (gettext_lazy("Customer"), lambda payment: payment.customer.name),
        (gettext_lazy("Method"), lambda payment: payment.get_method_display()),
        (gettext_lazy("Reference"), lambda payment: payment.reference),
        (gettext_lazy("Currency"), lambda payment: payment.currency),
        (gettext_lazy("Amount"), _money("amount")),
        (gettext_lazy("Settles invoices"), _money("allocated")),
        (gettext_lazy("Refunded"), _money("refunded")),
        (gettext_lazy("Credit on account"), _money("on_account")),
    ]

    def rows(self):
        return Payment.objects.select_related("customer").defer("note")

    def extra(self, page, filterset):
        query = self.request.GET.copy()
        for gone in ("after", "before", "format"):
            query.pop(gone, None)
        query["format"] = "csv"
        return {"export_url": f"?{query.urlencode()}", "is_filtered": bool(self.tags(filterset))}


@staff_required("view")
@require_safe
def payment(request, pk):
    """Who paid what, what it settles, and what is left of it."""
    found = get_object_or_404(Payment.objects.select_related("customer", "recorded_by"), pk=pk)
    events = AuditEvent.objects.filter(object_type="payment", object_id=found.pk).order_by("seq")
    context = {
        "payment": found,
        "allocations": list(found.allocations.select_related("invoice").order_by("pk")),
        "events": telling.items(events, currency=found.currency, recipients={}),
    }
    return render(request, "invoicing/payment.html", context)
