"""The services of customers."""

import pytest

from config.common import clock
from config.common.errors import DomainError, Forbidden, Stale
from config.common.models import AuditEvent
from config.common.roles import SYSTEM
from customers.models import Customer
from customers.services import contacts, customers

pytestmark = pytest.mark.django_db


def made(**fields):
    return customers.create_customer(**{"by": SYSTEM, "name": "Wattwerk Messtechnik GmbH", **fields})


def events(thing):
    return list(AuditEvent.objects.for_thread(thing))


def test_a_customer_comes_with_its_contacts_and_its_address(clerk):
    customer = made(
        by=clerk,
        language="de",
        contacts=[{"name": "Lou Berg", "email": "lou@wattwerk.example", "role": "finance"}],
        address={"street": "Hafenstr. 1", "postcode": "25813", "city": "Husum", "country": "DE"},
    )

    assert customer.number == "C-00001"
    assert [(contact.email, contact.role) for contact in customer.contacts.all()] == [
        ("lou@wattwerk.example", "finance")
    ]
    assert [(row.kind, row.city) for row in customer.addresses.all()] == [("billing", "Husum")]
    assert [event.action for event in events(customer)] == ["customer.created", "contact.added"]


def test_numbers_go_on_from_the_highest_and_leave_typed_ones_alone():
    assert made(number="C-00041").number == "C-00041"
    assert made(number="OLD-7").number == "OLD-7"
    assert made(number="C-9").number == "C-9"
    assert made().number == "C-00042"


def test_numbers_grow_wider_when_five_digits_are_used_up():
    made(number="C-99999")

    assert made().number == "C-100000"
    assert made().number == "C-100001"


def test_a_number_that_is_taken_is_refused_by_name():
    made(number="A-1")

    with pytest.raises(DomainError, match="A-1 belongs to Wattwerk Messtechnik GmbH already"):
        made(name="Other", number="A-1")

    assert Customer.objects.count() == 1


def test_two_who_draw_the_same_number_at_once_both_get_one(monkeypatch):
    made()
    drawn = iter(["C-00001", "C-00002"])
    monkeypatch.setattr(customers, "next_number", lambda: next(drawn))

    assert made(name="The slower one").number == "C-00002"


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"name": "  "}, "Name: This field cannot be blank"),
        ({"time_zone": "Mars/Olympus"}, "Time zone: Mars/Olympus is no time zone"),
        ({"kind": "robot"}, "Business or consumer"),
        ({"contacts": [{"phone": "1"}]}, "needs a name or an email address"),
        ({"contacts": [{"email": "not-an-address"}]}, "Email: Enter a valid email address"),
    ],
)
def test_what_a_field_cannot_hold_is_refused_and_nothing_is_written(fields, sentence):
    with pytest.raises(DomainError, match=sentence):
        made(**fields)

    assert not Customer.objects.exists()
    assert not AuditEvent.objects.exists()


def test_a_viewer_may_make_and_change_nothing(viewer):
    customer = made()

    with pytest.raises(Forbidden):
        made(by=viewer)
    with pytest.raises(Forbidden):
        customers.change_customer(customer, by=viewer, version=1, name="x")
    with pytest.raises(Forbidden):
        customers.archive_customer(customer, by=viewer, at=clock.now())
    with pytest.raises(Forbidden):
        contacts.add_contact(customer, by=viewer, email="a@b.example")

    assert Customer.objects.count() == 1
    assert len(events(customer)) == 1


def test_a_change_leaves_what_was_and_what_is(clerk):
    customer = made(address={"city": "Husum", "country": "DE"})

    customers.change_customer(
        customer, by=clerk, version=1, terms_days=14, name=customer.name, address={"city": "Kiel", "country": "DE"}
    )

    customer.refresh_from_db()
    assert (customer.terms_days, customer.version) == (14, 2)
    last = events(customer)[-1]
    assert (last.actor_name, last.action) == ("Femke Clerk", "customer.changed")
    assert last.before == {"terms_days": 30, "billing_address": "changed"}
    assert last.after == {"terms_days": 14, "billing_address": "changed", "version": 2}


def test_a_save_that_changes_nothing_leaves_no_event(clerk):
    customer = made(address={"city": "Husum", "country": "DE"})

    customers.change_customer(customer, by=clerk, version=1, terms_days=30, address={"city": "Husum", "country": "DE"})

    assert Customer.objects.get().version == 1
    assert len(events(customer)) == 1


def test_the_slower_of_two_clerks_is_told_what_changed(clerk, admin):
    customer = made(address={"city": "Husum", "country": "DE"})
    customers.change_customer(customer, by=admin, version=1, terms_days=14)

    with pytest.raises(Stale, match=r"Ines Admin changed this meanwhile \(Payment terms, days net: 14\)"):
        customers.change_customer(
            customer, by=clerk, version=1, terms_days=60, address={"city": "Kiel", "country": "DE"}
        )

    assert Customer.objects.get().terms_days == 14
    assert Customer.objects.get().addresses.get().city == "Husum"
    assert len(events(customer)) == 2


def test_a_consumer_s_name_stays_out_of_the_trail(clerk):
    customer = made(name="Mia Sørensen", kind="consumer")

    customers.change_customer(customer, by=clerk, version=1, name="Mia Holm")

    assert events(customer)[-1].after == {"name": "changed", "version": 2}
    assert "Mia" not in str([(event.before, event.after) for event in events(customer)])


def test_an_address_of_empty_parts_is_taken_away(clerk):
    customer = made(delivery_address={"city": "Kiel", "country": "DE"})

    customers.change_customer(customer, by=clerk, version=1, delivery_address={})

    assert not customer.addresses.exists()


def test_archiving_is_done_once_and_can_be_taken_back(clerk):
    customer, at = made(), clock.now()
    stale_copy = Customer.objects.get()
    customers.archive_customer(customer, by=clerk, at=at)

    with pytest.raises(Stale, match="is archived already"):
        customers.archive_customer(stale_copy, by=clerk, at=clock.now())
    assert Customer.objects.get().archived_at == at

    customers.restore_customer(customer, by=clerk)
    with pytest.raises(Stale, match="is not archived already"):
        customers.restore_customer(customer, by=clerk)
    assert [event.action for event in events(customer)] == [
        "customer.created",
        "customer.archived",
        "customer.restored",
    ]


def test_fields_that_are_not_a_customer_s_are_a_mistake_of_the_caller():
    with pytest.raises(TypeError):
        made(archived_at="2026-01-01")
