"""The Open dialog: review, and send in the same step where that is wanted."""

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from config.common.views import carried_out, render_dialog, staff_required

from .. import merge
from ..forms.sending import OpenForm
from ..models import Invoice
from ..services import delivering, previewing, proposing
from ..services import opening as service
from .actions import PAYABLE
from .figures import today_of
from .mending import mend_link
from .moments import later_context, scheduled
from .sending import answer, from_queue, invoice_or_404, schedule


@staff_required("invoice.open")
@require_http_methods(["GET", "POST"])
def opening(request, pk):
    invoice = invoice_or_404(pk)
    proposal = proposing.propose(invoice)
    later = "later" in request.GET or _is_for_later(invoice, today_of(request))
    form = OpenForm(request.POST or None, invoice=invoice, proposal=proposal, person=request.user, later=later)
    if request.method == "GET" or not form.is_valid() or not carried_out(form, lambda: _open(request, invoice, form)):
        status = 422 if request.method == "POST" else 200
        return render_dialog(request, "invoicing/open_dialog.html", open_context(request, pk, form), status=status)
    return answer(request, pk, scheduled(form.result) if form.waits else _sentence(pk, len(form.result)))


def _is_for_later(invoice, on) -> bool:
    """Its issue date is still to come: it can be scheduled, and not be opened yet."""
    return bool(invoice.is_draft and invoice.issued_on and invoice.issued_on > on)


def _open(request, invoice, form) -> list:
    """The deliveries that were queued or scheduled; none where Send Email is off."""
    if form.waits:
        return schedule(request, invoice, form)
    version = form.cleaned_data["version"]
    if form.sends:
        return delivering.open_and_send(
            invoice, by=request.user, on=today_of(request), mail=form.mail(), version=version
        )
    service.open_invoice(invoice, by=request.user, on=today_of(request), version=version)
    return []


def _sentence(pk, readers: int) -> str:
    number = Invoice.objects.values_list("number", flat=True).get(pk=pk)
    if not readers:
        return _("%(number)s is open.") % {"number": number}
    return ngettext(
        "%(number)s is open and on its way to %(n)d recipient.",
        "%(number)s is open and on its way to %(n)d recipients.",
        readers,
    ) % {"number": number, "n": readers}


def open_context(request, pk, form):
    """Read anew: after a refusal the dialog shows the draft as it is now."""
    invoice, on = invoice_or_404(pk), today_of(request)
    shown = previewing.as_if_opened(invoice, on=on)
    found = service.problems(invoice, on=max(on, invoice.issued_on or on)) if invoice.is_draft else ()
    back = reverse("invoicing:queue") if from_queue(request) else reverse("invoicing:detail", args=[pk])
    return {
        "form": form,
        "invoice": invoice,
        "proposal": form.proposal,
        "number": shown.number,
        "issued_on": shown.issued_on,
        "stated_on": invoice.issued_on,
        **_set_off(invoice),
        "due_on": shown.due_on,
        "line_count": invoice.lines.count(),
        "problems": [{"sentence": problem.sentence, **mend_link(problem.field, invoice)} for problem in found],
        "is_for_later": _is_for_later(invoice, on),
        **later_context(form, invoice),
        "wording": previewing.wording(invoice, subject=form["subject"].value(), message=form["message"].value()),
        "merge_fields": merge.legend(),
        "today": on,
        "back": back,
        "cancel_url": back,
        "preview_url": reverse("invoicing:preview", args=[pk]) + "?from=opening",
    }


def _set_off(invoice) -> dict:
    """What opening a credit note does to what is due, minor units."""
    if not invoice.is_credit_note:
        return {}
    due = invoice.corrects.amount_due if invoice.corrects_id and invoice.corrects.status in PAYABLE else 0
    return {"set_off": min(due, invoice.total), "stays": max(invoice.total - due, 0)}
