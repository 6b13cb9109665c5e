"""What is done about a mail that came back, or may be anywhere: it arrived after all, or another goes in its place."""

from dataclasses import replace

from django.utils.translation import gettext as _

from config.common import audit, queue, roles
from config.common.addresses import mailbox
from config.common.errors import Stale
from customers.models import Contact
from customers.services import contacts

from ..models import CustomerLink, Delivery, DeliveryDocument, TrackingEvent
from . import proposing, tracking
from .delivering import document_of, new_delivery, recipient_hash
from .mail import Mail


def note_arrival(delivery: Delivery, *, by, at) -> None:
    """A person knows that it arrived: what came back stands no longer, on the delivery and on the contact."""
    roles.require(by, "delivery.settle")
    before = {"bounced_at": delivery.bounced_at, "rejected_at": delivery.rejected_at}
    Delivery.objects.filter(pk=delivery.pk).update(
        bounced_at=None, bounce_kind="", rejected_at=None, reason="", settled_at=at
    )
    delivery.refresh_from_db()
    tracking.record_event(delivery, kind=TrackingEvent.Kind.DELIVERED, at=at, source="person", event_id=f"{by.pk} {at}")
    for contact in Contact.objects.filter(customer=delivery.customer_id, email__iexact=delivery.recipient):
        contacts.clear_contact(contact, by=by, at=at)
    document = delivery.documents.select_related("invoice").get()
    audit.record("delivery.arrived", delivery, by=by, thread=document.invoice, before=before)


def send_anew(delivery: Delivery, invoice, *, by, at, address: str) -> Delivery:
    """Another mail to the same reader, or to who reads at a mended address and is greeted then; the old is settled.

    A delivery of its own, with its own Message-ID and key: what left, or may have left, keeps its words. Stale where an
    email to that address is under way already, or this was settled before.
    """
    roles.require(by, "delivery.settle")
    hashed = recipient_hash(address)
    live = DeliveryDocument.objects.filter(
        invoice=invoice, kind=delivery.kind, channel=delivery.channel, recipient_hash=hashed, live=True
    )
    if live.exists():
        raise Stale(_("Another email to %(email)s is under way already.") % {"email": address})
    if not Delivery.objects.filter(pk=delivery.pk, settled_at=None).update(settled_at=at):
        raise Stale(_("There is nothing left to decide here. Reload the page."))
    to_known = mailbox(address) == mailbox(delivery.recipient)
    reader = proposing.reader_of(invoice, address, delivery.role)
    if to_known and reader.contact_id is None:
        reader = replace(reader, name=delivery.recipient_name)
    mail = Mail(
        [reader],
        subject=literal_subject(delivery),
        reply_to=delivery.reply_to,
        message=delivery.message,
        portal_link=delivery.with_link,
    )
    made = new_delivery(invoice, reader, by=by, mail=mail, readers=[reader])
    made.kind, made.language, made.fallback_reason = delivery.kind, delivery.language, delivery.fallback_reason
    if delivery.status != Delivery.Status.SENT:  # what its batch operation waits for is this one now
        made.batch_item_id = delivery.batch_item_id
    made.readers = {**delivery.readers}
    made.readers[delivery.role] = [
        address if email == delivery.recipient else email for email in delivery.readers.get(delivery.role, [])
    ]
    made.save(force_insert=True)
    document_of(made, invoice).save(force_insert=True)
    if not to_known and CustomerLink.objects.live().filter(delivery=delivery).update(
        revoked_at=at, revoked_by_id=by.pk
    ):  # who has the wrong mail is not to see the invoice
        audit.record("delivery.link_revoked", delivery, by=by, thread=invoice)
    changed = {} if to_known else {"recipient": "changed"}
    audit.record("delivery.anew", made, by=by, thread=invoice, after=changed)
    queue.enqueue("invoicing.tasks.carry", made.pk)
    return made


def literal_subject(delivery) -> str:
    """The subject as it was sent: its fields are filled, so a brace in it is a brace."""
    if delivery.composed_at is None:
        return delivery.subject
    return delivery.subject.replace("{", "{{").replace("}", "}}")[:250]
