"""What is done about a mail that came back after it was sent."""

import pytest
from django.core import mail

from config.common import clock
from config.common.errors import DomainError, Stale
from config.common.models import AuditEvent
from customers.models import Contact
from invoicing import history
from invoicing.models import CustomerLink, Delivery, Invoice
from invoicing.services import returned, settling
from tests import factories
from tests.invoicing.heard import LATER, hear, sent

pytestmark = pytest.mark.django_db


@pytest.fixture
def bounced():
    delivery = sent(message="Hello {contact}", subject="Invoice {number} {{net}}")
    hear(delivery, "bounced", bounce_kind="hard", said="550 no such user")
    return delivery


def test_it_goes_anew_to_a_mended_address_as_a_delivery_of_its_own(bounced, clerk, worker):
    settling.settle_delivery(bounced, by=clerk, decision="again", address="right@harbour.example")
    worker()

    bounced.refresh_from_db()
    anew = Delivery.objects.get(recipient="right@harbour.example")
    assert (bounced.status, bounced.settled_at is None, bounced.recipient) == ("sent", False, "ap@harbour.example")
    assert (anew.status, anew.subject, anew.readers["to"]) == (
        "sent",
        "Invoice INV-2026-00001 {net}",
        ["right@harbour.example"],
    )
    assert anew.message_id != bounced.message_id
    assert [message.to for message in mail.outbox] == [
        ["ap@harbour.example"],
        ["right@harbour.example"],
    ]
    assert history.light_of([bounced, anew]).kind == "sent"
    assert AuditEvent.objects.get(action="delivery.anew").after == {"recipient": "changed"}
    assert not Delivery.objects.problems().exists()


@pytest.mark.parametrize(
    ("address", "greeting"),
    [("kim@harbour.example", "Hello Kim Berg"), ("new@harbour.example", "Hello Harbour Café GmbH")],
)
def test_it_greets_who_reads_at_the_mended_address(address, greeting, bounced, clerk, worker):
    bounced.customer.contacts.create(name="Kim Berg", email="kim@harbour.example")
    Delivery.objects.update(recipient_name="Dagny Halvorsen")

    anew = settling.settle_delivery(bounced, by=clerk, decision="again", address=address)
    worker()

    anew.refresh_from_db()
    assert greeting in anew.text
    assert "Dagny" not in mail.outbox[-1].body + mail.outbox[-1].to[0]


def test_it_goes_anew_once_however_often_somebody_clicks(bounced, clerk):
    settling.settle_delivery(bounced, by=clerk, decision="again")

    with pytest.raises(DomainError):
        settling.settle_delivery(bounced, by=clerk, decision="again")

    assert Delivery.objects.count() == 2


def test_a_colleague_who_sends_it_meanwhile_was_quicker(bounced, clerk):
    factories.queued(bounced.documents.get().invoice, anyway=True, seen=bounced.pk)

    with pytest.raises(Stale, match="under way already"):
        settling.settle_delivery(bounced, by=clerk, decision="again")

    assert Delivery.objects.count() == 2


def test_it_arrived_after_all_and_the_address_is_good_again(bounced, clerk):
    settling.settle_delivery(bounced, by=clerk, decision="arrived")

    bounced.refresh_from_db()
    assert (bounced.bounced_at, bounced.bounce_kind, bounced.delivered_at is None) == (None, "", False)
    assert history.light_of([bounced]).kind == "sent"
    assert not Contact.objects.get().is_troubled
    assert bounced.events.get(source="person").kind == "delivered"
    assert not Delivery.objects.problems().exists()
    event = AuditEvent.objects.get(action="delivery.arrived")
    assert event.actor_name == clerk.name


def test_hearing_of_the_same_bounce_again_brings_it_not_back(bounced, clerk):
    settling.settle_delivery(bounced, by=clerk, decision="arrived")

    assert hear(bounced, "bounced", bounce_kind="hard", said="550 no such user") is False
    assert hear(bounced, "bounced", bounce_kind="hard", after=LATER * 2) is True

    assert Delivery.objects.problems("bounced").get() == bounced


def test_let_it_rest_leaves_it_red_and_off_the_list(bounced, clerk):
    settling.settle_delivery(bounced, by=clerk, decision="rest")

    bounced.refresh_from_db()
    assert not Delivery.objects.problems().exists()
    assert history.light_of([bounced]).text == "Bounced"


def test_a_complaint_can_only_be_left_to_rest_or_go_elsewhere(clerk, worker):
    delivery = sent()
    hear(delivery, "complained")

    settling.settle_delivery(delivery, by=clerk, decision="again", address="other@harbour.example")
    worker()

    assert Delivery.objects.get(recipient="other@harbour.example").status == "sent"
    assert not Delivery.objects.problems().exists()


def test_what_arrived_is_no_problem_to_decide_about(clerk):
    delivery = sent()
    before = AuditEvent.objects.count()

    for decision in ("arrived", "rest"):
        with pytest.raises(Stale):
            settling.settle_delivery(delivery, by=clerk, decision=decision)

    assert AuditEvent.objects.count() == before


def test_a_void_invoice_is_not_sent_anew(bounced, clerk):
    Invoice.objects.update(status="void", voided_on=factories.TODAY)

    with pytest.raises(DomainError, match="void"):
        settling.settle_delivery(bounced, by=clerk, decision="again")

    assert Delivery.objects.count() == 1


def test_a_subject_of_many_braces_still_fits_its_column():
    assert returned.literal_subject(Delivery(subject="{" * 250, composed_at=clock.now())) == "{" * 250


@pytest.mark.parametrize(("address", "opens"), [("right@harbour.example", False), ("", True)])
def test_the_link_of_a_wrong_address_opens_nothing_once_another_is_known(address, opens, clerk):
    delivery = sent(portal_link=True)
    hear(delivery, "bounced", bounce_kind="hard", said="550 no such user")

    settling.settle_delivery(delivery, by=clerk, decision="again", address=address)

    assert CustomerLink.objects.live().filter(delivery=delivery).exists() is opens
    assert AuditEvent.objects.filter(action="delivery.link_revoked").exists() is not opens
