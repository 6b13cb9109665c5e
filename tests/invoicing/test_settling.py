"""What a person decides about a delivery problem, singly and for many at once."""

from dataclasses import replace
from datetime import time, timedelta

import pytest

from config.common import clock
from config.common.errors import DomainError, Forbidden, Stale
from customers.models import Contact
from invoicing import presenting
from invoicing.channels.base import ChannelFailure, OutcomeUnknown
from invoicing.models import CustomerLink, Delivery
from invoicing.services import (
    carrying,
    delivering,
    drafting,
    firing,
    linking,
    opening,
    proposing,
    settling,
    tracking,
)
from invoicing.wall_time import WallTime
from tests import factories
from tests.invoicing.heard import hear

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


# --- To whom it goes again ------------------------------------------------------------------------------------

REFUSED = ChannelFailure("550 no such user", kind="permanent", code="550")
BUYER = [
    {"name": "Dagny Halvorsen", "email": "ap@harbour.example"},
    {"name": "Kim Berg", "email": "kim@harbour.example", "role": "other", "gets_invoices": False},
]


def asked_for(*, to=("ap@harbour.example",), copies=()) -> Delivery:
    """Greeted by name, to a contact, as the dialog sends it: the last of these."""
    factories.customer("Stranger Ltd", contacts=[{"name": "Ola Nord", "email": "ola@stranger.example"}])
    invoice = factories.opened(factories.customer(contacts=BUYER))
    mail = factories.mail(message="Hello {contact}")
    readers = proposing.readers(invoice, to=to, copies=copies)
    return delivering.queue_delivery(invoice, by=factories.SYSTEM, mail=replace(mail, readers=readers))[-1]


def tried(channel, delivery, *, before=None, after=None) -> Delivery:
    """That delivery after its worker's next try."""
    channel.before, channel.after = [before], [after]
    carrying.carry_waiting(first=delivery.pk)
    return Delivery.objects.get(pk=delivery.pk)


@pytest.mark.parametrize("lost", ["refused", "unknown"])
@pytest.mark.parametrize(
    ("address", "to", "greeting", "known"),
    [
        ("kim@harbour.example", "Kim Berg <kim@harbour.example>", "Hello Kim Berg", True),
        ("KIM@Harbour.example", "Kim Berg <KIM@Harbour.example>", "Hello Kim Berg", True),
        ("new@harbour.example", "new@harbour.example", "Hello Harbour Café GmbH", False),
        ("ola@stranger.example", "ola@stranger.example", "Hello Harbour Café GmbH", False),
    ],
)
def test_another_address_is_greeted_as_who_reads_there(lost, address, to, greeting, known, channel, clerk):
    how = {"before": REFUSED} if lost == "refused" else {"after": OutcomeUnknown("dead line")}
    delivery = tried(channel, asked_for(), **how)
    assert "Hello Dagny Halvorsen" in delivery.text

    goes_on = settling.settle_delivery(delivery, by=clerk, decision="again", address=address)
    carrying.carry_waiting()

    goes_on.refresh_from_db()
    [message] = channel.sent
    assert message.to == [to]
    for words in (message.body, message.alternatives[0][0], goes_on.text):
        assert greeting in words
        assert "Dagny" not in words
    assert (goes_on.status, goes_on.recipient, goes_on.contact_id is not None) == ("sent", address, known)


def test_one_of_our_own_copies_is_greeted_as_nobody_even_at_a_contacts_address(channel, clerk):
    copy = asked_for(copies=["us@kelpworks.example"])
    channel.before = [None, REFUSED]
    carrying.carry_waiting()

    settling.settle_delivery(copy, by=clerk, decision="again", address="kim@harbour.example")
    carrying.carry_waiting()

    assert channel.sent[-1].to == ["kim@harbour.example"]
    assert "Hello Harbour Café GmbH" in channel.sent[-1].body


@pytest.mark.parametrize("address", ["", "AP@Harbour.example"])
def test_to_the_same_mailbox_the_very_bytes_leave_again_whatever_the_contact_is_called_by_now(address, channel, clerk):
    seen = []
    channel.on_send = lambda message: seen.append(message.message().as_bytes())
    delivery = tried(channel, asked_for(), after=OutcomeUnknown("dead line"))
    Contact.objects.filter(email="ap@harbour.example").update(name="Somebody Else")

    settling.settle_delivery(delivery, by=clerk, decision="again", address=address)
    again = tried(channel, delivery)

    assert again.status == "sent"
    assert seen[0] == seen[1]
    assert Delivery.objects.count() == 1


def test_what_may_be_out_keeps_its_words_and_another_mail_goes_in_its_place(channel, clerk):
    before = tried(channel, asked_for(), after=OutcomeUnknown("dead line"))

    made = settling.settle_delivery(before, by=clerk, decision="again", address="kim@harbour.example")

    after = Delivery.objects.get(pk=before.pk)
    kept = ("recipient", "text", "html", "content_sha256", "composed_at", "message_id", "public_id", "idempotency_key")
    assert [getattr(after, name) for name in kept] == [getattr(before, name) for name in kept]
    assert (after.status, after.reason) == ("failed", "Given up without knowing its outcome")
    assert after.settled_at
    assert made.pk != after.pk
    assert made.idempotency_key not in ("", after.idempotency_key)
    assert not Delivery.objects.problems().exists()
    with pytest.raises(Stale, match="There is nothing left to decide here"):
        settling.settle_delivery(before, by=clerk, decision="again", address="third@harbour.example")
    assert Delivery.objects.count() == 2


