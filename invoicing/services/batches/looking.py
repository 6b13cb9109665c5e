"""A look at the mail an invoice of a batch would go out with, before anything runs. Changes nothing."""

from dataclasses import dataclass
from datetime import date

from config.common import clock
from customers.models import Organization

from ... import links, messages
from ...models import Delivery, Invoice
from .. import previewing, scheduling
from . import mailing
from .mailing import Refusal
from .wishes import Wishes


@dataclass(frozen=True)
class Look:
    """The mail as its first reader gets it; each further one gets the same under its own name."""

    to: list[str]
    cc: list[str]
    sender: str
    reply_to: str
    subject: str
    text: str
    html: str


def look_at(invoice: Invoice, *, wishes: Wishes, on: date) -> Look | Refusal:
    """The mail that would go, a draft with the number and dates it would get on that day; or why none can go."""
    contacts = mailing.contacts_of([invoice]).get(invoice.customer_id or 0, [])
    letter = mailing.letter_of(invoice, wishes=wishes, contacts=contacts, organization=Organization.objects.current())
    if isinstance(letter, Refusal):
        return letter
    first = letter.readers[0]
    readers = {role: [each.email for each in letter.readers if each.role == role] for role in Delivery.Role.values}
    if invoice.customer and (wall := wishes.wall(invoice.customer.time_zone)):
        if refusal := scheduling.instant_refusal(wall, now=clock.now()):
            return Refusal(refusal, "customer_profile")
        on = scheduling.day_of(wall.instant)
    shown = previewing.as_if_opened(invoice, on=on)
    content = messages.compose(
        shown,
        subject=letter.mail.subject,
        message=letter.mail.message,
        contact_name=first.name,
        language=invoice.language,
        readers=readers,
        link=links.placeholder() if letter.mail.portal_link else "",
    )
    return Look(
        to=readers[Delivery.Role.TO],
        cc=readers[Delivery.Role.CC],
        sender=messages.sender_of(shown),
        reply_to=letter.mail.reply_to,
        subject=content.subject,
        text=content.text,
        html=content.html,
    )
