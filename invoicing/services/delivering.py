"""Deliveries asked for: one row per reader, in the transaction of the act that asked. The worker carries them."""

import hashlib
import uuid
from datetime import date

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from config.common import audit, queue, roles, states
from config.common.addresses import mailbox
from config.common.errors import DomainError, Stale

from .. import messages
from ..models import Delivery, DeliveryDocument, Invoice
from . import troubled
from .mail import Mail, by_role, check_mail, told_of
from .opening import open_invoice

SENDABLE = ("open", "paid", "uncollectible")


def queue_delivery(invoice, *, by, mail: Mail) -> list[Delivery]:
    """Queue one email per reader for an opened invoice; the background worker sends them.

    Refused with DomainError for a draft, a void invoice, no To reader, a bad address, an unknown merge field, a missing
    subject or reply-to, an address that mail came back from (unless `anyway`); with Stale when somebody sent it
    meanwhile, or the same `occasion` asked for something else before. Repeating it queues nothing new.
    """
    roles.require(by, "invoice.send")
    readers = check_mail(mail)
    troubled.check(invoice.customer_id, [reader.email for reader in readers], anyway=mail.anyway)
    with transaction.atomic():
        invoice = Invoice.objects.select_for_update().get(pk=invoice.pk)
        if same := asked_before(invoice, mail, readers):
            if same[0].scheduled_at:
                raise Stale(used_already())
            return same
        check_sendable(invoice)
        check_nobody_was_quicker(invoice, mail)
        lift_mark(invoice, by=by, mail=mail)
        deliveries = [new_delivery(invoice, reader, by=by, mail=mail, readers=readers) for reader in readers]
        Delivery.objects.bulk_create(deliveries)
        DeliveryDocument.objects.bulk_create(document_of(delivery, invoice) for delivery in deliveries)
        audit.record("delivery.queued", invoice, by=by, after=told_of(invoice, mail, readers))
        queue.enqueue("invoicing.tasks.carry", deliveries[0].pk)
    return deliveries


def open_and_send(invoice, *, by, on: date, mail: Mail, version: int | None = None) -> list[Delivery]:
    """Open a draft and queue its emails: both or neither."""
    with transaction.atomic():
        opened = open_invoice(invoice, by=by, on=on, version=version)
        return queue_delivery(opened, by=by, mail=mail)


def asked_before(invoice, mail, readers) -> list[Delivery]:
    """What the same submit has made already; Stale where it had other readers or other words then."""
    same = list(Delivery.objects.filter(documents__invoice=invoice, occasion=mail.occasion).order_by("pk"))
    wanted = {(recipient_hash(reader.email), reader.role) for reader in readers}
    if same and ({(each.recipient_hash, each.role) for each in same} != wanted or _says_else(same[0], mail)):
        raise Stale(used_already())
    return same


def _says_else(delivery, mail) -> bool:
    """What is composed has its subject filled: that is not compared any more."""
    subject = mail.subject if delivery.composed_at is None else delivery.subject
    link = mail.portal_link and delivery.role == Delivery.Role.TO
    typed = (subject, mail.message, mail.reply_to, link)
    return typed != (delivery.subject, delivery.message, delivery.reply_to, delivery.with_link)


def used_already() -> str:
    """One submit asked for two different things, as a sentence: Back in the browser, or a second tab."""
    return _("This was asked for already, in another way. Close the dialog and open it again.")


def lift_mark(invoice, *, by, mail) -> None:
    """Take the mark “sent some other way” away, where the dialog says so."""
    roles.require(by, "invoice.send")
    if mail.lift_mark and invoice.marked_sent_at:
        Invoice.objects.filter(pk=invoice.pk).update(marked_sent_at=None)
        audit.record("invoice.mark_lifted", invoice, by=by, before={"marked_sent_at": invoice.marked_sent_at})


def newest_delivery(invoice) -> int:
    """The mark a dialog carries as `seen`."""
    return Delivery.objects.filter(documents__invoice=invoice).order_by("-pk").values_list("pk", flat=True).first() or 0


def recipient_hash(email: str) -> str:
    return hashlib.sha256(mailbox(email).encode("utf-8", "replace")).hexdigest()


def document_of(delivery, invoice) -> DeliveryDocument:
    """Which invoice a new delivery carries, unsaved; the delivery has its key by then."""
    return DeliveryDocument(
        delivery=delivery,
        invoice=invoice,
        kind=delivery.kind,
        channel=delivery.channel,
        recipient_hash=delivery.recipient_hash,
    )


