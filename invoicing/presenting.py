"""What an invoice and its emails are shown as: words and colours, from plain facts. Pure, no queries.

Two languages that are never mixed: a badge is the state of the invoice, the light is what became of its email.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import date, datetime
from operator import attrgetter

from django.utils.translation import gettext as _

from .models import Delivery, Invoice

IN_FLIGHT = ("queued", "sending", "retrying")  # the page looks again by itself


@dataclass(frozen=True)
class Badge:
    text: str
    kind: str = ""  # "", line, live, ok, warn, bad


@dataclass(frozen=True)
class Sent:
    """What the light needs to know of one delivery to a To reader."""

    pk: int
    status: str
    channel: str = "email"
    is_tracked: bool = False
    opened_at: datetime | None = None
    bounced_at: datetime | None = None
    bounce_kind: str = ""
    delivered_at: datetime | None = None
    replied_at: datetime | None = None
    rejected_at: datetime | None = None
    reason: str = ""

    @property
    def is_manual(self):
        return self.channel == "manual"


SENT_FACTS = tuple(field.name for field in fields(Sent))


def sent_of(delivery) -> Sent:
    return Sent(*(getattr(delivery, name) for name in SENT_FACTS))


@dataclass(frozen=True)
class Light:
    """The Status light. kind: "" ring, opened green, sent yellow, failed red, marked grey; `delivery`: its page."""

    text: str
    kind: str = ""
    delivery: int | None = None
    reason: str = ""
    in_flight: bool = False


def badges(invoice, *, today: date) -> list[Badge]:
    """The invoice's state in one or more badges."""
    status = invoice.status
    if status == Invoice.Status.DRAFT:
        return [Badge(_("Draft · Unbilled"))]
    if status == Invoice.Status.VOID:
        return [Badge(_("Void"), "line")]
    if status == Invoice.Status.PAID:
        unbilled = [] if invoice.billed_at else [Badge(_("Unbilled"), "line")]
        return [_settled(invoice), *unbilled]
    if status == Invoice.Status.UNCOLLECTIBLE:
        return [Badge(_("Uncollectible"), "warn")]
    partly = [Badge(_("Partly paid"), "warn")] if invoice.settled and not invoice.is_credit_note else []
    late = [Badge(_("Overdue"), "bad")] if invoice.billed_at and invoice.days_late(today) else []
    return [_open(invoice), *partly, *late]


def state_text(invoice) -> str:
    """The state in the words of its badge, for a cell of text."""
    return badges(invoice, today=date.min)[0].text


def light(sent: Iterable[Sent]) -> Light | None:
    """What became of the emails to the customer; None where nothing was ever sent. Copies and CC do not count."""
    rows = sorted((row for row in sent if row.status != "cancelled"), key=attrgetter("pk"), reverse=True)
    emails = [row for row in rows if not row.is_manual]
    for status, word in (
        ("sending", _("Sending")),
        ("queued", _("Queued")),
        ("retrying", _("Still trying")),
        ("scheduled", _("Scheduled")),
    ):
        if found := _first(emails, status):
            return Light(word, "", found.pk, found.reason, in_flight=status in IN_FLIGHT)
    if found := _first(emails, "unknown"):
        return Light(_("Outcome unknown"), "failed", found.pk, found.reason)
    reached = [row for row in emails if row.status == "sent" and not has_bounced(row)]
    if reached:
        return _reached(reached)
    for row in rows:  # the newest decides: nobody was reached by email
        if row.is_manual:
            return Light(_("Marked as sent"), "marked", row.pk)
        return Light(_("Bounced") if has_bounced(row) else _("Failed"), "failed", row.pk, row.reason)
    return None


def has_bounced(sent) -> bool:
    """For good, or for now and nothing shows that it arrived after all. Of a delivery or a Sent."""
    if sent.rejected_at or sent.bounce_kind == "hard":
        return True
    return bool(sent.bounced_at) and not (sent.delivered_at or sent.opened_at or sent.replied_at)


def problem_of(delivery) -> str:
    """What a person has to decide about: failed, unknown, bounced, complained; "" where there is nothing (left)."""
    if delivery.settled_at:
        return ""
    if delivery.status in ("failed", "unknown"):
        return delivery.status
    return "bounced" if has_bounced(delivery) else "complained" if delivery.complained_at else ""


def delivery_status(delivery) -> Light:
    """One row of the Email History: its Email Status."""
    if delivery.is_manual:
        return Light(_("Undone")) if delivery.status == "cancelled" else Light(_("Marked as sent"), "marked")
    if has_bounced(delivery) and delivery.status in ("sent", "failed"):
        return Light(_("Bounced"), "failed", delivery.pk, delivery.reason)
    if delivery.status != Delivery.Status.SENT:
        kind = "failed" if delivery.status in ("failed", "unknown") else ""
        words = delivery.get_status_display()
        return Light(words, kind, delivery.pk, delivery.reason, in_flight=delivery.status in IN_FLIGHT)
    if delivery.complained_at:
        return Light(_("Complained"), "failed", delivery.pk)
    if delivery.clicked_at:
        return Light(_("Clicked"), "opened", delivery.pk)
    if delivery.opened_at:
        return Light(_("Opened"), "opened", delivery.pk)
    return Light(_("Sent"), "sent", delivery.pk)


def kind_badge(invoice) -> Badge | None:
    """What kind of document it is, where that is not simply an invoice."""
    return None if invoice.kind == Invoice.Kind.INVOICE else Badge(invoice.get_kind_display(), "line")


def signed(invoice, minor: int) -> int:
    """An amount as it counts for us: a credit note is stored positive and takes away."""
    return -minor if invoice.is_credit_note else minor


def owed(invoice) -> int:
    """What is due on it, signed likewise; on what is void nothing is."""
    return 0 if invoice.status == Invoice.Status.VOID else signed(invoice, invoice.amount_due)


def _first(rows, status):
    return next((row for row in rows if row.status == status), None)


def _reached(rows) -> Light:
    opened = next((row for row in rows if row.opened_at), None)
    if opened:
        return Light(_("Sent and opened"), "opened", opened.pk)
    newest = rows[0]
    text = _("Sent, not yet opened") if newest.is_tracked else _("Sent, opens not measured")
    return Light(text, "sent", newest.pk)


def _settled(invoice) -> Badge:
    """Paid, or Credited where no money came, only credit; a difference that was let go is neither."""
    credited = invoice.settled_by_credit
    if invoice.is_credit_note:
        return Badge(_("Settled"), "ok")
    if credited and credited >= invoice.settled + invoice.prepaid:
        return Badge(_("Credited"), "ok")
    return Badge(_("Paid and credited") if credited else _("Paid"), "ok")


def _open(invoice) -> Badge:
    if not invoice.billed_at:
        return Badge(_("Open · Unbilled"), "line")
    return Badge(_("Open") if invoice.is_credit_note else _("Open · Unpaid"), "live")
