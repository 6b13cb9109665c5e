"""The demo's outbox: what would have been sent, readable. 404 wherever mail really leaves."""

import email
import email.policy
from functools import wraps

from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from config.common.paging import page_of
from config.common.views import staff_required

from ..models import OutboxMessage
from .mail_pages import attachment, mail_page

BACKEND = "invoicing.channels.outbox.OutboxBackend"
HEADERS = ("From", "To", "Reply-To", "Subject", "Date", "Message-ID", "Auto-Submitted")


def outbox_is_on() -> bool:
    return settings.DEMO and settings.EMAIL_BACKEND == BACKEND


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
    page = page_of(
        OutboxMessage.objects.defer("raw"),
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
    kept = get_object_or_404(OutboxMessage, pk=pk)
    message = _read(kept)
    text = message.get_body(("plain",))
    context = {
        "kept": kept,
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
    body = _read(get_object_or_404(OutboxMessage, pk=pk)).get_body(("html",))
    if body is None:
        raise Http404
    return mail_page(body.get_content())


@staff_required("view")
@demo_only
@require_safe
def outbox_attachment(request, pk, place):
    parts = list(_read(get_object_or_404(OutboxMessage, pk=pk)).iter_attachments())
    if place >= len(parts):
        raise Http404
    return attachment(parts[place].get_content(), name=parts[place].get_filename())


@staff_required("view")
@demo_only
@require_safe
def outbox_source(request, pk):
    """The message as it would have gone over the wire."""
    kept = get_object_or_404(OutboxMessage, pk=pk)
    return HttpResponse(
        bytes(kept.raw), content_type="text/plain; charset=utf-8", headers={"X-Content-Type-Options": "nosniff"}
    )


def _read(kept):
    return email.message_from_bytes(bytes(kept.raw), policy=email.policy.default)
