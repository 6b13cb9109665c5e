"""The trail of an invoice as sentences for its timeline: who did what, before and after, in the reader's words."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal, InvalidOperation

from django.db import models
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext

from config.common.currency import to_minor
from config.common.fields import MoneyField, RateField
from config.common.models import AuditEvent
from config.common.roles import Role

from .figures import show_decimal
from .formats import told
from .models import Allocation, BatchItem, Invoice, Payment
from .wall_time import place_of

# action: (what the actor did, tone of components/_timeline.html)
WORDS = {
    "invoice.draft": (gettext_lazy("made the draft"), ""),
    "invoice.import": (gettext_lazy("imported the draft"), ""),
    "invoice.change": (gettext_lazy("changed the draft"), ""),
    "invoice.note": (gettext_lazy("changed the internal note"), ""),
    "invoice.open": (gettext_lazy("opened it"), "on"),
    "invoice.paper_failed": (gettext_lazy("could not make the PDF"), "bad"),
    "invoice.billed": (gettext_lazy("billed it: the customer has it"), "on"),
    "invoice.mark_as_sent": (gettext_lazy("marked it as sent"), "on"),
    "invoice.mark_undone": (gettext_lazy("took back Mark as Sent"), "warn"),
    "invoice.mark_lifted": (gettext_lazy("lifted the mark “sent some other way”"), ""),
    "invoice.part_paid": (gettext_lazy("settled a part of it"), ""),
    "invoice.paid": (gettext_lazy("settled it in full"), "ok"),
    "invoice.taken_back": (gettext_lazy("took back what had settled a part of it"), "warn"),
    "invoice.reopened": (gettext_lazy("opened it again: something that had settled it was taken back"), "warn"),
    "invoice.void": (gettext_lazy("made it void"), "bad"),
    "invoice.uncollectible": (gettext_lazy("marked it as uncollectible"), "warn"),
    "invoice.collectible": (gettext_lazy("expects the money again"), "on"),
    "invoice.credit_drafted": (gettext_lazy("drafted a credit note"), ""),
    "invoice.credited": (gettext_lazy("opened a credit note for it"), "ok"),
    "payment.record": (gettext_lazy("recorded a payment"), "ok"),
    "payment.allocated": (gettext_lazy("allocated credit on account to an invoice"), "ok"),
    "payment.taken_back": (gettext_lazy("took back what had settled an invoice"), "warn"),
    "payment.reversed": (gettext_lazy("reversed the payment"), "bad"),
    "payment.refunded": (gettext_lazy("recorded that money was paid back"), "warn"),
    "payment.refund_taken_back": (gettext_lazy("took back a refund"), "warn"),
    "credit.refunded": (gettext_lazy("recorded that credit was paid back"), "warn"),
    "limit.set": (gettext_lazy("set a write-off limit"), ""),
    "limit.removed": (gettext_lazy("took a write-off limit away"), ""),
    "delivery.scheduled": (gettext_lazy("scheduled an email"), ""),
    "delivery.moved": (gettext_lazy("moved the scheduled email"), ""),
    "delivery.queued": (gettext_lazy("put an email on its way"), ""),
    "delivery.sent": (gettext_lazy("sent the email"), "on"),
    "delivery.retrying": (gettext_lazy("could not send the email yet and tries again"), "warn"),
    "delivery.failed": (gettext_lazy("could not send the email"), "bad"),
    "delivery.unknown": (gettext_lazy("does not know whether the email arrived"), "bad"),
    "delivery.evidence": (gettext_lazy("learned what became of the email"), ""),
    "delivery.fresh_link": (gettext_lazy("sent a fresh portal link, as its reader asked"), ""),
    "delivery.link_revoked": (gettext_lazy("revoked the portal link of the email"), ""),
    "delivery.anew": (gettext_lazy("had the email sent anew"), ""),
    "delivery.bounced": (gettext_lazy("got back the email"), "bad"),
    "delivery.rejected": (gettext_lazy("heard that the provider refused the email"), "bad"),
    "delivery.complained": (gettext_lazy("heard of a complaint about the email"), "bad"),
    "delivery.opened": (gettext_lazy("saw the first open of the email"), "ok"),
    "delivery.clicked": (gettext_lazy("saw the first click in the email"), "ok"),
    "delivery.replied": (gettext_lazy("received an answer to the email"), "ok"),
    "delivery.arrived": (gettext_lazy("said that the email arrived"), "ok"),
    "delivery.again": (gettext_lazy("had the email sent again"), ""),
    "delivery.given_up": (gettext_lazy("gave the email up without knowing its outcome"), "warn"),
    "delivery.cancelled": (gettext_lazy("cancelled the email"), "warn"),
    "delivery.rest": (gettext_lazy("let the undelivered email rest"), ""),
    "delivery.undone": (gettext_lazy("took back Mark as Sent"), "warn"),
    "batch.start": (gettext_lazy("started it"), "on"),
    "batch.retry": (gettext_lazy("tried the failed ones again"), "on"),
    "batch.cancel": (gettext_lazy("cancelled what had not begun"), "warn"),
    "batch.acknowledge": (gettext_lazy("acknowledged it"), ""),
    "batch.completed": (gettext_lazy("finished it"), "ok"),
    "batch.failed": (gettext_lazy("finished it: some invoices need a look"), "bad"),
}
_QUIET = {
    *("version", "currency", "status", "billed_at", "delivery", "sha256", "due_typed", "refund", "bounced_at"),
    "rejected_at",
    "action",
}
_ALREADY_SAID = {"invoice.billed", "invoice.mark_undone", "invoice.mark_lifted"}
_SAID_ELSEWHERE = {("invoice.open", "number"), ("invoice.credit_drafted", "credit_note")}
_NAMES = {
    "customer": gettext_lazy("Customer"),
    "file": gettext_lazy("File"),
    "how": gettext_lazy("How"),
    "sent_on": gettext_lazy("Sent on"),
    "amount": gettext_lazy("Amount"),
    "received_on": gettext_lazy("Received on"),
    "reference": gettext_lazy("Reference"),
    "subject": gettext_lazy("Subject"),
    "goes_out": gettext_lazy("Goes out"),
    "response": gettext_lazy("Answer"),
    "rest": gettext_lazy("Still open"),
    "settled": gettext_lazy("Settled"),
    "taken_back": gettext_lazy("Taken back"),
    "by": gettext_lazy("By"),
    "invoice": gettext_lazy("Invoice"),
    "credit_note": gettext_lazy("Credit note"),
    "paid_on": gettext_lazy("Paid on"),
    "why": gettext_lazy("Because"),
    "most": gettext_lazy("At most"),
    "role": gettext_lazy("Role"),
    "recipient": gettext_lazy("Address"),
    "invoices": gettext_lazy("Invoices"),
    "send_email": gettext_lazy("Send Email"),
    "submit_einvoice": gettext_lazy("Submit E-Invoice"),
    **{status.value: status.label for status in BatchItem.Status},
}
_MONEY = {"amount", "settled", "taken_back", "total", "most"}  # minor units of the event's currency
_DAYS = {"sent_on", "received_on", "paid_on", "reversed_on"}
_CHOICES = {"by": Allocation.Kind.choices, "why": Payment.Reversal.choices, "role": Role.choices}
_READERS = ("to", "cc", "copy")


def items(
    events: Iterable[AuditEvent], *, currency: str, recipients: dict[int, str], batches: dict[int, str] | None = None
) -> list[dict]:
    """Newest first, for components/_timeline.html. `recipients`: {delivery pk: address}, which events do not hold.

    `batches`: {seq of an event: the name of the batch operation it was part of}.
    """
    told, known = [], dict(recipients)
    for event in sorted(events, key=lambda event: event.seq, reverse=True):
        told.append(_item(event, currency=event.after.get("currency") or currency, recipients=known))
        if name := (batches or {}).get(event.seq):
            part = _("in %(operation)s") % {"operation": name}
            told[-1]["detail"] = "; ".join(filter(None, [part, told[-1]["detail"]]))
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
    parts = [_readers(event.after)] if event.action in ("delivery.queued", "delivery.scheduled") else []
    for name in sorted({**event.before, **event.after}, key=_label):  # PostgreSQL keeps no order of JSON keys
        if name in _QUIET or name in _READERS or (event.action, name) in _SAID_ELSEWHERE:
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
    if isinstance(field, MoneyField) or name in _MONEY:
        return told(value, currency)
    if name == "rest":  # kept as text: 1,200.00
        return told(to_minor(Decimal(value.replace(",", "")), currency), currency)
    if name == "goes_out":  # as a wall clock shows it: 2026-11-24 09:00 Asia/Tokyo
        day, clock, zone = value.split(" ", 2)
        return f"{_day(day)}, {clock} ({place_of(zone)})"
    if words := _CHOICES.get(name):
        return str(dict(words).get(value, value))
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(field, models.DateField) or name in _DAYS:
        return _day(value)
    if isinstance(field, RateField):
        try:
            return show_decimal(Decimal(value))
        except InvalidOperation:
            return str(value)
    return str(dict(field.flatchoices).get(value, value)) if field else str(value)


def _day(value) -> str:
    return formats.date_format(date.fromisoformat(value[:10]), pgettext("date format", "j M Y"))