def new_delivery(invoice, reader, *, by, mail, readers, **fields) -> Delivery:
    """The row of one reader, unsaved. `fields`: further columns, such as when it is to go."""
    hashed = recipient_hash(reader.email)
    return Delivery(
        channel="email",
        role=reader.role,
        occasion=mail.occasion,
        dedupe_key=f"{invoice.pk}:invoice:email:{hashed[:32]}:{mail.occasion}",
        customer_id=invoice.customer_id,
        contact_id=reader.contact_id,
        recipient=reader.email,
        recipient_hash=hashed,
        recipient_name=reader.name,
        asked_by_id=by.pk,
        subject=mail.subject,
        message=mail.message,
        reply_to=mail.reply_to,
        sender=messages.sender_of(invoice),
        readers=by_role(readers),
        language=invoice.language,
        with_link=mail.portal_link and reader.role == Delivery.Role.TO,
        **new_ids(),
        **fields,
    )


def new_ids() -> dict:
    """What one message is known by, to us, to mail programs and to providers; for other words there are others."""
    public_id = uuid.uuid4()
    host = settings.BASE_URL.split("://")[-1].split(":")[0].split("/")[0]
    return {
        "public_id": public_id,
        "message_id": f"<{public_id}@{host}>",
        "idempotency_key": public_id.hex,
    }


def check_sendable(invoice):
    if invoice.is_draft:
        raise DomainError(_("A draft cannot be sent. Open it first."))
    if invoice.status not in SENDABLE:
        raise DomainError(_("%(number)s is void and is not sent any more.") % {"number": invoice.number})


def check_nobody_was_quicker(invoice, mail) -> None:
    """Stale where somebody sent it after the dialog was drawn, or an email to one of its readers is not decided yet."""
    newer = (
        Delivery.objects.filter(documents__invoice=invoice, kind="invoice", pk__gt=mail.seen)
        .filter(status__in=[*Delivery.LIVE, "sent"])
        .select_related("asked_by")
        .order_by("pk")
        .first()
    )
    if newer and newer.status == Delivery.Status.SCHEDULED:
        raise Stale(under_way(newer))
    if newer:
        raise Stale(
            _(
                "%(who)s sent %(number)s a moment ago, to %(email)s, so nothing was sent again. Look at its Email "
                "History and send it once more only if that is wanted."
            )
            % {
                "who": newer.asked_by or _("Dunlin"),
                "number": invoice.number,
                "email": newer.recipient or newer.note or "…",
            }
        )
    addresses = [recipient_hash(reader.email) for reader in mail.readers]
    live = DeliveryDocument.objects.filter(
        invoice=invoice, kind="invoice", channel="email", recipient_hash__in=addresses, live=True
    ).select_related("delivery__asked_by")
    if waiting := live.first():
        raise Stale(under_way(waiting.delivery))


def under_way(delivery) -> str:
    """Why no second email may go beside this one, as a sentence."""
    words = {"who": delivery.asked_by or _("Dunlin"), "email": delivery.recipient}
    if delivery.status == Delivery.Status.SCHEDULED:
        return _("%(who)s scheduled an email to %(email)s already. Move that one, send it now or cancel it.") % words
    return _("An email to %(email)s is still under way or of unknown outcome. Decide about that one first.") % words


def move(delivery, to, *, by, action, where=None, after=None, silent=False, **fields):
    """Advance a delivery and keep `live` of its documents true to it, in one transaction."""
    with transaction.atomic():
        document = next(iter(delivery.documents.all()), None)
        states.advance(
            delivery,
            to,
            by=by,
            action=action,
            where=where,
            after=after,
            thread=document.invoice if document else None,
            silent=silent,
            **{"worker": "", "lease_until": None, **fields},
        )
        delivery.documents.update(live=delivery.is_live)
    return delivery


def bill(delivery, *, by, at) -> None:
    """Billed: the moment the first To delivery of an invoice was accepted. Copies never bill."""
    if delivery.role != Delivery.Role.TO or delivery.kind != Delivery.Kind.INVOICE:
        return
    for document in delivery.documents.all():
        if Invoice.objects.filter(pk=document.invoice_id, billed_at=None).update(billed_at=at):
            audit.record("invoice.billed", document.invoice, by=by, after={"billed_at": at, "delivery": delivery.pk})
