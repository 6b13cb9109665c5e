"""Mark as Sent: sent by other means, told by a person."""

import uuid
from datetime import date

from django.db import transaction
from django.utils.translation import gettext as _

from config.common import audit, clock, roles
from config.common.errors import DomainError, Stale

from ..models import Delivery, DeliveryDocument, Invoice
from .delivering import SENDABLE, move
from .opening import open_invoice


@transaction.atomic
def mark_as_sent(invoice, *, by, how: str, sent_on: date, on: date, note="", version: int | None = None) -> Delivery:
    """Bill an invoice that was sent in some other way; a draft is opened first.

    It gets no reminders and is never charged by autopay. `how` is a short text (post, customer's portal, by hand),
    `sent_on` the day it was sent, `on` today, both in the organization's time zone. Refused with Stale when it was sent
    or marked meanwhile, with DomainError for a day in the future.
    """
    roles.require(by, "invoice.mark_as_sent")
    if sent_on > on:
        raise DomainError(_("It cannot have been sent on a day that has not come yet. Check the date."))
    if invoice.is_draft:
        invoice = open_invoice(invoice, by=by, on=on, version=version)
    invoice = Invoice.objects.select_for_update().get(pk=invoice.pk)
    if invoice.status not in SENDABLE:
        raise DomainError(_("%(number)s is void, there is nothing to send.") % {"number": invoice.number})
    if invoice.billed_at:
        raise Stale(
            _("%(number)s has been sent already. Its Email History says when and to whom.") % {"number": invoice}
        )
    live = DeliveryDocument.objects.filter(invoice=invoice, kind="invoice", live=True)
    if live.filter(delivery__status="scheduled").exists():
        raise Stale(_("An email with %(number)s is scheduled. Cancel that first.") % {"number": invoice})
    if live.exists():
        raise Stale(_("An email with %(number)s is under way. Wait for it, then look again.") % {"number": invoice})
    now = clock.now()
    public_id = uuid.uuid4()
    delivery = Delivery.objects.create(
        public_id=public_id,
        channel="manual",
        occasion=public_id.hex,
        dedupe_key=f"{invoice.pk}:invoice:manual:{public_id.hex}",
        status=Delivery.Status.SENT,
        customer_id=invoice.customer_id,
        asked_by_id=by.pk,
        sent_at=now,
        response=_("Marked as sent"),
        subject=how,
        sent_on=sent_on,
        note=note,
        message_id=f"<{public_id}@manual>",
    )
    DeliveryDocument.objects.create(
        delivery=delivery, invoice=invoice, kind="invoice", channel="manual", recipient_hash="", live=False
    )
    Invoice.objects.filter(pk=invoice.pk).update(billed_at=now, marked_sent_at=now)
    audit.record(
        "invoice.mark_as_sent", invoice, by=by, after={"how": how, "sent_on": sent_on, "billed_at": now}, reason=note
    )
    return delivery


def undo_refusal(invoice) -> str:
    """Why Mark as Sent cannot be undone any more; "" while it can."""
    if not invoice.marked_sent_at:
        return _("It is not marked as sent.")
    if invoice.settled:
        return _("A payment was recorded since, so it stays marked as sent.")
    later = Delivery.objects.filter(documents__invoice=invoice).exclude(channel="manual").exclude(status="cancelled")
    if later.filter(created_at__gte=invoice.marked_sent_at).exists():
        return _("It was emailed since, so it stays marked as sent.")
    return ""


@transaction.atomic
def undo_mark_as_sent(invoice, *, by) -> None:
    """Take back billed, and only that: an invoice that marking opened stays open with its number.

    Stale when something was sent or paid since.
    """
    roles.require(by, "invoice.mark_as_sent")
    invoice = Invoice.objects.select_for_update().get(pk=invoice.pk)
    if refusal := undo_refusal(invoice):
        raise Stale(refusal)
    manual = (
        Delivery.objects.filter(documents__invoice=invoice, channel="manual", status="sent").order_by("-pk").first()
    )
    move(manual, "cancelled", by=by, action="delivery.undone", silent=True, reason=_("Undone by %(who)s") % {"who": by})
    Invoice.objects.filter(pk=invoice.pk).update(billed_at=None, marked_sent_at=None)
    audit.record(
        "invoice.mark_undone", invoice, by=by, before={"billed_at": invoice.billed_at}, after={"billed_at": None}
    )
