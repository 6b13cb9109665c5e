"""Delivery problems and what a person decides about them."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from config.common import audit, clock, queue, roles
from config.common.addresses import check_address, mailbox
from config.common.errors import DomainError, Forbidden, Stale

from ..models import Attempt, CustomerLink, Delivery, DeliveryDocument
from . import proposing, returned
from .batches import following
from .delivering import bill, check_sendable, move, new_ids, recipient_hash

NOT_COMPOSED = {"composed_at": None, "text": "", "html": "", "content_sha256": "", "link_key": ""}


@transaction.atomic
def settle_delivery(delivery, *, by, decision: str, address: str = "") -> Delivery:
    """A person decides about a delivery that failed, is of unknown outcome, came back or was complained about.

    decision: "arrived" (unknown → sent, bills like a sent one; what came back arrived after all), "again" (queued once
    more; to another `address` it is composed anew for who reads there; what had been sent or came back, or may have
    been sent, goes as another delivery), "rest" (nothing more will be done). Gives the delivery that goes on. Refused
    with Stale when it is not, or no longer, that kind of problem.
    """
    roles.require(by, "delivery.settle")
    delivery = Delivery.objects.select_for_update().get(pk=delivery.pk)
    invoice = delivery.documents.first().invoice
    now, goes_on = clock.now(), delivery
    came_back = delivery.status == Delivery.Status.SENT and delivery.settled_at is None and _came_back(delivery)
    if decision == "arrived" and came_back:
        returned.note_arrival(delivery, by=by, at=now)
    elif decision == "arrived":
        if delivery.status != Delivery.Status.UNKNOWN:
            raise Stale(_("Its outcome is known by now. Reload the page."))
        move(
            delivery,
            "sent",
            by=by,
            action="delivery.arrived",
            sent_at=delivery.wire_started_at,
            settled_at=now,
            response=_("%(who)s says it arrived") % {"who": by},
        )
        bill(delivery, by=by, at=delivery.wire_started_at)
    elif decision == "again":
        check_sendable(invoice)
        _check_customer(delivery, invoice)
        address = _checked(address.strip() or delivery.recipient)
        if delivery.status == Delivery.Status.FAILED and delivery.settled_at:
            raise Stale(_("There is nothing left to decide here. Reload the page."))
        if came_back or _is_known_back(delivery):
            goes_on = returned.send_anew(delivery, invoice, by=by, at=now, address=address)
        elif _is_same(address, delivery):
            _send_again(delivery, by=by)
        elif _may_be_out(delivery):
            if delivery.status == Delivery.Status.UNKNOWN:
                _give_up(delivery, by=by)
            goes_on = returned.send_anew(delivery, invoice, by=by, at=now, address=address)
        else:
            _send_elsewhere(delivery, invoice, by=by, address=address)
    elif decision == "rest":
        if (delivery.status not in ("failed", "unknown") and not came_back) or delivery.settled_at:
            raise Stale(_("There is nothing left to decide here. Reload the page."))
        if delivery.status == Delivery.Status.UNKNOWN:
            _give_up(delivery, by=by)
        Delivery.objects.filter(pk=delivery.pk).update(settled_at=now)
        audit.record("delivery.rest", delivery, by=by, thread=invoice)
    else:
        raise DomainError(_("Choose what to do with this delivery."))
    following.follow_deliveries([delivery])
    return goes_on


def _came_back(delivery) -> bool:
    return Delivery.objects.problems().filter(pk=delivery.pk).exists()


def _check_customer(delivery, invoice):
    """A scheduled email outlives a change of its draft's customer: what is another's now is not for its readers."""
    if delivery.customer_id != invoice.customer_id:
        raise DomainError(
            _("%(number)s is for %(customer)s, whom this email was not written to. Send it from the invoice.")
            % {"number": invoice.number, "customer": invoice.customer_name}
        )


def _is_known_back(delivery) -> bool:
    """Failed by what was heard of it: facts of that mail, which the next one must not begin with."""
    return delivery.status == Delivery.Status.FAILED and bool(delivery.bounced_at or delivery.rejected_at)


def _checked(address) -> str:
    try:
        check_address(address)
    except ValidationError:
        raise DomainError(_("“%(email)s” is no email address. Correct it.") % {"email": address}) from None
    return address


def _is_same(address, delivery) -> bool:
    """The same mailbox, however it is written now: then the very bytes leave once more."""
    return mailbox(address) == mailbox(delivery.recipient)


def _may_be_out(delivery) -> bool:
    """Refused, it is nowhere and may be composed anew; what nobody knows the outcome of may be with its reader."""
    tries = delivery.attempts.filter(result=Attempt.Result.UNKNOWN)
    return delivery.status == Delivery.Status.UNKNOWN or (delivery.status == Delivery.Status.FAILED and tries.exists())


def _give_up(delivery, *, by):
    move(delivery, "failed", by=by, action="delivery.given_up", reason=_("Given up without knowing its outcome"))


def _send_again(delivery, *, by):
    """To the same reader: the same message, byte for byte, with the same key."""
    if CustomerLink.objects.filter(delivery=delivery, revoked_at__isnull=False).exists():
        raise DomainError(
            _("Its portal link was revoked, and the same email has no other. Send the invoice anew from its own page.")
        )
    _queue_again(delivery, by=by, address=delivery.recipient)


def _send_elsewhere(delivery, invoice, *, by, address):
    """To another reader: other words, so another message, with another key and Message-ID. Nobody has the first."""
    reader = proposing.reader_of(invoice, address, delivery.role)
    others = {**delivery.readers}
    here = others.get(delivery.role, [])
    others[delivery.role] = [address if email == delivery.recipient else email for email in here]
    _queue_again(
        delivery,
        by=by,
        address=address,
        after={"recipient": "changed"},
        recipient=address,
        recipient_name=reader.name,
        contact_id=reader.contact_id,
        readers=others,
        subject=returned.literal_subject(delivery),
        **NOT_COMPOSED,
        **new_ids(),
    )


def _queue_again(delivery, *, by, address, after=None, **fields):
    document, hashed = delivery.documents.get(), recipient_hash(address)
    if DeliveryDocument.objects.filter(
        invoice_id=document.invoice_id, kind=delivery.kind, channel=delivery.channel, recipient_hash=hashed, live=True
    ).exclude(delivery=delivery):
        raise Stale(_("Another email to %(email)s is under way already.") % {"email": address})
    delivery.documents.update(recipient_hash=hashed)
    move(
        delivery,
        "queued",
        by=by,
        action="delivery.again",
        after=after or {},
        recipient_hash=hashed,
        reason="",
        wire_started_at=None,
        queued_at=clock.now(),
        not_before=None,
        settled_at=None,
        tries=0,
        crashes=0,
        **fields,
    )
    queue.enqueue("invoicing.tasks.carry", delivery.pk)


def settle_deliveries(pks, *, by, decision: str) -> tuple[int, list[str]]:
    """Several in one go, each by itself: one refusal stops no other.

    Gives how many were settled, and a sentence for each that was not. Forbidden refuses all at once.
    """
    roles.require(by, "delivery.settle")
    settled, refusals = 0, []
    for delivery in Delivery.objects.filter(pk__in=pks).order_by("pk"):
        try:
            settle_delivery(delivery, by=by, decision=decision)
        except Forbidden:
            raise
        except DomainError as refusal:
            refusals.append(f"{delivery}: {refusal}")
        else:
            settled += 1
    return settled, refusals
