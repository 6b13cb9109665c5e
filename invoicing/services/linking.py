"""The links of mails: made as a mail is composed, taken back by a person, made afresh for a reader who comes late."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import override

from config.common import audit, limits, queue, roles
from config.common.errors import DomainError, Stale
from config.common.limits import Limit
from config.common.roles import SYSTEM
from customers.models import Contact

from .. import links
from ..models import CustomerLink, Delivery, DeliveryDocument, Invoice
from .delivering import check_sendable, document_of, new_delivery
from .mail import Mail, Reader
from .returned import literal_subject

PAUSE = timedelta(hours=1)  # between two fresh links to one reader of one invoice
FRESH_BY_ADDRESS = Limit("fresh links to address", 5, 3600)


def make_link(delivery: Delivery, invoice: Invoice, *, at: datetime) -> None:
    """The link of a mail that is being composed, in the transaction that keeps its text, with the key in use.

    Composed anew, for a mended address, it has another token: the one that was meant for the old address is dead.
    """
    delivery.link_key = links.key_in_use()
    made = {"invoice": invoice, "token_hash": links.hash_of(links.token_of(delivery)), "made_at": at}
    fresh = {**made, "revoked_at": None, "revoked_by": None}
    CustomerLink.objects.update_or_create(delivery=delivery, defaults=fresh)


@transaction.atomic
def revoke_link(link: CustomerLink, *, by, at: datetime) -> None:
    """From now on it opens nothing, for whoever has it. Stale where somebody was quicker."""
    roles.require(by, "link.revoke")
    if not CustomerLink.objects.live().filter(pk=link.pk).update(revoked_at=at, revoked_by_id=by.pk):
        raise Stale(_("The link was revoked already. Reload the page to see by whom."))
    audit.record("delivery.link_revoked", link.delivery, by=by, thread=link.invoice)


@transaction.atomic
def send_fresh(link: CustomerLink, *, at: datetime) -> None:
    """Another mail with a link of its own, to the very address the expired one went to; asked for by whoever holds it.

    Once an hour: asked for again meanwhile, nothing more is sent. Refused with DomainError, in words for a customer,
    where the invoice is not sent any more, mail came back from the address, or too many were asked for.
    """
    invoice = Invoice.objects.select_for_update().get(pk=link.invoice_id)
    if was_sent_fresh(link, at=at):
        return
    check_sendable(invoice)
    old = link.delivery
    contact = Contact.objects.filter(customer=old.customer_id, email__iexact=old.recipient).first()
    if contact is not None and contact.is_troubled:
        raise DomainError(_("We cannot send to that address any more. Please write to us instead."))
    if not limits.spend(FRESH_BY_ADDRESS, old.recipient):
        raise DomainError(_("Too many links were asked for. Please try again in an hour, or write to us."))
    reader = Reader(old.recipient, name=old.recipient_name, contact_id=contact.pk if contact else None)
    with override(old.language):
        words = _("Here is the fresh link that was asked for on the page of your invoice.")
    mail = Mail([reader], literal_subject(old), old.reply_to, words, portal_link=True)
    made = new_delivery(invoice, reader, by=SYSTEM, mail=mail, readers=[reader], kind="notice", queued_at=at)
    made.language = old.language
    made.save(force_insert=True)
    document_of(made, invoice).save(force_insert=True)
    audit.record("delivery.fresh_link", made, by=SYSTEM, thread=invoice)
    queue.enqueue("invoicing.tasks.carry", made.pk)


def was_sent_fresh(link: CustomerLink, *, at: datetime) -> bool:
    """Whether a fresh one went to its reader within the last hour, or is still on its way."""
    rows = DeliveryDocument.objects.filter(
        Q(live=True) | (Q(delivery__queued_at__gt=at - PAUSE) & ~Q(delivery__status="failed")),
        invoice=link.invoice_id,
        kind=Delivery.Kind.NOTICE,
        recipient_hash=link.delivery.recipient_hash,
    )
    return rows.exists()
