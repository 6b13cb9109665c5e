"""Queueing the emails of a group of invoices: as queue_delivery does for one, with few statements for up to twenty."""

from dataclasses import dataclass
from datetime import date

from config.common import audit, queue, roles
from config.common.models import AuditEvent

from ..models import Delivery, DeliveryDocument, Invoice
from . import delivering
from .mail import Mail, Reader, told_of


@dataclass(frozen=True)
class Letter:
    """One invoice's mail in a group; `readers` are checked already (check_mail)."""

    invoice: Invoice
    mail: Mail
    readers: list[Reader]
    batch_item: int | None = None
    fallback_reason: str = ""


def queue_deliveries(letters: list[Letter], *, by, on: date) -> None:
    """Queue one email per reader of each letter, in the caller's transaction, which holds the invoices.

    Nothing is asked any more: the caller has refused what cannot be sent. `on` is today in the organization's zone.
    """
    roles.require(by, "invoice.send")
    if not letters:
        return
    deliveries, documents, events = [], [], []
    for letter in letters:
        for reader in letter.readers:
            made = delivering.new_delivery(letter.invoice, reader, by=by, mail=letter.mail, readers=letter.readers)
            made.batch_item_id, made.fallback_reason = letter.batch_item, letter.fallback_reason
            deliveries.append(made)
            documents.append(delivering.document_of(made, letter.invoice))
        told = told_of(letter.invoice, letter.mail, letter.readers, on=on)
        events.append(audit.event_for("delivery.queued", letter.invoice, by=by, after=told))
    Delivery.objects.bulk_create(deliveries)
    DeliveryDocument.objects.bulk_create(documents)
    AuditEvent.objects.bulk_create(events)
    queue.enqueue("invoicing.tasks.carry", deliveries[0].pk)
