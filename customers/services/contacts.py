"""The people at a customer. The trail names which of their details changed, never the details: those can be erased."""

from contextlib import contextmanager

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from config.common import audit, edits, roles
from config.common.errors import DomainError
from customers.models import Contact, Customer

ACT = "customer.write"
PERSONAL = {"name", "email", "phone"}
CLEAR = {"bounced_at": None, "complained_at": None, "trouble": ""}


def add_contact(
    customer: Customer, *, by, name: str = "", email: str = "", phone: str = "", role: str = Contact.Role.PRIMARY,
    gets_invoices: bool = True,
) -> Contact:  # fmt: skip
    """Add a person or a mailbox. DomainError: neither name nor email, or an address this customer has already."""
    roles.require(by, ACT)
    values = _tidy({"name": name, "email": email, "phone": phone, "role": role, "gets_invoices": gets_invoices})
    contact = edits.fill(Contact(customer=customer), values)
    with _email_once(contact):
        contact.save(force_insert=True)
        after = {field: edits.CHANGED for field in sorted(PERSONAL) if values[field]}
        audit.record(
            "contact.added",
            contact,
            by=by,
            after={**after, "role": contact.role, "gets_invoices": contact.gets_invoices},
            thread=customer,
        )
    return contact


def change_contact(contact: Contact, *, by, seen: int | None = None, **fields) -> Contact:
    """Change name, email, phone, role, gets_invoices. DomainError as for add_contact; `seen` as in edits."""
    roles.require(by, ACT)
    unknown = set(fields) - PERSONAL - {"role", "gets_invoices"}
    if unknown:
        raise TypeError(f"a contact has no {sorted(unknown)}")
    current = {"name": contact.name, "email": contact.email, "phone": contact.phone}
    values = _tidy({**current, **fields})
    if contact.is_troubled and values["email"].casefold() != contact.email.casefold():
        values |= CLEAR
    with _email_once(contact):
        edits.change(
            contact, values, by=by, action="contact.changed", seen=seen, hide=PERSONAL, thread=contact.customer
        )
    return contact


def remove_contact(contact: Contact, *, by) -> None:
    """Erase the person; mails already sent keep the address they went to."""
    roles.require(by, ACT)
    with transaction.atomic():
        audit.record("contact.removed", contact, by=by, before={"role": contact.role}, thread=contact.customer)
        contact.delete()


def mark_contact(contact: Contact, *, by, kind: str, at, reason: str) -> None:
    """Mail to this address came back (`kind` "bounced") or its reader complained ("complained"), at that moment.

    Somebody is asked before the next is sent to it. What came back may name a person, so the trail has the kind alone.
    """
    roles.require(by, ACT)
    field = {"bounced": "bounced_at", "complained": "complained_at"}[kind]
    with transaction.atomic():
        rows = Contact.objects.filter(pk=contact.pk, **{field: None})
        if rows.update(**{field: at, "trouble": reason[:250]}):
            audit.record(f"contact.{kind}", contact, by=by, after={field: at}, thread=contact.customer)


def clear_contact(contact: Contact, *, by, at) -> None:
    """Mail to this address arrived at that moment: a bounce before it stands no longer; a complaint does."""
    roles.require(by, ACT)
    with transaction.atomic():
        if Contact.objects.filter(pk=contact.pk, bounced_at__lt=at).update(bounced_at=None):
            Contact.objects.filter(pk=contact.pk, complained_at=None).update(trouble="")
            audit.record("contact.reached", contact, by=by, thread=contact.customer)


def _tidy(values):
    values = {name: value.strip() if isinstance(value, str) else value for name, value in values.items()}
    if not values["name"] and not values["email"]:
        raise DomainError(_("A contact needs a name or an email address. Fill in one of them."))
    return values


@contextmanager
def _email_once(contact):
    """A transaction in which a second use of the address at the same customer becomes a sentence."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError:
        raise DomainError(
            _("This customer has a contact with %(email)s already. Change that one instead.") % {"email": contact.email}
        ) from None
