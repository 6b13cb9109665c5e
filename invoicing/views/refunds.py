"""Money given back, and payments that never were: refunds and reversals, each with its effect spelled out."""

from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from config.common.errors import Stale
from config.common.views import staff_required

from ..forms.moving import RefundForm, ReversalForm, WhyForm
from ..forms.paying import say
from ..models import Allocation, Invoice, Payment, Refund
from ..services import allocating, paying, refunding
from .allocations import asked
from .figures import today_of


@staff_required("payment.refund")
@require_http_methods(["GET", "POST"])
def payment_refunds(request, pk):
    """Credit on account that was paid back."""
    payment = get_object_or_404(Payment.objects.select_related("customer"), pk=pk)
    form = _refund_form(request, payment.on_account, payment.currency)
    words = {
        "title": _("Record refund"),
        "lede": payment.customer.name,
        "effect": _("%(rest)s is on account. What you type here leaves it; no money moves by this page.")
        % {"rest": say(payment.on_account, payment.currency)},
        "button": _("Record refund"),
    }

    def act():
        return refunding.refund_payment(payment, by=request.user, **form.values())

    back = reverse("invoicing:payment", args=[pk])
    return asked(request, form, act, words, back=back, done=_("The refund is recorded."))


@staff_required("payment.refund")
@require_http_methods(["GET", "POST"])
def credit_refunds(request, pk):
    """What a credit note owes the customer, paid back."""
    note = get_object_or_404(Invoice.objects.select_related("customer").filter(kind="credit_note"), pk=pk)
    if request.method == "GET":
        allocating.check_gives_credit(note, 1)
    form = _refund_form(request, note.amount_due, note.currency)
    words = {
        "title": _("Record refund of %(number)s") % {"number": note.number},
        "lede": note.customer_name,
        "effect": _("%(rest)s is left on it. What you type here settles it; no money moves by this page.")
        % {"rest": say(note.amount_due, note.currency)},
        "button": _("Record refund"),
    }

    def act():
        return refunding.refund_credit(note, by=request.user, **form.values())

    back = reverse("invoicing:detail", args=[pk])
    return asked(request, form, act, words, back=back, done=_("The refund is recorded."))


def _refund_form(request, rest, currency):
    return RefundForm(request.POST or None, rest=rest, currency=currency, today=today_of(request))


@staff_required("payment.refund")
@require_http_methods(["GET", "POST"])
def refund_taking_back(request, pk):
    """A refund that was recorded by mistake."""
    refund = get_object_or_404(Refund.objects.select_related("payment", "credit_note").filter(reverses=None), pk=pk)
    form = WhyForm(request.POST if request.method == "POST" else None)
    amount = {"amount": say(refund.amount, refund.currency)}
    if refund.payment_id:
        effect, back = _("%(amount)s is credit on account again.") % amount, ("payment", refund.payment_id)
    else:
        number = {"number": refund.credit_note.number}
        effect = _("%(amount)s is free on %(number)s again.") % {**amount, **number}
        back = ("detail", refund.credit_note_id)
    words = {"title": _("Take the refund back"), "effect": effect, "button": _("Take back")}

    def act():
        return refunding.take_back_refund(refund, by=request.user, reason=form.cleaned_data["reason"])

    url = reverse(f"invoicing:{back[0]}", args=[back[1]])
    return asked(request, form, act, words, back=url, done=_("The refund is taken back."))


@staff_required("payment.reverse")
@require_http_methods(["GET", "POST"])
def reversing(request, pk):
    """The whole payment: recorded by mistake, returned by the bank, charged back."""
    payment = get_object_or_404(Payment.objects.select_related("customer"), pk=pk)
    if request.method == "GET" and payment.status == Payment.Status.REVERSED:
        raise Stale(_("This payment was reversed already. Nothing was done twice."))
    if request.method == "GET":
        paying.check_not_refunded(payment)
    form = ReversalForm(request.POST or None, payment=payment, today=today_of(request))
    words = {
        "title": _("Reverse payment"),
        "lede": payment.customer.name,
        "effect": effect_of_reversing(payment),
        "warning": _("This cannot be undone; a payment reversed by mistake is recorded again."),
        "button": _("Reverse payment"),
    }

    def act():
        return paying.reverse_payment(payment, by=request.user, **form.cleaned_data)

    back = reverse("invoicing:payment", args=[pk])
    return asked(request, form, act, words, back=back, done=_("The payment is reversed."))


def effect_of_reversing(payment) -> str:
    """How many invoices are owed again, how much of it, and what leaves the credit on account."""
    rows = list(Allocation.objects.filter(payment=payment, reverses=None, reversed_by=None).select_related("invoice"))
    opened = {row.invoice_id for row in rows if row.invoice.status == Invoice.Status.PAID}
    words = {"amount": say(sum(row.amount for row in rows), payment.currency), "n": len(opened)}
    sentences = []
    if opened:
        sentences.append(
            ngettext("Opens %(n)d invoice again, %(amount)s.", "Opens %(n)d invoices again, %(amount)s.", len(opened))
            % words
        )
    elif rows:
        sentences.append(_("%(amount)s is owed again.") % words)
    if payment.on_account:
        rest = {"rest": say(payment.on_account, payment.currency)}
        sentences.append(_("%(rest)s leaves the credit on account.") % rest)
    return " ".join(sentences)
