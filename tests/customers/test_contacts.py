"""The services of contacts."""

import pytest

from config.common.errors import DomainError
from config.common.models import AuditEvent
from config.common.roles import SYSTEM
from customers.models import Contact
from customers.services import contacts
from customers.services.customers import create_customer

pytestmark = pytest.mark.django_db


def made():
    return create_customer(by=SYSTEM, name="Wattwerk Messtechnik GmbH")


def test_the_trail_names_the_details_of_a_contact_and_never_holds_them(clerk):
    customer = made()

    contact = contacts.add_contact(customer, by=clerk, name="Lou Berg", email="lou@a.example", phone="+1 555")
    contacts.change_contact(contact, by=clerk, email="berg@a.example", role="finance")
    contacts.remove_contact(contact, by=clerk)

    told = AuditEvent.objects.for_thread(customer)[1:]
    assert [event.action for event in told] == ["contact.added", "contact.changed", "contact.removed"]
    assert told[1].after == {"email": "changed", "role": "finance"}
    text = str([(event.before, event.after) for event in told])
    assert not any(secret in text for secret in ("Lou", "a.example", "555"))
    assert not Contact.objects.exists()


def test_an_address_is_a_contact_of_one_customer_only_once(clerk):
    customer, other = made(), made()
    contacts.add_contact(customer, by=clerk, email="ap@a.example")

    with pytest.raises(DomainError, match=r"has a contact with AP@a.example already"):
        contacts.add_contact(customer, by=clerk, email="AP@a.example")
    contacts.add_contact(other, by=clerk, email="ap@a.example")

    assert Contact.objects.count() == 2


def test_a_contact_keeps_a_name_or_an_address(clerk):
    contact = contacts.add_contact(made(), by=clerk, email="ap@a.example")

    with pytest.raises(DomainError, match="needs a name or an email address"):
        contacts.change_contact(contact, by=clerk, email="")

    assert Contact.objects.get().email == "ap@a.example"
