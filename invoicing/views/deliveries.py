"""One delivery as it was sent, what was heard of it since, and what to do where it did not arrive."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from config.common import clock, roles
from config.common.leading import safe_next
from config.common.paging import page_of
from config.common.views import carried_out, staff_required
from customers.models import Organization

from .. import history, links, presenting
from ..forms.sending import SettleForm
from ..models import BatchOperation, CustomerLink, Delivery, DeliveryDocument
from ..services import channels, linking, settling
from .mail_pages import mail_page
from .moments import going_of

EVENTS = 50  # on a page of the timeline
REPLIES = 20


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
    return mail_page(links.without_targets(html))


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
    return redirect("invoicing:delivery", form.result.pk)


_SAID = {
    "arrived": lambda: _("Noted: it arrived."),
    "again": lambda: _("It is on its way again."),
    "rest": lambda: _("Nothing more will be done about it."),
}


@staff_required("link.revoke")
@require_POST
def link_revoking(request, pk):
    """The link of this email opens nothing any more."""
    link = get_object_or_404(CustomerLink.objects.select_related("delivery", "invoice"), delivery=pk)
    linking.revoke_link(link, by=request.user, at=clock.now())
    messages.success(request, _("The link is revoked. Whoever opens it finds nothing."))
    return redirect("invoicing:delivery", pk)


@staff_required("channel.resume")
@require_POST
def channel_resuming(request, key):
    channels.resume_channel(key, by=request.user)
    messages.success(request, _("Sending is on again. What waited goes out now."))
    return redirect(safe_next(request) or reverse("home"))


def _replies(found) -> list:
    return list(found.events.filter(kind="replied").order_by("occurred_at")[:REPLIES]) if found.replied_at else []


def _delivery_or_404(pk) -> Delivery:
    return get_object_or_404(Delivery.objects.select_related("asked_by", "customer", "batch_item"), pk=pk)


def _link_of(found) -> dict | None:
    """How the link of an email stands; None where it has none."""
    link = CustomerLink.objects.select_related("invoice", "revoked_by").filter(delivery=found).first()
    if link is None:
        return None
    zone = Organization.objects.defer("logo").current().time_zone
    expired = link.has_expired(on=clock.today(zone), zone=zone)
    return {"link": link, "is_live": link.revoked_at is None and not expired, "ends_on": link.ends_on(zone)}


def _page(request, found, form, status=200):
    heard = page_of(
        found.events.defer("raw"),
        order="-occurred_at",
        size=EVENTS,
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    carried = DeliveryDocument.objects.filter(delivery=found).select_related("invoice", "document").first()
    context = {
        "delivery": found,
        "light": presenting.delivery_status(found),
        "invoice": carried.invoice if carried else None,
        "document": carried.document if carried else None,
        "batch": BatchOperation.name_of(found.batch_item.operation_id) if found.batch_item else "",
        "attempts": list(found.attempts.order_by("n")),
        "readers": [(label, found.readers.get(role) or []) for role, label in Delivery.Role.choices],
        "form": form,
        "page": heard,
        "events": history.told_events(heard.rows),
        "replies": _replies(found),
        "problem": presenting.problem_of(found),
        "may_settle": roles.may(request.user, "delivery.settle"),
        "waiting": going_of(found) if found.status == "scheduled" else None,
        "waiting_for": sum(map(len, found.readers.values())),
        "link": _link_of(found),
        "may_revoke": roles.may(request.user, "link.revoke"),
        "may_send": roles.may(request.user, "invoice.send"),
        "waits": found.status in ("queued", "sending"),
    }
    return render(request, "invoicing/delivery.html", context, status=status)
