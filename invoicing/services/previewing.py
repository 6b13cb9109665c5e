"""Send me a preview: exactly the mail that would go out, to the person at the keyboard alone. Changes nothing."""

import copy
import uuid
from datetime import date
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from config.common import clock, roles
from config.common.errors import DomainError
from config.common.plugins import plugin
from customers.models import Organization

from .. import documents, links, merge, messages
from ..channels.base import ChannelFailure, OutcomeUnknown
from ..models import Delivery
from . import numbering, proposing
from .drafting import due_date
from .mail import Mail, check_mail


def send_preview(invoice, *, by, mail: Mail) -> None:
    """Hand the mail over now, to `by` alone, subject marked [Preview]; no delivery, no event, no number.

    Refused with DomainError for what sending itself would refuse in the mail, for a page that cannot be made, and with
    the mail server's own words when it does not take the message.
    """
    roles.require(by, "invoice.send")
    readers = check_mail(mail)
    name, pdf = _paper(invoice)
    delivery = _delivery(as_if_opened(invoice, on=_today()), by=by, mail=mail, readers=readers)
    message = messages.message_for(delivery, pdf, name=name)
    try:
        with plugin("DELIVERY_CHANNELS", "email").session() as session:
            session.send(message, on_wire=lambda: None)
    except (ChannelFailure, OutcomeUnknown) as failure:
        raise DomainError(
            _("The preview could not be sent. The mail server says: %(reason)s") % {"reason": failure.reason}
        ) from failure


def proposed_mail(invoice, proposal: proposing.Proposal) -> Mail:
    """What the dialog would send if nobody changed anything in it."""
    return Mail(
        readers=proposing.readers(invoice, to=proposal.to, cc=proposal.cc, copies=proposal.copies),
        subject=proposal.subject,
        reply_to=proposal.reply_to,
        message=proposal.message,
        portal_link=proposal.portal_link,
    )


def wording(invoice, *, subject: str, message: str) -> dict:
    """Subject and message as they will read, or why they cannot be filled, for the dialog's live preview."""
    values = {**messages.values_for(as_if_opened(invoice, on=_today())), "portal_link": links.placeholder()}
    found = {}
    ways = (
        ("subject", subject, merge.check_subject, merge.fill_subject),
        ("message", message, merge.check, merge.fill),
    )
    for name, text, check, fill in ways:
        try:
            check(text or "")
        except ValidationError as error:
            found[f"{name}_error"] = " ".join(error.messages)
        else:
            found[name] = fill(text or "", values)
    return found


def as_if_opened(invoice, *, on: date):
    """A draft with the number and dates it would get if it were opened today; others as they are. Never saved."""
    if not invoice.is_draft:
        return invoice
    shown = copy.copy(invoice)
    shown.number = proposing.expected_number(invoice, on=on)
    shown.issued_on = numbering.issue_date(invoice.kind, invoice.issued_on, on=on)
    shown.due_on = invoice.due_on if invoice.due_typed else due_date(shown.issued_on, invoice.terms_days)
    return shown


def _paper(invoice) -> tuple[str, bytes]:
    try:
        if invoice.is_draft:
            return _("Draft") + ".pdf", documents.draft_pdf(invoice)
        stored = documents.ensure_pdf(invoice)
    except documents.RenderFailure as failure:
        raise DomainError(_("The preview has no PDF: %(reason)s") % {"reason": failure}) from failure
    return stored.name, documents.read(stored)


def _delivery(invoice, *, by, mail, readers) -> Delivery:
    """Composed as the worker composes it, for the first To reader, but in nobody's table."""
    first = readers[0]
    everyone = {role: [reader.email for reader in readers if reader.role == role] for role in Delivery.Role.values}
    content = messages.compose(
        invoice,
        subject=mail.subject,
        message=mail.message,
        contact_name=first.name,
        language=invoice.language,
        readers=everyone,
        link=links.placeholder() if mail.portal_link else "",
    )
    public_id = uuid.uuid4()
    return Delivery(
        public_id=public_id,
        message_id=f"<{public_id}@{urlsplit(settings.BASE_URL).hostname}>",
        recipient=by.email,
        recipient_name=str(by),
        subject=_("[Preview] %(subject)s") % {"subject": content.subject},
        text=content.text,
        html=content.html,
        reply_to=mail.reply_to,
        sender=messages.sender_of(invoice),
        composed_at=clock.now(),
    )


def _today() -> date:
    return clock.today(Organization.objects.current().time_zone)
