"""What can be done with an invoice as it stands, by this person: the same list for row menus and the invoice page."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from config.common.roles import may

from ..models import Invoice

PAYABLE = (Invoice.Status.OPEN, Invoice.Status.UNCOLLECTIBLE)


@dataclass(frozen=True)
class Action:
    key: str
    label: str
    url: str
    icon: str
    hint: str = ""
    dialog: bool = False
    post: bool = False
    rule: bool = False


def actions(invoice, person) -> list[Action]:
    """The most expected first; what the role does not allow is not there."""
    found = _of_a_draft(invoice, person) if invoice.is_draft else _of_an_opened(invoice, person)
    return [*found, _pdf(invoice)]


def _of_a_draft(invoice, person):
    if may(person, "invoice.open"):
        yield Action("open", pgettext("the act", "Open"), _to("opening", invoice), "check", dialog=True)
    if may(person, "invoice.draft"):
        yield Action("edit", _("Edit"), _to("edit", invoice), "pen")
    if may(person, "invoice.mark_as_sent"):
        yield _mark(invoice)
    if may(person, "invoice.draft"):
        yield Action("delete", _("Delete draft"), _to("deleting", invoice), "trash", dialog=True)


def _of_an_opened(invoice, person):
    sendable = invoice.status in ("open", "paid", "uncollectible")
    if sendable and may(person, "invoice.send"):
        label = _("Send a copy") if invoice.status == Invoice.Status.PAID else _("Send Email")
        yield Action("send", label, _to("deliveries", invoice), "mail", dialog=True)
    if is_payable(invoice) and may(person, "payment.record"):
        yield Action("pay", _("Record payment"), _to("payments", invoice), "card", dialog=True)
    if sendable and not invoice.billed_at and may(person, "invoice.mark_as_sent"):
        yield _mark(invoice)


def is_payable(invoice) -> bool:
    return invoice.status in PAYABLE and not invoice.is_credit_note


def _mark(invoice):
    hint = _("Sent some other way. No autopayment and no reminders.")
    return Action("mark", _("Mark as Sent"), _to("marking", invoice), "check", hint, dialog=True)


def _pdf(invoice):
    label = _("Preview PDF") if invoice.is_draft else _("Download PDF")
    return Action("pdf", label, _to("pdf", invoice), "down", rule=True)


def _to(name, invoice):
    return reverse(f"invoicing:{name}", args=[invoice.pk])
