"""Addresses that mail came back from are asked about before the next send."""

from datetime import UTC, datetime

import pytest
from django.core import mail
from django.urls import reverse

from config.common.errors import DomainError
from config.common.models import AuditEvent
from config.common.roles import SYSTEM
from customers.models import Contact
from customers.services import contacts
from invoicing.models import Delivery
from invoicing.services import delivering, proposing, troubled
from tests import factories

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 3, 9, tzinfo=UTC)
SAID = (
    "Mail to ap@harbour.example came back on Nov. 3, 2026 (550 no such user). "
    "Correct the address in the customer’s profile, or say that it is to go there anyway."
)


@pytest.fixture
def invoice():
    opened = factories.opened()
    contacts.mark_contact(Contact.objects.get(), by=SYSTEM, kind="bounced", at=AT, reason="550 no such user")
    return opened


def test_it_is_said_which_address_what_came_back_and_what_now(invoice):
    assert troubled.warning(invoice.customer_id, ["AP@harbour.example"]) == SAID
    assert proposing.propose(invoice).trouble == SAID


def test_a_complaint_is_said_too():
    invoice = factories.opened()
    contacts.mark_contact(Contact.objects.get(), by=SYSTEM, kind="complained", at=AT, reason="")

    assert troubled.warning(invoice.customer_id, ["ap@harbour.example"]).startswith(
        "ap@harbour.example reported a mail of ours as unwanted on Nov. 3, 2026."
    )


def test_other_addresses_and_other_customers_are_in_no_trouble(invoice):
    assert troubled.warning(invoice.customer_id, ["other@harbour.example"]) == ""
    assert troubled.warning(None, ["ap@harbour.example"]) == ""
    assert troubled.warning(factories.customer("Other").pk, ["ap@harbour.example"]) == ""


def test_nothing_is_sent_there_before_somebody_says_so(invoice, clerk):
    events = AuditEvent.objects.count()

    with pytest.raises(DomainError) as refusal:
        delivering.queue_delivery(invoice, by=clerk, mail=factories.mail())

    assert str(refusal.value) == SAID
    assert (Delivery.objects.count(), AuditEvent.objects.count()) == (0, events)


def test_who_says_so_is_believed(invoice, clerk, worker):
    delivering.queue_delivery(invoice, by=clerk, mail=factories.mail(anyway=True))
    worker()

    assert len(mail.outbox) == 1


def dialog(client, invoice, **typed):
    url = reverse("invoicing:deliveries", args=[invoice.pk])
    form = client.get(url).context["form"]
    fields = {name: form[name].value() for name in form.fields if name != "anyway"}
    return client.post(url, {**fields, **typed})


def test_the_dialog_warns_and_asks(invoice, as_role, clerk):
    client = as_role(clerk)
    page = client.get(reverse("invoicing:deliveries", args=[invoice.pk])).text
    assert "came back on Nov. 3, 2026" in page
    assert "Send to it anyway" in page

    told = dialog(client, invoice)
    assert told.status_code == 422
    assert "came back on Nov. 3, 2026 (550 no such user)" in told.text
    assert not Delivery.objects.exists()

    assert dialog(client, invoice, anyway="on").status_code == 302
    assert Delivery.objects.filter(role="to").count() == 1


def test_another_address_goes_without_asking(invoice, as_role, clerk):
    assert dialog(as_role(clerk), invoice, to="new@harbour.example").status_code == 302

    assert Delivery.objects.filter(role="to").get().recipient == "new@harbour.example"


def test_where_all_is_well_nothing_is_asked(as_role, clerk):
    page = as_role(clerk).get(reverse("invoicing:deliveries", args=[factories.opened().pk])).text

    assert "anyway" not in page


def test_correcting_the_address_ends_it(invoice, clerk):
    contact = Contact.objects.get()

    contacts.change_contact(contact, by=clerk, phone="040 1")
    contact.refresh_from_db()
    assert contact.is_troubled

    contacts.change_contact(contact, by=clerk, email="right@harbour.example")
    contact.refresh_from_db()
    assert (contact.is_troubled, contact.trouble) == (False, "")


def test_the_profile_shows_it(invoice, as_role, viewer):
    page = as_role(viewer).get(reverse("customers:detail", args=[invoice.customer_id])).text

    assert "Came back on" in page
    assert "550 no such user" in page
    assert "noted that mail to a contact came back" in page
