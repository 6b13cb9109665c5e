"""What an email is to say and who reads it, as it was asked for; and what is refused of that before a row is made."""

import uuid
from dataclasses import dataclass, field
from datetime import date

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from config.common.addresses import check_address, mailbox
from config.common.errors import DomainError

from .. import merge, messages
from ..models import Delivery

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
    anyway: bool = False  # to addresses from which mail came back, too
    portal_link: bool = False  # each To reader gets a link of their own to the invoice's page


def check_mail(mail: Mail) -> list[Reader]:
    """The readers with each address once (To before CC before copy), or DomainError saying what to mend."""
    for text, check in ((mail.subject, merge.check_subject), (mail.message, merge.check)):
        try:
            check(text)
        except ValidationError as error:
            raise DomainError(" ".join(error.messages)) from None
    if refusal := link_refusal(mail.message, portal_link=mail.portal_link):
        raise DomainError(refusal)
    if not mail.subject.strip():
        raise DomainError(_("The email has no subject. Type one."))
    if not mail.reply_to:
        raise DomainError(_("The email has no reply-to address. Type one, so that answers reach you."))
    order = [Delivery.Role.TO, Delivery.Role.CC, Delivery.Role.COPY]
    once = {}
    for reader in sorted(mail.readers, key=lambda reader: order.index(Delivery.Role(reader.role))):
        try:
            check_address(reader.email)
        except ValidationError:
            raise DomainError(
                _("“%(email)s” is no email address. Correct it or take it out.") % {"email": reader.email}
            ) from None
        once.setdefault(mailbox(reader.email), reader)
    readers = list(once.values())
    if len(readers) > MOST_READERS:
        raise DomainError(
            _("%(count)s recipients are more than the %(most)s one send may have. Each would read all the others.")
            % {"count": len(readers), "most": MOST_READERS}
        )
    if not any(reader.role == Delivery.Role.TO for reader in readers):
        raise DomainError(_("Nobody of the customer would get this email. Add at least one customer email."))
    return readers


def link_refusal(message: str, *, portal_link: bool) -> str:
    """Why a message cannot go as it is: it names the link, and no reader gets one. "" where it can."""
    if portal_link or not merge.names_link(message):
        return ""
    return _("The message has %(field)s, but the portal link is off. Turn it on, or take the field out.") % {
        "field": "{portal_link}"
    }


def told_of(invoice, mail, readers, *, on: date | None = None) -> dict:
    """What the trail says of a send. The subject reads without the name of a person: the trail is for ever."""
    values = {**messages.values_for(invoice, on=on), "contact": invoice.customer_name}
    subject = merge.fill_subject(mail.subject, values)
    return {"subject": subject, **{role: len(who) for role, who in by_role(readers).items()}}


def by_role(readers) -> dict:
    found = {"to": [], "cc": [], "copy": []}
    for reader in readers:
        found[reader.role].append(reader.email)
    return found
