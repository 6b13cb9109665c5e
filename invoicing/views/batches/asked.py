"""What was asked for in the dialog of a batch operation, and what people did with it since, in words."""

from urllib.parse import parse_qsl

from django.urls import reverse
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from config.common.models import AuditEvent

from ... import telling, wall_time
from ...filters import STATES, InvoiceFilter
from ...models import BatchOperation, Invoice

_WORDS = {"status": dict(STATES), "kind": dict(Invoice.Kind.choices)}
_PLACE = ("after", "before", "view", "columns", "sort", "format")


def settings_of(operation: BatchOperation) -> list[tuple[str, str]]:
    """What was switched and typed, as (label, words)."""
    if operation.sent_on:  # Mark as Sent
        day = formats.date_format(operation.sent_on, pgettext("date format", "j M Y"))
        return [(_("How"), operation.how), (_("Sent on"), day), (_("Note"), operation.note or "–")]
    switches = [(_("Send Email"), operation.send_email), (_("Submit E-Invoice"), operation.submit_einvoice)]
    found = [(label, _("on") if is_on else _("off")) for label, is_on in switches]
    if operation.mails:
        texts = [
            (_("Subject"), operation.subject),
            (_("Reply-To"), operation.reply_to),
            (_("CC"), operation.cc),
            (_("Custom Message"), operation.message),
        ]
        found += [(label, text or _("each template’s own")) for label, text in texts]
        found.append((_("Portal link"), _("on") if operation.portal_link else _("off")))
    if operation.send_on:
        found.append((_("Schedule for Later"), _when(operation)))
    return found


def _when(operation) -> str:
    words = {
        "date": formats.date_format(operation.send_on, pgettext("date format", "j M Y")),
        "time": f"{operation.send_at:%H:%M}",
        "place": wall_time.place_of(operation.zone),
    }
    if operation.zone:
        return _("%(date)s, %(time)s in %(place)s") % words
    return _("%(date)s, %(time)s where each customer is") % words


def chosen_in(operation: BatchOperation) -> dict:
    """The list the invoices were chosen in, and the filter it had, in words."""
    in_queue = operation.page == "queue"
    url = reverse("invoicing:queue" if in_queue else "invoicing:list")
    known, words = InvoiceFilter.base_filters, []
    for name, value in parse_qsl(operation.query):
        if name not in _PLACE:
            label = known[name].label if name in known else name
            words.append(f"{label}: {_WORDS.get(name, {}).get(value, value)}")
    return {
        "url": f"{url}?{operation.query}" if operation.query else url,
        "label": _("Invoices to be sent") if in_queue else _("Sales invoices"),
        "filter": ", ".join(words),
    }


def story_of(operation: BatchOperation) -> list[dict]:
    """Who started, retried, cancelled and acknowledged it, and how it ended; newest first."""
    return telling.items(AuditEvent.objects.for_thread(operation), currency="", recipients={})
