"""Delivery problems and what a person decides about them."""

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext as _

from config.common import audit, clock, queue, roles
from config.common.errors import DomainError, Forbidden, Stale

from ..models import CustomerLink, Delivery, DeliveryDocument
from . import returned
from .batches import following
from .delivering import bill, check_sendable, move, recipient_hash

NOT_COMPOSED = {"composed_at": None, "text": "", "html": "", "content_sha256": "", "link_key": ""}


@transaction.atomic
def settle_delivery(delivery, *, by, decision: str, address: str = "") -> Delivery:
    """A person decides about a delivery that failed, is of unknown outcome, came back or was complained about.

    decision: "arrived" (unknown → sent, bills like a sent one; what came back arrived after all), "again" (queued once
    more, to `address` if it was mended; what had been sent goes anew, as another delivery), "rest" (nothing more will
    be done). Refused with Stale when it is not, or no longer, that kind of problem.
    """
    roles.require(by, "delivery.settle")
    delivery = Delivery.objects.select_for_update().get(pk=delivery.pk)
    invoice = delivery.documents.first().invoice
    now = clock.now()
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
        address = address.strip() or delivery.recipient
        if came_back:
            returned.send_anew(delivery, invoice, by=by, at=now, address=_checked(address))
        else:
            _send_again(delivery, by=by, address=_checked(address))
    elif decision == "rest":
        if (delivery.status not in ("failed", "unknown") and not came_back) or delivery.settled_at:
            raise Stale(_("There is nothing left to decide here. Reload the page."))
        if delivery.status == "unknown":
            move(
                delivery, "failed", by=by, action="delivery.given_up", reason=_("Given up without knowing its outcome")
            )
        Delivery.objects.filter(pk=delivery.pk).update(settled_at=now)
        audit.record("delivery.rest", delivery, by=by, thread=invoice)
    else:
        raise DomainError(_("Choose what to do with this delivery."))
    following.follow_deliveries([delivery])
    return delivery


def _came_back(delivery) -> bool:
    return Delivery.objects.problems().filter(pk=delivery.pk).exists()


def _checked(address) -> str:
    try:
        validate_email(address)
    except ValidationError:
        raise DomainError(_("“%(email)s” is no email address. Correct it.") % {"email": address}) from None
    return address


def _send_again(delivery, *, by, address):
    before = delivery.recipient
    hashed = recipient_hash(address)
    document = delivery.documents.first()
    if DeliveryDocument.objects.filter(
        invoice_id=document.invoice_id, kind=delivery.kind, channel=delivery.channel, recipient_hash=hashed, live=True
    ).exclude(delivery=delivery):
        raise Stale(_("Another email to %(email)s is under way already.") % {"email": address})
    same = address.casefold() == before.casefold()
    if same and CustomerLink.objects.filter(delivery=delivery, revoked_at__isnull=False).exists():
        raise DomainError(
            _("Its portal link was revoked, and the same email has no other. Send the invoice anew from its own page.")
        )
    readers = {**delivery.readers}
    readers[delivery.role] = [address if email == before else email for email in readers.get(delivery.role, [])]
    delivery.documents.update(recipient_hash=hashed)
    move(
        delivery,
        "queued",
        by=by,
        action="delivery.again",
        after={"recipient": "changed"} if address != before else {},
        recipient=address,
        recipient_hash=hashed,
        readers=readers,
        # Other words would leave with the old ones' hash: a new address means composing anew.
        **({**NOT_COMPOSED, "subject": returned.literal_subject(delivery)} if address != before else {}),
        reason="",
        wire_started_at=None,
        queued_at=clock.now(),
        not_before=None,
        settled_at=None,
        tries=0,
        crashes=0,
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
