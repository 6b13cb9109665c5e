"""Delivery problems: what failed, came back, was complained about or has an outcome nobody knows."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods

from config.common import roles
from config.common.exports import export_response, is_asked, moment
from config.common.paging import page_of
from config.common.reading import CountOf
from config.common.views import staff_required

from .. import presenting
from ..models import Delivery
from ..services import settling
from .figures import SHOWN_AT_MOST, organization_of

TOLD = 5  # refusals by a sentence each
KINDS = {
    "failed": gettext_lazy("Failed"),
    "unknown": gettext_lazy("Outcome unknown"),
    "bounced": gettext_lazy("Bounced"),
    "complained": gettext_lazy("Complained"),
}


@staff_required("view")
@require_http_methods(["GET", "HEAD", "POST"])
def problems(request):
    """Not settled, all or one kind of them (?kind=…); POST settles all that are ticked."""
    kind = request.GET.get("kind", "") if request.GET.get("kind", "") in KINDS else ""
    if request.method == "POST":
        return _settle_ticked(request, kind)
    organization = organization_of(request, also=_counts)
    found = Delivery.objects.problems(kind).select_related("customer").prefetch_related("documents__invoice")
    if is_asked(request):
        rows = (_cells(row) for row in found.order_by("-pk").iterator(chunk_size=500))
        return export_response(request, "delivery-problems", HEADS, rows)
    page = page_of(
        found,
        order="-pk",
        size=50,
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    for row in page.rows:
        row.light = presenting.delivery_status(row)
        row.invoice = next((document.invoice for document in row.documents.all()), None)
        row.problem = presenting.problem_of(row)
    context = {
        "page": page,
        "may_settle": roles.may(request.user, "delivery.settle"),
        "kind": kind,
        "tabs": [_tab(organization, each, label, current=kind) for each, label in {"": _("All"), **KINDS}.items()],
    }
    return render(request, "invoicing/problems.html", context)


HEADS = [
    gettext_lazy("Recipient Email"),
    gettext_lazy("Invoice"),
    gettext_lazy("Customer number"),
    gettext_lazy("Customer"),
    gettext_lazy("Email Status"),
    gettext_lazy("Reason"),
    moment(gettext_lazy("Asked for")),
]


def _cells(row) -> list:
    invoices = ", ".join(document.invoice.number or str(_("Draft")) for document in row.documents.all())
    customer = [row.customer.number, row.customer.name] if row.customer else ["", ""]
    status = presenting.delivery_status(row).text
    return [row.recipient, invoices, *customer, str(status), row.reason, row.created_at]


def _counts(_today) -> dict:
    return {f"problems_{kind}": CountOf(Delivery.objects.problems(kind)[: SHOWN_AT_MOST + 1]) for kind in KINDS}


def _tab(organization, kind, label, *, current) -> dict:
    count = getattr(organization, f"problems_{kind}" if kind else "problems", 0)
    shown = f"{SHOWN_AT_MOST}+" if count > SHOWN_AT_MOST else count
    return {"label": label, "url": f"?kind={kind}" if kind else "?", "count": shown, "current": kind == current}


def _settle_ticked(request, kind):
    ticked = [pk for pk in request.POST.getlist("id") if pk.isascii() and pk.isdigit() and len(pk) < 19]
    settled, refusals = settling.settle_deliveries(ticked, by=request.user, decision=request.POST.get("decision", ""))
    if settled:
        words = ngettext("%(n)d delivery is settled.", "%(n)d deliveries are settled.", settled)
        messages.success(request, words % {"n": settled})
    elif not ticked:
        messages.warning(request, _("Nothing was ticked, so nothing was done."))
    for sentence in refusals[:TOLD]:
        messages.warning(request, sentence)
    if rest := len(refusals[TOLD:]):
        words = ngettext("%(n)d more stays as it is.", "%(n)d more stay as they are.", rest)
        messages.warning(request, words % {"n": rest})
    return redirect(reverse("invoicing:problems") + (f"?kind={kind}" if kind else ""))
