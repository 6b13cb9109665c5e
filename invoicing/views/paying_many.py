"""Record a payment over several invoices: for whom, how it is shared out, and recording it."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_http_methods

from config.common import once
from config.common.currency import codes
from config.common.leading import go
from config.common.views import staff_required
from customers.models import Customer

from ..forms.paying_many import INVOICES_AT_MOST, PaymentOverForm, find_payers
from ..reports import credit, owed_by
from ..services import paying as service
from .figures import today_of
from .paying import page_of_payment, recorded

PAYERS_SHOWN = 20


@staff_required("payment.record")
@require_http_methods(["GET", "POST"])
def payment_new(request):
    """Without ?customer= first the question whose money it is. Nothing is written while `act` is not "record"."""
    asked = request.GET.get("customer", "")
    if not (asked.isascii() and asked.isdigit() and len(asked) < 19):
        return _whose(request)
    customer = get_object_or_404(Customer, pk=asked)
    owed = credit.currencies_owed(customer)
    currency = _currency(request, customer, owed)
    invoices = credit.owed_invoices(customer, currency, most=INVOICES_AT_MOST + 1)
    facts = {
        "customer": customer,
        "currency": currency,
        "invoices": invoices[:INVOICES_AT_MOST],
        "today": today_of(request),
        "person": request.user,
    }
    more = {
        "customer": customer,
        "currency": currency,
        "currencies": owed if currency in owed else [*owed, currency],
        "more": len(invoices) > INVOICES_AT_MOST,
        "today": facts["today"],
    }
    if request.method == "GET":
        form = PaymentOverForm(None, **facts)
        return _page(request, {**more, "form": form, "sums": None})
    form = PaymentOverForm(request.POST, **facts)
    if (act := request.POST.get("act", "record")) != "record":
        return _step(request, act, form, facts, more)
    if not form.is_valid():
        if kept := once.sent_before(request):
            return go(request, kept.path)
    elif _record(request, customer, form):
        if form.result:
            messages.success(request, recorded(form.result))
        return go(request, form.leads_to)
    return _page(request, {**more, "form": form, "sums": form.sums()}, status=422)


def _record(request, customer, form) -> bool:
    return once.carried_out(
        request, form, lambda: service.record_payment(customer, by=request.user, **form.values()), leads=page_of_payment
    )


def _step(request, act, form, facts, more):
    """Between: the amount shared out over the invoices, or what the typed amounts come to."""
    typed = form.distributed() if act == "distribute" else form.data
    context = {**more, "form": PaymentOverForm(None, typed=typed, **facts), "sums": form.sums(typed)}
    if request.htmx.target == "payment-sums":
        return render(request, "invoicing/_payment_sums.html", context)
    if request.htmx.target == "payment-shares":
        return render(request, "invoicing/_payment_shares.html", context)
    return _page(request, context)


def _page(request, context, *, status=200):
    return render(request, "invoicing/payment_new.html", context, status=status)


def _currency(request, customer, owed) -> str:
    """The one asked for, else the customer's own, else one that something is owed in."""
    asked = request.GET.get("currency", "")
    if asked in codes():
        return asked
    return customer.currency if customer.currency in owed or not owed else owed[0]


def _whose(request):
    words = request.GET.get("q", "").strip()[:100]
    found = find_payers(words, most=PAYERS_SHOWN + 1)
    shown = found[:PAYERS_SHOWN]
    owed = owed_by([customer.pk for customer in shown])
    context = {
        "words": words,
        "customers": [{"customer": customer, "owes": owed.get(customer.pk, {})} for customer in shown],
        "more": len(found) > PAYERS_SHOWN,
    }
    return render(request, "invoicing/payment_whose.html", context)
