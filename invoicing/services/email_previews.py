"""How a template's words read in the email they end up in, while somebody types them. Changes nothing."""

import copy
from dataclasses import dataclass
from datetime import date, timedelta

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from config.common import edits
from customers.models import Contact, Organization

from .. import letters, links, merge, messages
from ..models import Allocation, EmailTemplateText, Invoice, Line
from ..snapshots import seller_of
from . import proposing

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
    """Compose it around an opened invoice; None is a sample that stands in no book.

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
    contacts = proposing.by_default(_contacts(invoice))
    shown = invoice or sample_invoice(on=on)
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


def sample_invoice(*, on: date) -> Invoice:
    """An invoice such as one of ours would be, nine days late; in memory alone."""
    ours = Organization.objects.current()
    net, tax = 120000, 25200
    invoice = Invoice(
        pk=0,
        status=Invoice.Status.OPEN,
        number=f"INV-{on.year}-00001",
        customer_name=_("Sample Customer Ltd"),
        currency=ours.currency,
        language=ours.language,
        issued_on=on - timedelta(days=39),
        due_on=on - timedelta(days=9),
        net_total=net,
        tax_total=tax,
        total=net + tax,
        seller=seller_of(ours),
        buyer={"name": _("Sample Customer Ltd")},
    )
    lines = [Line(name=_("Something we sold"), position=1, quantity=1, unit_price=net // 100, net=net)]
    invoice._prefetched_objects_cache = {"lines": lines}  # type: ignore[attr-defined]
    return invoice


def _contacts(invoice) -> list[Contact]:
    customer = invoice.customer_id if invoice else None
    return list(Contact.objects.mailable().filter(customer_id=customer)) if customer else []


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
