"""Mark as Sent, and Undo."""

from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from config.common.views import carried_out, render_dialog, staff_required

from ..forms.sending import MarkForm
from ..services import marking as service
from ..services import proposing
from .figures import today_of
from .sending import answer, from_queue, invoice_or_404


@staff_required("invoice.mark_as_sent")
@require_http_methods(["GET", "POST"])
def marking(request, pk):
    invoice, on = invoice_or_404(pk), today_of(request)
    form = MarkForm(request.POST or None, invoice=invoice, today=on)
    if (
        request.method == "GET"
        or not form.is_valid()
        or not carried_out(form, lambda: _mark(request, invoice, form, on))
    ):
        context = {
            "form": form,
            "invoice": invoice_or_404(pk),
            "number": proposing.expected_number(invoice, on=on),
            "cancel_url": reverse("invoicing:queue") if from_queue(request) else reverse("invoicing:detail", args=[pk]),
        }
        status = 422 if request.method == "POST" else 200
        return render_dialog(request, "invoicing/mark_dialog.html", context, status=status)
    return answer(request, pk, _("%(number)s is marked as sent.") % {"number": form.result.documents.get().invoice})


def _mark(request, invoice, form, on):
    version = form.cleaned_data["version"] if invoice.is_draft else None
    return service.mark_as_sent(invoice, by=request.user, on=on, version=version, **form.values())


@staff_required("invoice.mark_as_sent")
@require_POST
def unmarking(request, pk):
    """Undo: takes back “sent”, never the opening."""
    invoice = invoice_or_404(pk)
    service.undo_mark_as_sent(invoice, by=request.user)
    return answer(request, pk, _("%(number)s is no longer marked as sent.") % {"number": invoice})
