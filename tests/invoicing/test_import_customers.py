"""What a customer made from a file starts with."""

import pytest

from invoicing.einvoice.model import Address, Contact
from invoicing.services import import_customers


def test_three_lines_of_a_street_become_two():
    found = import_customers.address_fields(Address(street="Am Deich 1", street2="Hof", line3="Haus B", city="Jade"))

    assert (found["street"], found["street2"], found["city"]) == ("Am Deich 1", "Hof, Haus B", "Jade")


@pytest.mark.parametrize(
    ("contact", "expected"),
    [
        (
            Contact("Elin", "+46 480", "elin@shore.example"),
            {"name": "Elin", "email": "elin@shore.example", "phone": "+46 480"},
        ),
        (Contact("", "", "ap@shore.example"), {"name": "", "email": "ap@shore.example", "phone": ""}),
        (Contact("Elin", "", "not an address"), {"name": "Elin", "email": "", "phone": ""}),
        (Contact("", "+46 480", "n/a"), None),
        (Contact(), None),
    ],
)
def test_a_contact_needs_a_name_or_an_address(contact, expected):
    assert import_customers.contact_fields(contact) == expected


def test_an_email_that_is_none_is_told():
    assert import_customers.unusable_email(Contact(email="n/a")) == (
        "The contact's email “n/a” is not an address and was left out."
    )
    assert import_customers.unusable_email(Contact(email="ap@shore.example")) == ""
