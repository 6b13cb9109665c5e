"""What to do about a scheduled email: move it, cancel it, send it now; and what a moment means while one types."""

from django.contrib import messages
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from config.common import clock
from config.common.leading import go
from config.common.views import carried_out, render_dialog, staff_required

from ..forms.scheduling import ConfirmForm, MoveForm, WhenForm
from ..services import firing, proposing
from ..services import scheduling as service
from .figures import today_of
from .moments import going_of, moment_context, scheduled
from .sending import invoice_or_404

CANCELLING = {
    "title": gettext_lazy("Cancel this email?"),
    "effect": gettext_lazy("It is not sent. You find the invoice under Invoices to be sent, once it is due."),
    "button": gettext_lazy("Cancel the email"),
    "icon": "x",
}
SENDING = {
    "title": gettext_lazy("Send it now?"),
    "effect": gettext_lazy("It goes out at once, in the background, and not at the time it was scheduled for."),
    "button": gettext_lazy("Send now"),
    "icon": "send",
}


@staff_required("invoice.send")
@require_safe
def moment(request, pk):
    """What the date, time and zone that are typed so far mean."""
    invoice = invoice_or_404(pk)
    present = next((delivery.scheduled_zone for delivery in service.scheduled_of(invoice)), "")
    form = WhenForm(request.GET, invoice=invoice, person=request.user, present=present)
    return render(request, "invoicing/_moment.html", {**moment_context(form, invoice), "invoice": invoice})


@staff_required("invoice.send")
@require_http_methods(["GET", "POST"])
def rescheduling(request, pk):
    invoice = invoice_or_404(pk)
    first = service.waiting_of(invoice)[0]
    form = MoveForm(request.POST or None, invoice=invoice, person=request.user, delivery=first)
    if request.method == "GET" or not form.is_valid() or not carried_out(form, lambda: _move(request, invoice, form)):
        context = {**_context(request, invoice, form), **moment_context(form.when(), invoice)}
        status = 422 if request.method == "POST" else 200
        return render_dialog(request, "invoicing/move_dialog.html", context, status=status)
    return _done(request, pk, scheduled(form.result))


def _move(request, invoice, form):
    return service.move_scheduled(invoice, by=request.user, now=clock.now(), **form.values())


@staff_required("invoice.send")
@require_http_methods(["GET", "POST"])
def unscheduling(request, pk):
    return _confirm(request, pk, CANCELLING, _cancel, _("The scheduled email is cancelled."))


def _cancel(request, invoice, form):
    service.cancel_scheduled(invoice, by=request.user)


@staff_required("invoice.send")
@require_http_methods(["GET", "POST"])
def sending_now(request, pk):
    return _confirm(request, pk, SENDING, _send, _("It is on its way."))


def _send(request, invoice, form):
    version = form.cleaned_data["version"] if invoice.is_draft else None
    firing.send_now(invoice, by=request.user, on=today_of(request), version=version)


def _confirm(request, pk, words, act, said):
    invoice = invoice_or_404(pk)
    service.waiting_of(invoice)
    form = ConfirmForm(request.POST or None, invoice=invoice)
    if request.method == "GET" or not form.is_valid() or not carried_out(form, lambda: act(request, invoice, form)):
        context = {**_context(request, invoice_or_404(pk), form), "words": words}
        status = 422 if request.method == "POST" else 200
        return render_dialog(request, "invoicing/scheduled_dialog.html", context, status=status)
    return _done(request, pk, said)


def _context(request, invoice, form) -> dict:
    waiting = service.scheduled_of(invoice)
    return {
        "form": form,
        "invoice": invoice,
        "waiting": going_of(waiting[0]) if waiting else None,
        "recipients": [delivery.recipient for delivery in waiting],
        "number": proposing.expected_number(invoice, on=today_of(request)) if invoice.is_draft else invoice.number,
        "cancel_url": _back(request, invoice.pk),
    }


def _done(request, pk, words):
    messages.success(request, words)
    return go(request, _back(request, pk))


def _back(request, pk) -> str:
    """The list one came from, or the invoice."""
    if request.GET.get("from") == "scheduled":
        return reverse("invoicing:scheduled")
    return reverse("invoicing:detail", args=[pk])
