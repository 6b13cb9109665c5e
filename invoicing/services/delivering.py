"""Deliveries asked for: one row per reader, in the transaction of the act that asked. The worker carries them."""

import hashlib
import uuid
from dataclasses import dataclass, field
from datetime import date

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext as _

from config.common import audit, queue, roles, states
from config.common.errors import DomainError, Stale

from .. import merge, messages
from ..models import Delivery, DeliveryDocument, Invoice
from .opening import open_invoice

SENDABLE = ("open", "paid", "uncollectible")
MOST_READERS = 100


@dataclass(frozen=True)
class Reader:
    """Who gets a message, and as what: To, CC, or one of our own copies."""

    email: str
    role: str = Delivery.Role.TO
    name: str = ""
    contact_id: int | None = None


@dataclass(frozen=True)
class Mail:
    """What was settled in the send dialog, for this send only.

    `occasion` is the dialog's token: the same submit twice is one send. `seen` is the newest delivery of the invoice
    when the dialog was drawn: a newer one means a colleague was quicker.
    """

    readers: list[Reader]
    subject: str
    reply_to: str
    message: str = ""
    occasion: str = field(default_factory=lambda: uuid.uuid4().hex)
    seen: int = 0
    lift_mark: bool = False


def queue_delivery(invoice, *, by, mail: Mail) -> list[Delivery]:
    """Queue one email per reader for an opened invoice; the background worker sends them.

    Refused with DomainError for a draft, a void invoice, no To reader, a bad address, an unknown merge field, a missing
    subject or reply-to; with Stale when somebody sent it meanwhile. Repeating the same `occasion` queues nothing new.
    """
    roles.require(by, "invoice.send")
    readers = check_mail(mail)
    with transaction.atomic():
        invoice = Invoice.objects.select_for_update().get(pk=invoice.pk)
        same = list(Delivery.objects.filter(documents__invoice=invoice, occasion=mail.occasion))
        if same:
            return same
        check_sendable(invoice)
        _check_nobody_was_quicker(invoice, mail)
        if mail.lift_mark and invoice.marked_sent_at:
            Invoice.objects.filter(pk=invoice.pk).update(marked_sent_at=None)
            audit.record("invoice.mark_lifted", invoice, by=by, before={"marked_sent_at": invoice.marked_sent_at})
        deliveries = [_delivery(invoice, reader, by=by, mail=mail, readers=readers) for reader in readers]
        Delivery.objects.bulk_create(deliveries)
        DeliveryDocument.objects.bulk_create(
            DeliveryDocument(
                delivery=delivery,
                invoice=invoice,
                kind=delivery.kind,
                channel=delivery.channel,
                recipient_hash=delivery.recipient_hash,
            )
            for delivery in deliveries
        )
        audit.record(
            "delivery.queued",
            invoice,
            by=by,
            after={
                "subject": _subject_read(invoice, mail),
                **{role: len(who) for role, who in _by_role(readers).items()},
            },
        )
        queue.enqueue("invoicing.tasks.carry", deliveries[0].pk)
    return deliveries


def open_and_send(invoice, *, by, on: date, mail: Mail, version: int | None = None) -> list[Delivery]:
    """Open a draft and queue its emails: both or neither."""
    with transaction.atomic():
        opened = open_invoice(invoice, by=by, on=on, version=version)
        return queue_delivery(opened, by=by, mail=mail)


def check_mail(mail: Mail) -> list[Reader]:
    """The readers with each address once (To before CC before copy), or DomainError saying what to mend."""
    for text in (mail.subject, mail.message):
        try:
            merge.check(text)
        except ValidationError as error:
            raise DomainError(" ".join(error.messages)) from None
    if not mail.subject.strip():
        raise DomainError(_("The email has no subject. Type one."))
    if not mail.reply_to:
        raise DomainError(_("The email has no reply-to address. Type one, so that answers reach you."))
    order = [Delivery.Role.TO, Delivery.Role.CC, Delivery.Role.COPY]
    once = {}
    for reader in sorted(mail.readers, key=lambda reader: order.index(Delivery.Role(reader.role))):
        try:
            validate_email(reader.email)
        except ValidationError:
            raise DomainError(
                _("“%(email)s” is no email address. Correct it or take it out.") % {"email": reader.email}
            ) from None
        once.setdefault(reader.email.lower(), reader)
    readers = list(once.values())
    if len(readers) > MOST_READERS:
        raise DomainError(
            _("%(count)s recipients are more than the %(most)s one send may have. Each would read all the others.")
            % {"count": len(readers), "most": MOST_READERS}
        )
    if not any(reader.role == Delivery.Role.TO for reader in readers):
        raise DomainError(_("Nobody of the customer would get this email. Add at least one customer email."))
    return readers


def newest_delivery(invoice) -> int:
    """The mark a dialog carries as `seen`."""
    return Delivery.objects.filter(documents__invoice=invoice).order_by("-pk").values_list("pk", flat=True).first() or 0


def recipient_hash(email: str) -> str:
    return hashlib.sha256(email.strip().lower().encode()).hexdigest()


def _subject_read(invoice, mail) -> str:
    """The subject as it reads, without the name of a person: the trail is for ever."""
    values = {**messages.values_for(invoice), "contact": invoice.customer_name}
    return merge.fill_subject(mail.subject, values)


def _by_role(readers) -> dict:
    found = {"to": [], "cc": [], "copy": []}
    for reader in readers:
        found[reader.role].append(reader.email)
    return found


def _delivery(invoice, reader, *, by, mail, readers) -> Delivery:
    public_id = uuid.uuid4()
    hashed = recipient_hash(reader.email)
    host = settings.BASE_URL.split("://")[-1].split(":")[0].split("/")[0]
    return Delivery(
        public_id=public_id,
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
        readers=_by_role(readers),
        language=invoice.language,
        message_id=f"<{public_id}@{host}>",
        idempotency_key=public_id.hex,
    )


def check_sendable(invoice):
    if invoice.is_draft:
        raise DomainError(_("A draft cannot be sent. Open it first."))
    if invoice.status not in SENDABLE:
        raise DomainError(_("%(number)s is void and is not sent any more.") % {"number": invoice.number})


def _check_nobody_was_quicker(invoice, mail):
    newer = (
        Delivery.objects.filter(documents__invoice=invoice, pk__gt=mail.seen, status__in=[*Delivery.LIVE, "sent"])
        .select_related("asked_by")
        .order_by("pk")
        .first()
    )
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
    ).select_related("delivery")
    if waiting := live.first():
        raise Stale(
            _("An email to %(email)s is still under way or of unknown outcome. Decide about that one first.")
            % {"email": waiting.delivery.recipient}
        )


def move(delivery, to, *, by, action, where=None, after=None, silent=False, **fields):
    """Advance a delivery and keep `live` of its documents true to it, in one transaction."""
    with transaction.atomic():
        document = delivery.documents.first()
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
    for document in delivery.documents.select_related("invoice"):
        if Invoice.objects.filter(pk=document.invoice_id, billed_at=None).update(billed_at=at):
            audit.record("invoice.billed", document.invoice, by=by, after={"billed_at": at, "delivery": delivery.pk})