def test_the_first_may_turn_out_to_have_arrived_after_all(channel, clerk):
    before = tried(channel, asked_for(), after=OutcomeUnknown("dead line"))
    settling.settle_delivery(before, by=clerk, decision="again", address="kim@harbour.example")

    before.refresh_from_db()
    hear(before, "delivered")

    assert before.status == "sent"


def test_once_unknown_it_may_be_out_whatever_a_later_try_was_answered(channel, clerk):
    delivery = tried(channel, asked_for(), after=OutcomeUnknown("dead line"))
    settling.settle_delivery(delivery, by=clerk, decision="again")
    refused = tried(channel, delivery, before=REFUSED)
    assert refused.status == "failed"

    made = settling.settle_delivery(refused, by=clerk, decision="again", address="kim@harbour.example")

    assert made.pk != refused.pk
    refused.refresh_from_db()
    assert "Hello Dagny Halvorsen" in refused.text


def test_what_was_refused_is_another_message_with_another_key_once_its_words_are_others(channel, clerk):
    before = tried(channel, asked_for(), after=REFUSED)

    settling.settle_delivery(before, by=clerk, decision="again", address="kim@harbour.example")

    after = Delivery.objects.get()
    assert (after.pk, after.status, after.composed_at) == (before.pk, "queued", None)
    for name in ("public_id", "message_id", "idempotency_key"):
        assert getattr(after, name) != getattr(before, name)
    assert [each.recipient for each in after.attempts.all()] == ["ap@harbour.example"]


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


# --- What was heard meanwhile ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["bounced", "rejected"])
@pytest.mark.parametrize("address", ["", "kim@harbour.example"])
def test_what_came_back_of_the_first_is_no_fact_of_the_next(kind, address, channel, clerk):
    first = tried(channel, asked_for(), after=OutcomeUnknown("dead line"))
    hear(first, kind, bounce_kind="hard", said="550 no such user")
    assert first.status == "failed"

    made = settling.settle_delivery(first, by=clerk, decision="again", address=address)
    again = tried(channel, made)

    assert (again.pk != first.pk, again.message_id != first.message_id) == (True, True)
    assert str(presenting.delivery_status(again).text) == "Sent"
    first.refresh_from_db()
    assert (first.status, presenting.problem_of(first)) == ("failed", "")
    assert not Delivery.objects.problems().exists()


def test_the_first_may_have_arrived_though_the_second_is_refused(channel, clerk):
    delivery = tried(channel, asked_for(), after=OutcomeUnknown("dead line"))
    on_wire = delivery.wire_started_at
    settling.settle_delivery(delivery, by=clerk, decision="again")
    assert tried(channel, delivery, before=REFUSED).status == "failed"

    delivery.refresh_from_db()
    tracking.record_event(delivery, kind="replied", at=clock.now(), source="Postmark")

    delivery.refresh_from_db()
    assert (delivery.status, delivery.sent_at) == ("sent", on_wire)
    assert delivery.documents.get().invoice.billed_at == on_wire


def test_heard_before_the_second_is_refused_it_is_known_then(channel, clerk):
    delivery = tried(channel, asked_for(), after=OutcomeUnknown("dead line"))
    settling.settle_delivery(delivery, by=clerk, decision="again")
    tracking.record_event(delivery, kind="replied", at=clock.now(), source="Postmark")

    assert tried(channel, delivery, before=REFUSED).status == "sent"


def test_what_was_put_to_rest_is_not_sent_again_from_a_page_that_stayed_open(failed, clerk):
    settling.settle_delivery(failed, by=clerk, decision="rest")

    for address in ("", "right@x.example"):
        with pytest.raises(Stale, match="There is nothing left to decide here"):
            settling.settle_delivery(failed, by=clerk, decision="again", address=address)

    assert Delivery.objects.get().status == "failed"


@pytest.mark.parametrize("address", ["", "kim@harbour.example"])
def test_an_invoice_that_is_anothers_by_now_does_not_go_to_whom_it_was_scheduled_for(address, clerk):
    draft, other = factories.draft(), factories.customer("Somebody Else Ltd", email="ap@else.example")
    wall = WallTime(clock.today("Europe/Amsterdam") + timedelta(days=2), time(9), "Europe/Amsterdam")
    delivery = factories.scheduled(draft, by=clerk, wall=wall, now=clock.now())
    draft.refresh_from_db()
    drafting.change_draft(draft, by=clerk, version=draft.version, fields={"customer": other})
    firing.fire_due(at=wall.instant)
    draft.refresh_from_db()
    opening.open_invoice(draft, by=clerk, on=clock.today("Europe/Amsterdam"))
    delivery.refresh_from_db()
    assert delivery.status == "failed"

    with pytest.raises(DomainError, match="is for Somebody Else Ltd, whom this email was not written to"):
        settling.settle_delivery(delivery, by=clerk, decision="again", address=address)

    assert Delivery.objects.get().status == "failed"
