"""The side doors of an opened invoice: credit note, void, uncollectible and back."""

from django.contrib import messages
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from config.common import once
from config.common.leading import go
from config.common.views import carried_out, render_dialog, staff_required

from ..forms.correcting import CreditForm, ReasonForm
from ..services import correcting as service
from ..services import crediting as credit_service
from .figures import today_of
from .sending import invoice_or_404

VOIDING = {
    "title": gettext_lazy("Make it void"),
    "effect": gettext_lazy(
        "Nobody has received it, so it can vanish from what is owed. Its number and PDF stay in the ledger, marked "
        "void. This cannot be undone."
    ),
    "button": gettext_lazy("Make it void"),
}
WRITING_OFF = {
    "title": gettext_lazy("Mark as uncollectible"),
    "effect": gettext_lazy(
        "You do not expect this money any more. It leaves what is owed to you and gets no reminders; the customer can "
        "still pay it, and you can take this back."
    ),
    "button": gettext_lazy("Mark as uncollectible"),
}
EXPECTING = {
    "title": gettext_lazy("Expect it again"),
    "effect": gettext_lazy("It counts as owed to you again, with its old due date."),
    "button": gettext_lazy("Expect it again"),
}


@staff_required("invoice.credit")
@require_http_methods(["GET", "POST"])
def crediting(request, pk):
    """The dialog that drafts a credit note; the draft is then looked at and opened like any other."""
    invoice = invoice_or_404(pk)
    credit_service.check_creditable(invoice)
    form = CreditForm(request.POST or None, invoice=invoice)
    if request.method == "GET" or not form.is_valid() or not _credit(request, invoice, form):
        context = {
            "form": form,
            "invoice": invoice,
            "rest": invoice.total - invoice.credited,
            "cancel_url": reverse("invoicing:detail", args=[pk]),
        }
        status = 422 if request.method == "POST" else 200
        return render_dialog(request, "invoicing/credit_dialog.html", context, status=status)
    if form.result:
        messages.success(request, _("A draft credit note was made. Look at it, then open it."))
    return go(request, form.leads_to)


def _credit(request, invoice, form) -> bool:
    def act():
        reason = form.cleaned_data["reason"]
        return credit_service.draft_credit_note(invoice, by=request.user, quantities=form.quantities(), reason=reason)

    return once.carried_out(request, form, act, leads=lambda made: reverse("invoicing:detail", args=[made.pk]))


@staff_required("invoice.void")
@require_http_methods(["GET", "POST"])
def voiding(request, pk):
    invoice = invoice_or_404(pk)
    service.check_voidable(invoice)

    def act(reason):
        return service.void_invoice(invoice, by=request.user, on=today_of(request), reason=reason)

    return _asked(request, invoice, VOIDING, act, _("%(number)s is void."))


@staff_required("invoice.uncollectible")
@require_http_methods(["GET", "POST"])
def writing_off(request, pk):
    invoice = invoice_or_404(pk)

    def act(reason):
        return service.write_off_invoice(invoice, by=request.user, on=today_of(request), reason=reason)

    return _asked(request, invoice, WRITING_OFF, act, _("%(number)s is marked as uncollectible."))


@staff_required("invoice.uncollectible")
@require_http_methods(["GET", "POST"])
def expecting(request, pk):
    invoice = invoice_or_404(pk)

    def act(reason):
        return service.take_back_write_off(invoice, by=request.user, reason=reason)

    return _asked(request, invoice, EXPECTING, act, _("%(number)s is expected again."))


def _asked(request, invoice, words, act, done):
    """One dialog for all three: what will happen, and why."""
    form = ReasonForm(request.POST or None)
    back = reverse("invoicing:detail", args=[invoice.pk])
    if (
        request.method == "GET"
        or not form.is_valid()
        or not carried_out(form, lambda: act(form.cleaned_data["reason"]))
    ):
        context = {"form": form, "invoice": invoice, "words": words, "cancel_url": back}
        status = 422 if request.method == "POST" else 200
        return render_dialog(request, "invoicing/reason_dialog.html", context, status=status)
    messages.success(request, done % {"number": invoice.number})
    return go(request, back)
