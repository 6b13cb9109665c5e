"""What the send dialog is filled with before a person looks at it. Nothing here writes."""

from dataclasses import dataclass
from datetime import date

from config.common.addresses import mailbox
from customers.models import Contact, Organization

from ..models import Counter, Delivery, Invoice, InvoiceTemplateText, Series
from . import numbering, troubled
from .mail import Reader

DEFAULT_ROLES = (Contact.Role.PRIMARY, Contact.Role.FINANCE)


@dataclass(frozen=True)
class Proposal:
    """Addresses and words for one invoice; merge fields are still fields, they are filled on sending.

    `known` are the customer's addresses, `own` ours: what the dialog offers beside the ones it has put in.
    """

    to: list[str]
    cc: list[str]
    copies: list[str]
    subject: str
    message: str
    reply_to: str
    template: str
    known: list[str]
    own: list[str]
    portal_link: bool = False  # whether mails carry one, unless somebody says otherwise
    trouble: str = ""  # what is wrong with addresses of this customer

    @property
    def has_address(self) -> bool:
        return bool(self.known)


def propose(invoice) -> Proposal:
    """Primary and finance contacts that get invoices (else whoever does), our preselected addresses, the template."""
    organization = Organization.objects.current()
    contacts = contacts_of(invoice)
    own = list(organization.emails.all())
    template, text = invoice.template, words_of(invoice)
    return Proposal(
        to=[contact.email for contact in by_default(contacts)],
        cc=split(text.cc),
        copies=[address.email for address in own if address.preselected],
        subject=text.subject,
        message=text.message,
        reply_to=text.reply_to or organization.email,
        template=template.name if template else "",
        known=[contact.email for contact in contacts],
        own=[address.email for address in own],
        portal_link=organization.portal_link_in_emails,
        trouble=troubled.sentence(contact for contact in contacts if contact.is_troubled),
    )


def puts_link() -> bool:
    """Whether mails carry the portal link where nobody says otherwise."""
    return bool(Organization.objects.values_list("portal_link_in_emails", flat=True).order_by("pk").first())


def words_of(invoice) -> InvoiceTemplateText:
    """What its template says in the invoice's language; nothing where it has none. Prefetch `template__texts`."""
    text = invoice.template.text(invoice.language) if invoice.template else None
    return text or InvoiceTemplateText()


def readers(invoice, *, to, cc=(), copies=()) -> list[Reader]:
    """Typed addresses as readers; one that is a contact's carries the contact and its name."""
    return as_readers(contacts_of(invoice), to=to, cc=cc, copies=copies)


def as_readers(contacts, *, to, cc=(), copies=()) -> list[Reader]:
    """The same where the customer's contacts are read already."""
    known = {mailbox(contact.email): contact for contact in contacts}
    return [
        *(_reader(email, Delivery.Role.TO, known) for email in to),
        *(_reader(email, Delivery.Role.CC, known) for email in cc),
        *(_reader(email, Delivery.Role.COPY, known) for email in copies),
    ]


def reader_of(invoice, email: str, role: str) -> Reader:
    """Who reads at that address in that role: a contact by name, or somebody nobody knows."""
    return _reader(email, role, {mailbox(contact.email): contact for contact in contacts_of(invoice)})


def expected_number(invoice, *, on: date) -> str:
    """The number the draft would get if it were opened now; another one may be quicker. "" where there is no series."""
    series = Series.objects.filter(kind=invoice.kind).first()
    if series is None:
        return ""
    issued_on = numbering.issue_date(invoice.kind, invoice.issued_on, on=on)
    counter = Counter.objects.filter(series=series, year=issued_on.year if series.restarts_yearly else 0).first()
    return series.text(issued_on.year, counter.next_no if counter else 1)


def contacts_of(invoice: Invoice | None) -> list[Contact]:
    """Whom of its customer mail can go to; nobody where there is no customer, or no invoice."""
    customer = invoice.customer_id if invoice else None
    return list(Contact.objects.mailable().filter(customer_id=customer)) if customer else []


def by_default(contacts) -> list[Contact]:
    """Of a customer's contacts those an invoice goes to unless somebody says otherwise."""
    wanted = [contact for contact in contacts if contact.gets_invoices]
    return [contact for contact in wanted if contact.role in DEFAULT_ROLES] or wanted


def _reader(email, role, contacts) -> Reader:
    contact = contacts.get(mailbox(email)) if role != Delivery.Role.COPY else None  # our own are nobody's contacts
    return Reader(email, role, name=contact.name, contact_id=contact.pk) if contact else Reader(email, role)


def split(addresses: str) -> list[str]:
    """Addresses between commas or semicolons."""
    return [address.strip() for address in addresses.replace(";", ",").split(",") if address.strip()]
