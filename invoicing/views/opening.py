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
from .figures import today_of
from .sending import answer, from_queue, invoice_or_404


@staff_required("invoice.open")
@require_http_methods(["GET", "POST"])
def opening(request, pk):
    invoice = invoice_or_404(pk)
    proposal = proposing.propose(invoice)
    form = OpenForm(request.POST or None, invoice=invoice, proposal=proposal)
    if request.method == "GET" or not form.is_valid() or not carried_out(form, lambda: _open(request, invoice, form)):
        status = 422 if request.method == "POST" else 200
        return render_dialog(request, "invoicing/open_dialog.html", open_context(request, pk, form), status=status)
    return answer(request, pk, _sentence(pk, len(form.result)))


def _open(request, invoice, form) -> list:
    """The deliveries that were queued; none where Send Email is off."""
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
    back = reverse("invoicing:queue") if from_queue(request) else reverse("invoicing:detail", args=[pk])
    return {
        "form": form,
        "invoice": invoice,
        "proposal": form.proposal,
        "number": shown.number,
        "issued_on": shown.issued_on,
        "due_on": shown.due_on,
        "line_count": invoice.lines.count(),
        "problems": [_with_link(invoice, problem) for problem in service.problems(invoice, on=on)]
        if invoice.is_draft
        else [],
        "wording": previewing.wording(invoice, subject=form["subject"].value(), message=form["message"].value()),
        "merge_fields": merge.FIELDS,
        "today": on,
        "back": back,
        "cancel_url": back,
        "preview_url": reverse("invoicing:preview", args=[pk]) + "?from=opening",
    }


def _with_link(invoice, problem) -> dict:
    """Where it is mended, and in a word what is there."""
    if problem.field == "customer_profile":
        url, word = reverse("customers:detail", args=[invoice.customer_id]), _("Customer’s profile")
    elif problem.field == "organization":
        url, word = reverse("customers:organization"), _("Organization")
    else:
        url, word = reverse("invoicing:edit", args=[invoice.pk]), _("Edit the draft")
    return {"sentence": problem.sentence, "url": url, "word": word}
