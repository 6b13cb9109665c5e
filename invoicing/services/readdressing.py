"""An email that waits for its moment goes to where its reader is by then: contacts are read live."""

from config.common.addresses import mailbox
from customers.models import Contact

from ..models import Delivery, DeliveryDocument
from .delivering import recipient_hash


def follow_contacts(waiting: list[Delivery]) -> None:
    """Where a contact's address or name was corrected since, these rows of one send, held by their invoice, say so.

    Nobody gets it twice: an address that another email of the invoice goes to already is left alone. Of a contact that
    is gone, or gets no mail any more, the address stays that was chosen.
    """
    contacts = Contact.objects.mailable().in_bulk([each.contact_id for each in waiting if each.contact_id])
    taken = {mailbox(each.recipient) for each in waiting}
    moved = {}
    for each in waiting:
        contact = contacts.get(each.contact_id)
        if contact is None or (contact.email, contact.name) == (each.recipient, each.recipient_name):
            continue
        if mailbox(contact.email) != mailbox(each.recipient) and (
            mailbox(contact.email) in taken or _is_on_its_way(each, contact.email)
        ):
            continue
        taken.add(mailbox(contact.email))
        moved[each.recipient] = contact.email
        each.recipient, each.recipient_name = contact.email, contact.name
        each.recipient_hash = recipient_hash(contact.email)
        each.documents.update(recipient_hash=each.recipient_hash)
    if not moved:
        return
    for each in waiting:
        each.readers = {role: [moved.get(email, email) for email in emails] for role, emails in each.readers.items()}
        each.save(update_fields=["recipient", "recipient_name", "recipient_hash", "readers"])


def _is_on_its_way(delivery, email) -> bool:
    documents = DeliveryDocument.objects.filter(
        invoice__in=delivery.documents.values("invoice"), recipient_hash=recipient_hash(email), live=True
    )
    return documents.exclude(delivery=delivery).exists()
