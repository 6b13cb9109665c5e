"""A test email, and what an installation's mail set-up is, in plain facts."""

import uuid
from dataclasses import dataclass
from email.utils import parseaddr

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMultiAlternatives
from django.utils.translation import gettext as _

from config.common import roles
from config.common.addresses import check_address
from config.common.errors import DomainError
from config.common.plugins import plugin

from ..channels import idempotency
from ..channels.base import ChannelFailure, OutcomeUnknown, Receipt


@dataclass(frozen=True)
class Sender:
    """Who mail comes from and how it leaves; `provider` is "" for a mail server (SMTP) and for the demo's outbox."""

    address: str
    domain: str
    provider: str
    server: str
    per_minute: int
    keeps_keys: bool


def sender() -> Sender:
    """The set-up of this installation, from its environment."""
    address = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    over_smtp = ".smtp." in settings.EMAIL_BACKEND
    channel = plugin("DELIVERY_CHANNELS", "email")
    return Sender(
        address=address,
        domain=address.partition("@")[2],
        provider=idempotency.provider(),
        server=f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}" if over_smtp else "",
        per_minute=channel.per_minute,
        keeps_keys=bool(channel.repeats_for),
    )


def send_test(to: str, *, by) -> Receipt:
    """Hand one short message over now; what the other side answered. Leaves no delivery.

    Refused with DomainError for what is no address, and with the mail server's own words where it does not take it.
    """
    roles.require(by, "channel.test")
    try:
        check_address(to)
    except ValidationError:
        raise DomainError(_("“%(email)s” is no email address. Correct it.") % {"email": to}) from None
    message = EmailMultiAlternatives(
        subject=_("A test email from Dunlin"),
        body=_("If you read this, Dunlin can send email from %(address)s.") % {"address": sender().address},
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[to],
        headers={"Auto-Submitted": "auto-generated", "X-AR-Delivery": str(uuid.uuid4())},
    )
    try:
        with plugin("DELIVERY_CHANNELS", "email").session() as session:
            return session.send(message, on_wire=lambda: None)
    except ChannelFailure as failure:
        raise DomainError(
            _("It was not sent. The mail server says: %(reason)s") % {"reason": failure.reason}
        ) from failure
    except OutcomeUnknown as unknown:
        raise DomainError(
            _("Nobody knows whether it was sent: %(reason)s Look into the mailbox.") % {"reason": unknown.reason}
        ) from unknown
