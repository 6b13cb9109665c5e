"""How a template's words read in the email they end up in, while somebody types them. Changes nothing."""

import copy
from dataclasses import dataclass
from datetime import date, timedelta

from django.core.exceptions import ValidationError

from config.common import edits
from customers.models import Organization

from .. import letters, links, merge, messages
from ..models import Allocation, EmailTemplateText, Invoice
from . import proposing, sampling

LONGEST = {"subject": 200, "message": 10_000}  # what the forms take


@dataclass(frozen=True)
class Preview:
    """The email as it would be; `mistakes` are (what, sentence), and what they are about stays as it was typed."""

    subject: str
    html: str
    mistakes: list[tuple[str, str]]
    language: str


def preview(
    invoice: Invoice | None, *, kind: str, subject: str, message: str, language: str, on: date, received=None
) -> Preview:
    """Compose it around an opened invoice; None is an invented one that stands in no book.

    `kind` is invoice, reminder or receipt. A receipt is for the newest payment of the invoice; where there is none yet,
    as if all of it had been paid on that day.
    """
    typed = {"subject": subject[: LONGEST["subject"]], "message": message[: LONGEST["message"]]}
    mistakes = []
    for name, text in typed.items():
        try:
            merge.CHECKS[name](text, merge.FIELDS_OF[kind])
        except ValidationError as mistake:
            mistakes.append((edits.label_of(EmailTemplateText(), name), mistake.messages[0]))
    contacts = proposing.by_default(proposing.contacts_of(invoice))
    shown = invoice or _sample(language, on=on)
    if kind == letters.RECEIPT:
        shown, received = _received(shown, on=on)
    content = messages.compose(
        shown,
        **typed,
        contact_name=contacts[0].name if contacts else "",
        language=language,
        readers={"to": [contact.email for contact in contacts]},
        link=links.placeholder() if proposing.puts_link() or merge.names_link(message) else "",
        on=on,
        kind=kind,
        received=received,
    )
    return Preview(content.subject, content.html, mistakes, language)


def _sample(language, *, on) -> Invoice:
    """An invented one, nine days late."""
    return sampling.invented_invoice(Organization.objects.current(), language=language, due_on=on - timedelta(days=9))


def _received(invoice, *, on) -> tuple[Invoice, letters.Received]:
    """The newest payment that still counts; where there is none, the invoice as if it were paid on that day."""
    paid = Allocation.objects.filter(
        invoice_id=invoice.pk, kind=Allocation.Kind.PAYMENT, reverses=None, reversed_by=None
    ).select_related("payment")
    found = paid.order_by("-pk").first()
    if found and found.payment:
        return invoice, letters.Received(found.amount, found.payment.paid_on)
    left = invoice.total - invoice.prepaid - invoice.settled
    invoice = copy.copy(invoice)
    invoice.settled += left
    return invoice, letters.Received(left, on)
