"""One delivery as it was sent, and what to do about those that failed or are of unknown outcome."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from config.common import roles
from config.common.leading import safe_next
from config.common.paging import page_of
from config.common.views import carried_out, staff_required

from .. import presenting
from ..forms.sending import SettleForm
from ..models import Delivery, DeliveryDocument
from ..services import channels, settling
from .mail_pages import mail_page


@staff_required("view")
@require_safe
def delivery(request, pk):
    return _page(request, _delivery_or_404(pk), SettleForm())


@staff_required("view")
@require_safe
def delivery_html(request, pk):
    """The HTML part as it was composed, for the frame."""
    html = _delivery_or_404(pk).html
    if not html:
        raise Http404
    return mail_page(html)


@staff_required("delivery.settle")
@require_POST
def settle(request, pk):
    """It arrived, Send again (to a mended address, if one was typed), or let it rest."""
    found, form = _delivery_or_404(pk), SettleForm(request.POST)
    if not form.is_valid() or not carried_out(
        form,
        lambda: settling.settle_delivery(
            found, by=request.user, decision=form.cleaned_data["decision"], address=form.cleaned_data["address"]
        ),
    ):
        return _page(request, _delivery_or_404(pk), form, status=422)
    messages.success(request, _SAID[form.cleaned_data["decision"]]())
    return redirect("invoicing:delivery", pk)


_SAID = {
    "arrived": lambda: _("Noted: it arrived."),
    "again": lambda: _("It is on its way again."),
    "rest": lambda: _("Nothing more will be done about it."),
}


@staff_required("view")
@require_http_methods(["GET", "HEAD", "POST"])
def problems(request):
    """Failed or of unknown outcome and not settled; POST settles all that are ticked."""
    if request.method == "POST":
        return _settle_ticked(request)
    page = page_of(
        Delivery.objects.problems().select_related("customer").prefetch_related("documents__invoice"),
        order="-pk",
        size=50,
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    for row in page.rows:
        row.light = presenting.delivery_status(row)
        row.invoice = next((document.invoice for document in row.documents.all()), None)
    context = {"page": page, "may_settle": roles.may(request.user, "delivery.settle")}
    return render(request, "invoicing/problems.html", context)


def _settle_ticked(request):
    ticked = [pk for pk in request.POST.getlist("id") if pk.isascii() and pk.isdigit() and len(pk) < 19]
    settled, refusals = settling.settle_deliveries(ticked, by=request.user, decision=request.POST.get("decision", ""))
    if settled:
        words = ngettext("%(n)d delivery is settled.", "%(n)d deliveries are settled.", settled)
        messages.success(request, words % {"n": settled})
    elif not ticked:
        messages.warning(request, _("Nothing was ticked, so nothing was done."))
    for sentence in refusals[:5]:
        messages.warning(request, sentence)
    return redirect("invoicing:problems")


@staff_required("channel.resume")
@require_POST
def channel_resuming(request, key):
    channels.resume_channel(key, by=request.user)
    messages.success(request, _("Sending is on again. What waited goes out now."))
    return redirect(safe_next(request) or reverse("home"))


def _delivery_or_404(pk) -> Delivery:
    return get_object_or_404(Delivery.objects.select_related("asked_by", "customer"), pk=pk)


def _page(request, found, form, status=200):
    carried = DeliveryDocument.objects.filter(delivery=found).select_related("invoice", "document").first()
    context = {
        "delivery": found,
        "light": presenting.delivery_status(found),
        "invoice": carried.invoice if carried else None,
        "document": carried.document if carried else None,
        "attempts": list(found.attempts.order_by("n")),
        "readers": [(label, found.readers.get(role) or []) for role, label in Delivery.Role.choices],
        "form": form,
        "is_problem": found.status in ("failed", "unknown") and found.settled_at is None,
        "may_settle": roles.may(request.user, "delivery.settle"),
        "waits": found.status in ("queued", "sending"),
    }
    return render(request, "invoicing/delivery.html", context, status=status)
