"""What is scheduled goes to where its reader is when it goes."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.core import mail

from customers.services import contacts
from invoicing.models import Delivery
from invoicing.services import firing, proposing, scheduling
from invoicing.services.mail import Mail
from invoicing.wall_time import WallTime
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("canned_pdf")]

WALL = WallTime(date(2026, 11, 24), time(9), "Asia/Tokyo")
AT = datetime(2026, 11, 24, tzinfo=UTC)
REPLIES = "receivables@kelpworks.example"


@pytest.fixture
def invoice():
    return factories.opened()


@pytest.fixture
def waiting(invoice, clerk):
    """`waiting(cc=…)`: an email to the customer's contact that waits for its moment."""

    def schedule(cc=()):
        readers = proposing.readers(invoice, to=["ap@harbour.example"], cc=cc)
        asked = Mail(readers, subject="Invoice {number}", message="Dear {contact},", reply_to=REPLIES)
        return scheduling.schedule_delivery(invoice, by=clerk, mail=asked, wall=WALL, now=AT - timedelta(days=1))

    return schedule


def correct(invoice, clerk, **fields):
    return contacts.change_contact(invoice.customer.contacts.get(email="ap@harbour.example"), by=clerk, **fields)


def test_a_corrected_contact_gets_it_at_the_new_address_under_the_new_name(invoice, waiting, clerk, worker):
    waiting(cc=["boss@harbour.example"])
    correct(invoice, clerk, email="accounts@harbour.example", name="Nora New")

    firing.fire_due(at=AT)
    worker()

    to, boss = mail.outbox
    assert (to.to, boss.to) == (["Nora New <accounts@harbour.example>"], ["boss@harbour.example"])
    assert "Dear Nora New," in to.body
    delivery = Delivery.objects.get(role="to")
    assert delivery.documents.get().recipient_hash == delivery.recipient_hash
    for each in Delivery.objects.all():
        assert each.readers["to"] == ["accounts@harbour.example"]


def test_sent_now_too(invoice, waiting, clerk):
    waiting()
    correct(invoice, clerk, email="accounts@harbour.example")

    [sent] = firing.send_now(invoice, by=clerk, on=factories.TODAY)

    assert Delivery.objects.get(pk=sent.pk).recipient == "accounts@harbour.example"


def test_nobody_gets_it_twice(invoice, waiting, clerk, worker):
    waiting(cc=["boss@harbour.example"])
    correct(invoice, clerk, email="Boss@Harbour.example")

    firing.fire_due(at=AT)
    worker()

    assert sorted(each.recipient for each in Delivery.objects.all()) == ["ap@harbour.example", "boss@harbour.example"]


def test_of_a_contact_that_is_gone_the_address_stays(invoice, waiting, clerk, worker):
    waiting()
    contacts.remove_contact(invoice.customer.contacts.get(), by=clerk)

    firing.fire_due(at=AT)
    worker()

    assert Delivery.objects.get().recipient == "ap@harbour.example"


def test_an_address_that_is_no_contacts_is_nobodys_to_correct(invoice, clerk):
    readers = proposing.readers(invoice, to=["else@harbour.example"])
    asked = Mail(readers, subject="Invoice {number}", message="", reply_to=REPLIES)
    scheduling.schedule_delivery(invoice, by=clerk, mail=asked, wall=WALL, now=AT - timedelta(days=1))
    correct(invoice, clerk, email="accounts@harbour.example")

    firing.fire_due(at=AT)

    assert Delivery.objects.get().recipient == "else@harbour.example"
