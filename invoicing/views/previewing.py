"""Send me a preview, and how the words read while they are typed."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from django_htmx.http import reswap

from config.common.views import carried_out, render_dialog, staff_required

from ..forms.sending import OpenForm, SendForm
from ..services import previewing, proposing
from .opening import open_context
from .sending import from_queue, invoice_or_404, send_context


@staff_required("invoice.send")
@require_POST
def preview(request, pk):
    """Exactly that mail, to the person at the keyboard alone. Without a form (a row's menu) it is the proposed one."""
    invoice = invoice_or_404(pk)
    proposal = proposing.propose(invoice)
    if "occasion" not in request.POST:
        mail = previewing.proposed_mail(invoice, proposal)
        previewing.send_preview(invoice, by=request.user, mail=mail)
        return _said(request, reverse("invoicing:queue"))
    kind = OpenForm if _is_opening(request) else SendForm
    form = kind(request.POST, invoice=invoice, proposal=proposal, person=request.user)
    if form.is_valid() and carried_out(
        form, lambda: previewing.send_preview(invoice, by=request.user, mail=form.mail())
    ):
        return _said(request, _dialog_url(request, pk))
    return _dialog_again(request, pk, form)


def _dialog_again(request, pk, form):
    """The dialog the button stands in, with everything typed and what to mend."""
    if _is_opening(request):
        template, context = "invoicing/open_dialog.html", open_context(request, pk, form)
    else:
        template, context = "invoicing/send_dialog.html", send_context(request, pk, form)
    return render_dialog(request, template, {**context, "action": _dialog_url(request, pk)}, status=422)


def _said(request, url):
    messages.success(
        request, _("A preview is on its way to %(email)s. Nothing else was changed.") % {"email": request.user.email}
    )
    return reswap(render(request, "invoicing/_toasts_only.html"), "none") if request.htmx else redirect(url)


def _is_opening(request) -> bool:
    return request.GET.get("from") == "opening"


def _dialog_url(request, pk):
    name = "invoicing:opening" if _is_opening(request) else "invoicing:deliveries"
    return reverse(name, args=[pk]) + ("?from=queue" if from_queue(request) else "")


@staff_required("invoice.send")
@require_POST
def wording(request, pk):
    """How subject and message read with their fields filled."""
    words = previewing.wording(
        invoice_or_404(pk), subject=request.POST.get("subject", ""), message=request.POST.get("message", "")
    )
    return render(request, "invoicing/_wording.html", {"wording": words})
