"""The demo's outbox: what would have been sent, readable. 404 wherever mail really leaves."""

import email
import email.policy
from functools import wraps

from anymail.signals import tracking
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from config.common import roles
from config.common.exports import export_response, is_asked, moment
from config.common.paging import page_of
from config.common.views import staff_required

from ..forms.simulating import SimulationForm
from ..models import OutboxMessage
from ..services import tracing
from .mail_pages import attachment, mail_page

BACKEND = "invoicing.channels.outbox.OutboxBackend"
OURS = r"^<[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}@"  # the Message-ID of what invoicing composes
HEADERS = ("From", "To", "Reply-To", "Subject", "Date", "Message-ID", "Auto-Submitted")


def outbox_is_on() -> bool:
    return settings.DEMO and settings.EMAIL_BACKEND == BACKEND


def readable(person):
    """What this person may read. A mail about an account holds its way in, so those are an admin's alone."""
    everything = OutboxMessage.objects.all()
    return everything if roles.may(person, "user.write") else everything.filter(message_id__regex=OURS)


def demo_only(view):
    @wraps(view)
    def guarded(request, *args, **kwargs):
        if not outbox_is_on():
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


@staff_required("view")
@demo_only
@require_safe
def outbox(request):
    rows = readable(request.user).defer("raw")
    if is_asked(request):
        cells = ([row.subject, row.recipients, row.sender, row.at] for row in rows.order_by("-pk").iterator(500))
        heads = [_("Subject"), _("To"), _("From"), moment(_("Handed over"))]
        return export_response(request, "outbox", heads, cells)
    page = page_of(
        rows,
        order="-pk",
        size=50,
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    return render(request, "invoicing/outbox.html", {"page": page})


@staff_required("view")
@demo_only
@require_safe
def outbox_message(request, pk):
    kept = get_object_or_404(readable(request.user), pk=pk)
    message = _read(kept)
    text = message.get_body(("plain",))
    delivery = tracing.find_delivery(message_id=kept.message_id)
    context = {
        "kept": kept,
        "delivery": delivery,
        "simulation": SimulationForm() if delivery and roles.may(request.user, "delivery.settle") else None,
        "headers": [(name, message[name]) for name in HEADERS if message[name]],
        "text": text.get_content() if text else "",
        "has_html": message.get_body(("html",)) is not None,
        "attachments": [
            {
                "place": place,
                "name": part.get_filename(),
                "size": len(part.get_content()),
                "type": part.get_content_type(),
            }
            for place, part in enumerate(message.iter_attachments())
        ],
    }
    return render(request, "invoicing/outbox_message.html", context)


@staff_required("view")
@demo_only
@require_safe
def outbox_html(request, pk):
    """The HTML part as a page of its own, for the frame."""
    body = _read(get_object_or_404(readable(request.user), pk=pk)).get_body(("html",))
    if body is None:
        raise Http404
    return mail_page(body.get_content(), follows=True)


@staff_required("view")
@demo_only
@require_safe
def outbox_attachment(request, pk, place):
    parts = list(_read(get_object_or_404(readable(request.user), pk=pk)).iter_attachments())
    if place >= len(parts):
        raise Http404
    return attachment(parts[place].get_content(), name=parts[place].get_filename())


@staff_required("view")
@demo_only
@require_safe
def outbox_source(request, pk):
    """The message as it would have gone over the wire."""
    kept = get_object_or_404(readable(request.user), pk=pk)
    return HttpResponse(
        bytes(kept.raw), content_type="text/plain; charset=utf-8", headers={"X-Content-Type-Options": "nosniff"}
    )


@staff_required("delivery.settle")
@demo_only
@require_POST
def simulating(request, pk):
    """Let the mail provider that the demo has not got say something, as a real one does: by anymail's signal."""
    kept = get_object_or_404(readable(request.user), pk=pk)
    form = SimulationForm(request.POST)
    delivery = tracing.find_delivery(message_id=kept.message_id) if form.is_valid() else None
    if delivery is None:
        messages.warning(request, _("Only mails with an invoice are followed, so nothing happened."))
        return redirect("invoicing:outbox_message", pk)
    before = delivery.events.count()
    tracking.send(sender=simulating, event=form.event(kept.message_id, delivery.recipient), esp_name="Demo")
    if delivery.events.count() > before:
        messages.success(request, _("The provider said so. See what it did in the Email History."))
    else:
        messages.warning(
            request, _("Nothing was recorded: it was said before, or this is not followed for this customer.")
        )
    return redirect("invoicing:outbox_message", pk)


def _read(kept):
    return email.message_from_bytes(bytes(kept.raw), policy=email.policy.default)
