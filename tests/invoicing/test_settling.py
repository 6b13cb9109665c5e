"""What a person decides about a delivery problem, singly and for many at once."""

from datetime import timedelta

import pytest

from config.common import clock
from config.common.errors import DomainError, Forbidden, Stale
from invoicing.channels.base import ChannelFailure, OutcomeUnknown
from invoicing.models import CustomerLink, Delivery
from invoicing.services import carrying, linking, settling
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def failed(channel):
    """One delivery that was refused for good."""
    delivery = factories.queued()
    channel.before = [ChannelFailure("550 no such user", kind="permanent", code="550")]
    carrying.carry_waiting()
    delivery.refresh_from_db()
    return delivery


def test_of_many_each_is_settled_by_itself(failed, channel, clerk):
    sent = factories.queued(factories.opened(factories.customer(name="Other")))
    carrying.carry_waiting()

    settled, refusals = settling.settle_deliveries([failed.pk, sent.pk], by=clerk, decision="rest")

    assert settled == 1
    assert len(refusals) == 1
    assert "nothing left to decide" in refusals[0]


def test_an_outcome_that_is_known_cannot_be_said_to_have_arrived(failed, clerk):
    with pytest.raises(Stale, match="outcome is known"):
        settling.settle_delivery(failed, by=clerk, decision="arrived")

    assert Delivery.objects.get().status == "failed"


def test_giving_up_on_an_unknown_outcome_says_so(channel, clerk):
    delivery = factories.queued()
    channel.after = [OutcomeUnknown("dead line")]
    carrying.carry_waiting()

    settling.settle_delivery(delivery, by=clerk, decision="rest")

    delivery.refresh_from_db()
    assert (delivery.status, delivery.reason) == ("failed", "Given up without knowing its outcome")
    assert delivery.documents.get().invoice.billed_at is None


@pytest.mark.parametrize(("decision", "address"), [("again", "not-an-address"), ("shrug", "")])
def test_nonsense_is_refused_and_changes_nothing(failed, clerk, decision, address):
    with pytest.raises(DomainError):
        settling.settle_delivery(failed, by=clerk, decision=decision, address=address)

    assert Delivery.objects.get().status == "failed"


def test_sent_again_it_has_a_whole_day_anew(failed, channel, clerk):
    Delivery.objects.update(queued_at=failed.queued_at - timedelta(hours=30))

    settling.settle_delivery(failed, by=clerk, decision="again")
    channel.before = [ChannelFailure("450 later", kind="temporary", code="450")]
    carrying.carry_waiting()

    assert Delivery.objects.get().status == "retrying"


def test_a_viewer_settles_nothing(failed, viewer):
    with pytest.raises(Forbidden):
        settling.settle_deliveries([failed.pk], by=viewer, decision="rest")

    assert Delivery.objects.problems().count() == 1


def test_a_name_with_braces_stays_in_the_subject_when_the_address_is_mended(channel, clerk):
    invoice = factories.opened(factories.customer("Brace {{x}} {number} Ltd"))
    delivery = factories.queued(invoice, subject="For {customer}")
    channel.before = [ChannelFailure("550 no such user", kind="permanent", code="550")]
    carrying.carry_waiting()

    settling.settle_delivery(delivery, by=clerk, decision="again", address="right@x.example")
    carrying.carry_waiting()

    assert channel.sent[0].subject == "For Brace {{x}} {number} Ltd"


@pytest.mark.parametrize("address", ["", "AP@harbour.example"])
def test_a_mail_whose_link_was_revoked_does_not_leave_again_with_a_dead_one(address, channel, clerk):
    delivery = factories.queued(portal_link=True)
    channel.before = [ChannelFailure("550 no such user", kind="permanent", code="550")]
    carrying.carry_waiting()
    linking.revoke_link(CustomerLink.objects.get(), by=clerk, at=clock.now())

    with pytest.raises(DomainError, match="Its portal link was revoked, and the same email has no other."):
        settling.settle_delivery(delivery, by=clerk, decision="again", address=address)

    assert Delivery.objects.get().status == "failed"
    assert CustomerLink.objects.get().revoked_at
