"""What the send dialog is filled with before a person looks at it. Nothing here writes."""

from dataclasses import dataclass
from datetime import date

from customers.models import Contact, Organization

from ..models import Counter, Delivery, Series
from .delivering import Reader

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

    @property
    def has_address(self) -> bool:
        return bool(self.known)


def propose(invoice) -> Proposal:
    """Primary and finance contacts that get invoices (else whoever does), our preselected addresses, the template."""
    organization = Organization.objects.current()
    contacts = _contacts(invoice)
    own = list(organization.emails.all())
    template = invoice.template
    return Proposal(
        to=[contact.email for contact in _by_default(contacts)],
        cc=_split(template.cc) if template else [],
        copies=[address.email for address in own if address.preselected],
        subject=template.subject if template else "",
        message=template.message if template else "",
        reply_to=(template.reply_to if template else "") or organization.email,
        template=template.name if template else "",
        known=[contact.email for contact in contacts],
        own=[address.email for address in own],
    )


def readers(invoice, *, to, cc=(), copies=()) -> list[Reader]:
    """Typed addresses as readers; one that is a contact's carries the contact and its name."""
    contacts = {contact.email.casefold(): contact for contact in _contacts(invoice)}
    return [
        *(_reader(email, Delivery.Role.TO, contacts) for email in to),
        *(_reader(email, Delivery.Role.CC, contacts) for email in cc),
        *(Reader(email, Delivery.Role.COPY) for email in copies),
    ]


def expected_number(invoice, *, on: date) -> str:
    """The number the draft would get if it were opened now; another one may be quicker. "" where there is no series."""
    series = Series.objects.filter(kind=invoice.kind).first()
    if series is None:
        return ""
    issued_on = invoice.issued_on or on
    counter = Counter.objects.filter(series=series, year=issued_on.year if series.restarts_yearly else 0).first()
    return series.text(issued_on.year, counter.next_no if counter else 1)


def _contacts(invoice) -> list[Contact]:
    return list(Contact.objects.mailable().filter(customer_id=invoice.customer_id)) if invoice.customer_id else []


def _by_default(contacts):
    wanted = [contact for contact in contacts if contact.gets_invoices]
    return [contact for contact in wanted if contact.role in DEFAULT_ROLES] or wanted


def _reader(email, role, contacts) -> Reader:
    contact = contacts.get(email.casefold())
    return Reader(email, role, name=contact.name, contact_id=contact.pk) if contact else Reader(email, role)


def _split(addresses: str) -> list[str]:
    return [address.strip() for address in addresses.replace(";", ",").split(",") if address.strip()]
