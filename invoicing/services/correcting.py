"""The side doors of an opened document: void, uncollectible and back. Credit notes have a module of their own."""

from datetime import date

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from config.common import roles, states
from config.common.errors import DomainError, Stale

from ..models import Delivery, Invoice
from . import allocating, crediting
from .delivering import move


@transaction.atomic
def void_invoice(invoice, *, by, on: date, reason: str) -> Invoice:
    """open → void: a document nobody has received. Number and PDF stay in the ledger.

    Emails that wait are cancelled. Refused with DomainError without a reason, where it was billed, an email was
    accepted, is of unknown outcome or on the wire, or anything is settled or credited: that is a credit note's work.
    """
    roles.require(by, "invoice.void")
    _check_reason(reason)
    invoice, *_corrected = allocating.lock_invoices([invoice, *filter(None, [invoice.corrects])])
    check_voidable(invoice)
    waiting = Delivery.objects.filter(documents__invoice=invoice, status__in=["scheduled", "queued", "retrying"])
    for delivery in waiting:
        move(
            delivery,
            "cancelled",
            by=by,
            action="delivery.cancelled",
            reason=_("%(number)s was made void.") % {"number": invoice.number},
        )
    if invoice.is_credit_note:
        crediting.unbook_credit(invoice)
    return states.advance(
        invoice,
        "void",
        by=by,
        action="invoice.void",
        where={"billed_at": None, "settled": 0},
        because=reason.strip(),
        voided_on=on,
    )


def check_voidable(invoice):
    """DomainError, or Stale, saying why this document cannot be made void and what to do instead."""
    number = {"number": invoice.number}
    if invoice.is_draft:
        raise DomainError(_("A draft has no number yet: delete it instead."))
    if invoice.status == Invoice.Status.VOID:
        raise Stale(_("%(number)s is void already. Nothing was done twice.") % number)
    if invoice.settled:
        raise DomainError(
            _("Something is settled on %(number)s. Move or take back the payment first, or write a credit note.")
            % number
        )
    if invoice.status != Invoice.Status.OPEN:
        raise DomainError(
            _("Only an open document can be made void.") if invoice.is_credit_note else _not_open(invoice)
        )
    if invoice.credited:
        raise DomainError(_("%(number)s has a credit note already, so it is part of the books.") % number)
    if invoice.billed_at or invoice.marked_sent_at:
        raise DomainError(
            _("%(number)s was sent to the customer, so it cannot vanish. Write a credit note instead.") % number
        )
    handed = Q(status__in=["sent", "unknown"]) | Q(status="sending", wire_started_at__isnull=False)
    handed |= Q(attempts__result="unknown", bounced_at=None, rejected_at=None)  # given up or asked again: still open
    if _outward(invoice).filter(handed).exists():
        raise DomainError(
            _("An email with %(number)s was handed over, or may have been. Write a credit note instead.") % number
        )


@transaction.atomic
def write_off_invoice(invoice, *, by, on: date, reason: str) -> Invoice:
    """open → uncollectible: nobody expects the money any more. It can still be paid, and taken back."""
    roles.require(by, "invoice.uncollectible")
    _check_reason(reason)
    invoice = allocating.lock_invoices([invoice])[0]
    if invoice.is_credit_note:
        raise DomainError(_("A credit note is what you owe; it cannot be uncollectible."))
    if invoice.status != Invoice.Status.OPEN:
        raise _not_open_error(invoice)
    return states.advance(
        invoice, "uncollectible", by=by, action="invoice.uncollectible", because=reason.strip(), uncollectible_on=on
    )


@transaction.atomic
def take_back_write_off(invoice, *, by, reason: str) -> Invoice:
    """uncollectible → open: the money is expected after all."""
    roles.require(by, "invoice.uncollectible")
    _check_reason(reason)
    invoice = allocating.lock_invoices([invoice])[0]
    if invoice.status != Invoice.Status.UNCOLLECTIBLE:
        raise Stale(_("%(number)s is not uncollectible any more. Reload the page.") % {"number": invoice.number})
    return states.advance(
        invoice, "open", by=by, action="invoice.collectible", because=reason.strip(), uncollectible_on=None
    )


def _outward(invoice):
    """Emails to the customer's side; our own copies reach nobody."""
    return Delivery.objects.filter(documents__invoice=invoice).exclude(role=Delivery.Role.COPY)


def _check_reason(reason):
    if not reason.strip():
        raise DomainError(_("Say why, in a few words; it stays in the books."))


def _not_open_error(invoice):
    kind = Stale if invoice.status in ("paid", "uncollectible") else DomainError
    return kind(_not_open(invoice))


def _not_open(invoice) -> str:
    return _("%(number)s is %(status)s, not open.") % {
        "number": invoice.number or invoice,
        "status": invoice.get_status_display(),
    }
