"""What can be done with an invoice as it stands, by this person: the same list for row menus and the invoice page."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from config.common.roles import may

from ..models import Invoice
from ..services import scheduling

PAYABLE = (Invoice.Status.OPEN, Invoice.Status.UNCOLLECTIBLE)
RARER = {"allocate", "refund", "credit", "let_go", "void", "write_off", "expect", "delete"}


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


def rarer(invoice, person) -> list[Action]:
    """What puts the document right, beside sending and paying it: the end of a row's menu in the queue."""
    return [action for action in actions(invoice, person) if action.key in RARER]


def _of_a_draft(invoice, person):
    if may(person, "invoice.credit" if invoice.is_credit_note else "invoice.open"):
        yield Action("open", pgettext("the act", "Open"), _to("opening", invoice), "check", dialog=True)
        yield _later("opening", invoice)
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
        if not scheduling.too_late(invoice):
            yield _later("deliveries", invoice)
    if is_payable(invoice) and may(person, "payment.record"):
        yield Action("pay", _("Record payment"), _to("payments", invoice), "card", dialog=True)
    if sendable and not invoice.billed_at and may(person, "invoice.mark_as_sent"):
        yield _mark(invoice)
    yield from _of_credit(invoice, person)
    yield from _corrections(invoice, person)
    yield Action("as_customer", _("View as customer"), reverse("portal:as_customer", args=[invoice.pk]), "eye")


def _of_credit(invoice, person):
    """What becomes of an open credit note."""
    if not invoice.is_credit_note or invoice.status != Invoice.Status.OPEN:
        return
    if may(person, "payment.allocate"):
        yield Action("allocate", _("Allocate to invoices"), _to("note_allocations", invoice), "check", dialog=True)
    if may(person, "payment.refund"):
        yield Action("refund", _("Record refund"), _to("credit_refunds", invoice), "undo", dialog=True)


def _corrections(invoice, person):
    """What puts it right: only what is possible as it stands."""
    if not invoice.is_credit_note and may(person, "invoice.credit") and is_creditable(invoice):
        hint = _("Whole or by line; it refers to this invoice.")
        yield Action("credit", _("Credit note"), _to("crediting", invoice), "undo", hint, dialog=True)
    if is_payable(invoice) and invoice.settled and may(person, "payment.let_go"):
        hint = _("A difference that nobody will pay: bank charge, discount, rounding or write-off.")
        yield Action("let_go", _("Let the rest go"), _to("letting_go", invoice), "check", hint, dialog=True)
    untouched = not (invoice.billed_at or invoice.marked_sent_at or invoice.settled or invoice.credited)
    if invoice.status == Invoice.Status.OPEN and untouched and may(person, "invoice.void"):
        yield Action("void", _("Make it void"), _to("voiding", invoice), "stop", dialog=True)
    if invoice.is_credit_note or not may(person, "invoice.uncollectible"):
        return
    if invoice.status == Invoice.Status.OPEN:
        yield Action("write_off", _("Mark as uncollectible"), _to("writing_off", invoice), "flag", dialog=True)
    elif invoice.status == Invoice.Status.UNCOLLECTIBLE:
        yield Action("expect", _("Expect it again"), _to("expecting", invoice), "undo", dialog=True)


def is_creditable(invoice) -> bool:
    return invoice.status in ("open", "paid", "uncollectible") and invoice.credited < invoice.total


def is_payable(invoice) -> bool:
    return invoice.status in PAYABLE and not invoice.is_credit_note


def _mark(invoice):
    hint = _("Sent some other way. No autopayment and no reminders.")
    return Action("mark", _("Mark as Sent"), _to("marking", invoice), "check", hint, dialog=True)


def _later(name, invoice):
    return Action("later", _("Schedule for Later"), _to(name, invoice) + "?later=1", "clock", dialog=True)


def _pdf(invoice):
    label = _("Preview PDF") if invoice.is_draft else _("Download PDF")
    return Action("pdf", label, _to("pdf", invoice), "down", rule=True)


def _to(name, invoice):
    return reverse(f"invoicing:{name}", args=[invoice.pk])
