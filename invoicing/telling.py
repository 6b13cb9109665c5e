"""The trail of an invoice as sentences for its timeline: who did what, before and after, in the reader's words."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal, InvalidOperation

from django.db import models
from django.utils import formats
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from config.common.currency import amount_text
from config.common.fields import MoneyField, RateField
from config.common.models import AuditEvent

from .figures import show_decimal
from .models import Invoice

NBSP = "\N{NO-BREAK SPACE}"

# action: (what the actor did, tone of components/_timeline.html)
WORDS = {
    "invoice.draft": (gettext_lazy("drafted the invoice"), ""),
    "invoice.import": (gettext_lazy("imported the invoice"), ""),
    "invoice.change": (gettext_lazy("changed the draft"), ""),
    "invoice.note": (gettext_lazy("changed the internal note"), ""),
    "invoice.open": (gettext_lazy("opened the invoice"), "on"),
    "invoice.billed": (gettext_lazy("billed the invoice: the customer has it"), "on"),
    "invoice.mark_as_sent": (gettext_lazy("marked it as sent"), "on"),
    "invoice.mark_undone": (gettext_lazy("took back Mark as Sent"), "warn"),
    "invoice.mark_lifted": (gettext_lazy("lifted the mark “sent some other way”"), ""),
    "invoice.part_paid": (gettext_lazy("settled a part of it"), ""),
    "invoice.paid": (gettext_lazy("settled it in full"), "ok"),
    "payment.record": (gettext_lazy("recorded a payment"), "ok"),
    "delivery.queued": (gettext_lazy("put an email on its way"), ""),
    "delivery.sent": (gettext_lazy("sent the email"), "on"),
    "delivery.retrying": (gettext_lazy("could not send the email yet and tries again"), "warn"),
    "delivery.failed": (gettext_lazy("could not send the email"), "bad"),
    "delivery.unknown": (gettext_lazy("does not know whether the email arrived"), "bad"),
    "delivery.arrived": (gettext_lazy("said that the email arrived"), "ok"),
    "delivery.again": (gettext_lazy("had the email sent again"), ""),
    "delivery.given_up": (gettext_lazy("gave the email up without knowing its outcome"), "warn"),
    "delivery.rest": (gettext_lazy("let the undelivered email rest"), ""),
    "delivery.undone": (gettext_lazy("took back Mark as Sent"), "warn"),
}
_QUIET = {"version", "currency", "status", "billed_at", "delivery", "sha256", "due_typed"}
_ALREADY_SAID = {"invoice.paid", "invoice.billed", "invoice.mark_undone", "invoice.mark_lifted"}
_NAMES = {
    "file": gettext_lazy("File"),
    "how": gettext_lazy("How"),
    "sent_on": gettext_lazy("Sent on"),
    "amount": gettext_lazy("Amount"),
    "received_on": gettext_lazy("Received on"),
    "reference": gettext_lazy("Reference"),
    "subject": gettext_lazy("Subject"),
    "response": gettext_lazy("Answer"),
    "rest": gettext_lazy("Still due"),
    "recipient": gettext_lazy("Address"),
}
_READERS = ("to", "cc", "copy")


def items(events: Iterable[AuditEvent], *, currency: str, recipients: dict[int, str]) -> list[dict]:
    """Newest first, for components/_timeline.html. `recipients`: {delivery pk: address}, which events do not hold."""
    told, known = [], dict(recipients)
    for event in sorted(events, key=lambda event: event.seq, reverse=True):
        told.append(_item(event, currency=event.after.get("currency") or currency, recipients=known))
        if event.action == "delivery.again" and event.after.get("recipient"):
            known.pop(event.object_id, None)  # what came before went to another address
    return told


def _item(event, *, currency, recipients) -> dict:
    words, tone = WORDS.get(event.action, (event.action, ""))
    text = str(words)
    if event.object_type == "delivery" and (address := recipients.get(event.object_id)):
        text = _("%(what)s to %(address)s") % {"what": text, "address": address}
    if event.action == "invoice.open" and (number := event.after.get("number")):
        text = _("%(what)s as %(number)s") % {"what": text, "number": number}
    detail = "; ".join([*_details(event, currency), *([event.reason] if event.reason else [])])
    return {"kind": tone, "actor": event.actor_name, "text": text, "when": event.at, "detail": detail}


def _details(event, currency) -> list[str]:
    if event.action in _ALREADY_SAID:
        return []
    parts = [_readers(event.after)] if event.action == "delivery.queued" else []
    for name in sorted({**event.before, **event.after}, key=_label):  # PostgreSQL keeps no order of JSON keys
        if name in _QUIET or name in _READERS or (event.action == "invoice.open" and name == "number"):
            continue
        if event.action == "invoice.part_paid" and name == "settled":
            continue
        if name == "lines":
            parts.append(_lines(event.before.get(name) or [], event.after.get(name) or []))
            continue
        before, after = (_shown(name, side.get(name), currency) for side in (event.before, event.after))
        if name in event.before and name in event.after:
            parts.append(f"{_label(name)}: {before or '–'} → {after or '–'}")
        elif after or before:
            parts.append(f"{_label(name)}: {after or before}")
    return [part for part in parts if part]


def _readers(after) -> str:
    n = sum(after.get(role, 0) for role in _READERS)
    return ngettext("%(n)d recipient", "%(n)d recipients", n) % {"n": n}


def _lines(before, after) -> str:
    """The rows that are different, as they were and as they are."""
    gone = ", ".join(row for row in before if row not in after) or "–"
    come = ", ".join(row for row in after if row not in before) or "–"
    return _("Lines: %(before)s → %(after)s") % {"before": gone, "after": come}


def _field(name):
    return next((field for field in Invoice._meta.fields if field.name == name), None)


def _label(name) -> str:
    if name in _NAMES:
        return str(_NAMES[name])
    field = _field(name)
    label = str(field.verbose_name) if field else name
    return label[:1].upper() + label[1:]


def _shown(name, value, currency) -> str:
    """A value of the trail (JSON) as people write it: money with its currency, dates by name, choices by word."""
    if value is None or value == "":
        return ""
    field = _field(name)
    if isinstance(field, MoneyField) or name == "amount":
        return f"{currency}{NBSP}{amount_text(value, currency, get_language() or 'en')}"
    if name == "rest":
        return f"{currency}{NBSP}{value}"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(field, models.DateField) or name in ("sent_on", "received_on"):
        return formats.date_format(date.fromisoformat(value[:10]), "j M Y")
    if isinstance(field, RateField):
        try:
            return show_decimal(Decimal(value))
        except InvalidOperation:
            return str(value)
    return str(dict(field.flatchoices).get(value, value)) if field else str(value)
