"""Money received: the Record payment dialog, and the list of payments."""

from functools import partial

from django.contrib import messages
from django.db.models import Count, F, Sum
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from config.common import once, roles
from config.common.currency import to_decimal
from config.common.leading import go
from config.common.views import FilteredListView, render_dialog, staff_required
from customers.models import Customer

from ..filters import PaymentFilter
from ..formats import money_text
from ..forms.paying import PaymentForm
from ..models import Invoice, Payment
from ..reports import credit
from ..services import paying as service
from .actions import Action
from .figures import organization_of, today_of
from .payment import actions


@staff_required("payment.record")
@require_http_methods(["GET", "POST"])
def payments(request, pk):
    """The dialog. For HTMX, `?effect` answers with what is typed so far would do."""
    invoice = get_object_or_404(Invoice.objects.select_related("customer"), pk=pk)
    if request.method == "GET":
        service.check_payable(invoice)
    form = PaymentForm(request.POST or None, invoice=invoice, today=today_of(request), person=request.user)
    if request.method == "GET" and "effect" in request.GET:
        return render(request, "invoicing/_payment_effect.html", {"effect": form.typed_effect(request.GET)})
    if request.method == "GET" or not form.is_valid() or not _record(request, invoice, form):
        context = {
            "form": form,
            "invoice": invoice,
            "effect": form.typed_effect(request.POST) if form.is_bound else form.effect(invoice.amount_due),
            "credit_url": _credit_url(request, invoice),
            "cancel_url": reverse("invoicing:detail", args=[pk]),
        }
        status = 422 if request.method == "POST" else 200
        return render_dialog(request, "invoicing/payment_form.html", context, status=status)
    if form.result:
        messages.success(request, recorded(form.result))
    return go(request, reverse("invoicing:detail", args=[pk]))


def _record(request, invoice, form) -> bool:
    return once.carried_out(
        request, form, lambda: service.pay_invoice(invoice, by=request.user, **form.values()), leads=page_of_payment
    )


def page_of_payment(payment) -> str:
    return reverse("invoicing:payment", args=[payment.pk])


def _credit_url(request, invoice) -> str:
    """Where credit is used instead of money; "" where there is none."""
    found = credit.payments_on_account(invoice.customer, invoice.currency)
    found = found or credit.open_notes(invoice.customer, invoice.currency)
    usable = found and roles.may(request.user, "payment.allocate")
    return reverse("invoicing:use_credit", args=[invoice.pk]) if usable else ""


def recorded(payment) -> str:
    """What was done, for the toast."""
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
        (gettext_lazy("State"), lambda payment: payment.get_reversal_display() or payment.get_status_display()),
        (gettext_lazy("Reversed on"), lambda payment: payment.reversed_on),
    ]
    choosable = {
        "paid": (gettext_lazy("Payment date"), False),
        "customer": (gettext_lazy("Customer"), True),
        "method": (gettext_lazy("Method"), True),
        "reference": (gettext_lazy("Reference"), True),
        "amount": (gettext_lazy("Amount"), True),
        "allocated": (gettext_lazy("Settles invoices"), False),
        "refunded": (gettext_lazy("Refunded"), False),
        "credit": (gettext_lazy("Credit on account"), True),
    }

    def get(self, request):
        offered = organization_of(request, also=PaymentFilter.choices_in_use)
        self.filterset_class = partial(PaymentFilter, offered=offered)
        return super().get(request)

    def rows(self):
        return Payment.objects.select_related("customer").defer("note")

    def extra(self, page, filterset):
        is_filtered = any(self.request.GET.get(name) for name in filterset.filters)
        rows = [(payment, self.menu(payment)) for payment in page.rows]
        return {"rows": rows, "is_filtered": is_filtered, "totals": self.totals(page, filterset)}

    def menu(self, payment) -> list[Action]:
        """What the payment's own page offers."""
        view = Action("view", _("View"), reverse("invoicing:payment", args=[payment.pk]), "eye")
        return [view, *actions(payment, self.request.user)]

    def totals(self, page, filterset) -> list[dict] | None:
        """Per currency what the filtered payments come to; None where there are more than are counted."""
        if page.count_is_capped:
            return None
        left = Sum(F("amount") - F("allocated") - F("refunded"))
        rows = filterset.qs.filter(status=Payment.Status.RECORDED).order_by("currency").values("currency")
        return list(rows.annotate(n=Count("pk"), sum=Sum("amount"), left=left))

    def tags(self, filterset):
        """A customer goes by name."""
        found = super().tags(filterset)
        for tag in found:
            if tag["name"] == filterset.form.fields["customer"].label:
                tag["value"] = (
                    Customer.objects.filter(pk=filterset.form.cleaned_data.get("customer")).first() or tag["value"]
                )
        return found
