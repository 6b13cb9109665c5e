"""The Send dialog: review the addresses and words, see a preview, and send."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from config.common import clock
from config.common.leading import go
from config.common.views import carried_out, render_dialog, staff_required

from .. import merge
from ..forms.sending import SendForm
from ..models import Invoice
from ..services import delivering, previewing, proposing, scheduling
from .figures import today_of
from .moments import later_context, scheduled
from .rows import changed_row


def invoice_or_404(pk) -> Invoice:
    return get_object_or_404(Invoice.objects.select_related("customer", "template"), pk=pk)


def from_queue(request) -> bool:
    return request.GET.get("from") == "queue"


@staff_required("invoice.send")
@require_http_methods(["GET", "POST"])
def deliveries(request, pk):
    """Send (from the queue, where a draft is opened first) or Send Email (on the invoice's page)."""
    invoice = invoice_or_404(pk)
    proposal = proposing.propose(invoice)
    if request.method == "GET" and sends_here(request, invoice) and not proposal.has_address:
        return no_contact(request, invoice)
    later = "later" in request.GET
    form = SendForm(request.POST or None, invoice=invoice, proposal=proposal, person=request.user, later=later)
    if request.method == "GET" or not form.is_valid() or not carried_out(form, lambda: _send(request, invoice, form)):
        status = 422 if request.method == "POST" else 200
        return render_dialog(request, "invoicing/send_dialog.html", send_context(request, pk, form), status=status)
    return answer(request, pk, scheduled(form.result) if form.waits else sentence(form.result))


def _send(request, invoice, form):
    if form.waits and sends_here(request, invoice):
        return schedule(request, invoice, form)
    if invoice.is_draft and from_queue(request):
        version = form.cleaned_data["version"]
        return delivering.open_and_send(
            invoice, by=request.user, on=today_of(request), mail=form.mail(), version=version
        )
    return delivering.queue_delivery(invoice, by=request.user, mail=form.mail())


def schedule(request, invoice, form):
    return scheduling.schedule_delivery(
        invoice,
        by=request.user,
        mail=form.mail(),
        wall=form.wall(),
        now=clock.now(),
        version=form.cleaned_data["version"] if invoice.is_draft else None,
    )


def sends_here(request, invoice) -> bool:
    """Elsewhere than in the queue a draft is to be opened first."""
    return from_queue(request) or not invoice.is_draft


def send_context(request, pk, form) -> dict:
    """The invoice is read again: a refusal may tell of what a colleague has done to it."""
    invoice = invoice_or_404(pk) if form.is_bound else form.invoice
    on = today_of(request)
    return {
        "form": form,
        "invoice": invoice,
        "proposal": form.proposal,
        "queue": from_queue(request),
        "opens": invoice.is_draft and from_queue(request),
        "open_first": invoice.is_draft and not from_queue(request),
        "number": proposing.expected_number(invoice, on=on) if invoice.is_draft else invoice.number,
        "wording": previewing.wording(invoice, subject=form["subject"].value(), message=form["message"].value()),
        "merge_fields": merge.legend(),
        "today": on,
        **later_context(form, invoice),
        "cancel_url": reverse("invoicing:queue") if from_queue(request) else reverse("invoicing:detail", args=[pk]),
        "preview_url": reverse("invoicing:preview", args=[pk]) + ("?from=queue" if from_queue(request) else ""),
    }


def no_contact(request, invoice):
    """It cannot be sent: where the address belongs, and the way back to this dialog."""
    context = {
        "invoice": invoice,
        "cancel_url": reverse("invoicing:queue"),
        "queue": from_queue(request),
        "back": request.get_full_path(),
    }
    return render_dialog(request, "invoicing/no_contact.html", context)


def answer(request, pk, words):
    """Said, done: in the queue the row goes on telling by itself, elsewhere the invoice's page does."""
    messages.success(request, words)
    if from_queue(request):
        if request.htmx:
            return changed_row(request, pk)
        return redirect("invoicing:queue")
    return go(request, reverse("invoicing:detail", args=[pk]))


def sentence(sent) -> str:
    """What was just put on its way, to how many readers."""
    number = Invoice.objects.filter(delivery_documents__delivery=sent[0]).values_list("number", flat=True).get()
    return ngettext(
        "%(number)s is on its way to %(n)d recipient.", "%(number)s is on its way to %(n)d recipients.", len(sent)
    ) % {"number": number, "n": len(sent)}
