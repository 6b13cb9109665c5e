"""Deliveries asked for: one message per reader, one send per act, and who was quicker."""

import pytest

from config.common.errors import DomainError, Forbidden, Stale
from config.common.models import AuditEvent
from invoicing.models import Delivery, DeliveryDocument, Invoice
from invoicing.services import carrying, delivering
from invoicing.services.mail import Mail, Reader
from tests import factories

pytestmark = pytest.mark.django_db


def test_each_reader_gets_a_message_of_their_own(clerk, bell):
    invoice = factories.opened()
    mail = factories.mail(
        "ap@harbour.example", "b@harbour.example", cc=["c@harbour.example"], copies=["us@kelp.example"]
    )

    deliveries = delivering.queue_delivery(invoice, by=clerk, mail=mail)

    assert [(d.recipient, d.role, d.status) for d in deliveries] == [
        ("ap@harbour.example", "to", "queued"),
        ("b@harbour.example", "to", "queued"),
        ("c@harbour.example", "cc", "queued"),
        ("us@kelp.example", "copy", "queued"),
    ]
    assert len({d.message_id for d in deliveries}) == 4
    assert ("invoicing.tasks.carry", deliveries[0].pk) in bell.rings


def test_the_trail_keeps_the_subject_as_it_reads_but_nobodys_name(clerk):
    mail = factories.mail(subject="{number} for {contact}")

    delivering.queue_delivery(factories.opened(), by=clerk, mail=mail)

    event = AuditEvent.objects.get(action="delivery.queued")
    assert event.after["subject"] == "INV-2026-00001 for Harbour Café GmbH"


def test_an_address_that_stands_twice_gets_it_once(clerk):
    mail = factories.mail(
        "AP@harbour.example", "ap@harbour.example", cc=["ap@harbour.example", "x@harbour.example"] * 25
    )

    deliveries = delivering.queue_delivery(factories.opened(), by=clerk, mail=mail)

    assert [(d.recipient, d.role) for d in deliveries] == [("AP@harbour.example", "to"), ("x@harbour.example", "cc")]


def test_the_same_submit_twice_sends_once(clerk):
    invoice = factories.opened()
    mail = factories.mail()

    first = delivering.queue_delivery(invoice, by=clerk, mail=mail)
    second = delivering.queue_delivery(invoice, by=clerk, mail=mail)

    assert [d.pk for d in first] == [d.pk for d in second]
    assert AuditEvent.objects.filter(action="delivery.queued").count() == 1


@pytest.mark.parametrize(
    "typed", [{"to": "b@harbour.example"}, {"message": "Other words"}, {"reply_to": "x@kelp.example"}, {"link": True}]
)
def test_a_submit_that_comes_again_with_something_else_typed_is_told_so(clerk, typed):
    """Back in the browser: to say that it is on its way would be a lie."""
    invoice, first = factories.opened(), factories.mail()
    delivering.queue_delivery(invoice, by=clerk, mail=first)
    other = factories.mail(
        *filter(None, ["ap@harbour.example", typed.pop("to", "")]),
        portal_link=typed.pop("link", False),
        occasion=first.occasion,
        **typed,
    )

    with pytest.raises(Stale, match="This was asked for already, in another way."):
        delivering.queue_delivery(invoice, by=clerk, mail=other)

    assert Delivery.objects.count() == 1


def test_the_same_submit_is_the_same_after_its_mail_was_composed(clerk):
    invoice, mail = factories.opened(), factories.mail(portal_link=True, copies=["us@kelp.example"])
    first = delivering.queue_delivery(invoice, by=clerk, mail=mail)
    carrying.carry_waiting()

    assert delivering.queue_delivery(invoice, by=clerk, mail=mail) == first


@pytest.mark.parametrize("part", ["to", "cc", "copies"])
def test_an_address_that_no_column_holds_is_refused(clerk, part):
    long = "a" * 64 + "@" + ".".join(["d" * 60] * 3) + ".example"
    mail = factories.mail(long) if part == "to" else factories.mail(**{part: [long]})

    with pytest.raises(DomainError, match="is no email address"):
        delivering.queue_delivery(factories.opened(), by=clerk, mail=mail)


def test_a_colleague_acting_at_the_same_moment_is_told_who_was_quicker(clerk, manager):
    invoice = factories.opened()
    seen = delivering.newest_delivery(invoice)
    delivering.queue_delivery(invoice, by=manager, mail=factories.mail(seen=seen))

    with pytest.raises(Stale, match="Tomáš Manager sent INV-2026-00001 a moment ago"):
        delivering.queue_delivery(invoice, by=clerk, mail=factories.mail("else@harbour.example", seen=seen))

    assert Delivery.objects.count() == 1


def test_the_database_itself_refuses_a_second_live_message_to_one_reader(clerk):
    invoice = factories.opened()
    first = factories.queued(invoice, by=clerk)

    with pytest.raises(Stale, match="still under way or of unknown outcome"):
        delivering.queue_delivery(invoice, by=clerk, mail=factories.mail(seen=first.pk))

    assert DeliveryDocument.objects.filter(live=True).count() == 1


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"readers": [Reader("c@x.example", "cc")]}, "at least one customer email"),
        ({"readers": [Reader("not-an-address")]}, "no email address"),
        ({"readers": [Reader(f"a{n}@x.example") for n in range(101)]}, "more than the 100"),
        ({"subject": " "}, "no subject"),
        ({"reply_to": ""}, "no reply-to address"),
        ({"subject": "{numbr}"}, "{number}"),
    ],
)
def test_a_mail_that_cannot_go_is_refused_whole(clerk, fields, sentence):
    invoice = factories.opened()

    with pytest.raises(DomainError, match=sentence):
        delivering.queue_delivery(
            invoice,
            by=clerk,
            mail=factories.mail(**fields)
            if "readers" not in fields
            else Mail(subject="S", reply_to="r@x.example", **fields),
        )

    assert not Delivery.objects.exists()


def test_a_draft_is_not_sent(clerk):
    with pytest.raises(DomainError, match="Open it first"):
        delivering.queue_delivery(factories.draft(), by=clerk, mail=factories.mail())

    assert not Delivery.objects.exists()


def test_opening_and_sending_is_both_or_neither(clerk):
    draft = factories.draft()

    with pytest.raises(DomainError, match="no reply-to"):
        delivering.open_and_send(draft, by=clerk, on=factories.TODAY, mail=factories.mail(reply_to=""))
    assert Invoice.objects.get(pk=draft.pk).is_draft
    delivering.open_and_send(draft, by=clerk, on=factories.TODAY, mail=factories.mail())

    invoice = Invoice.objects.get(pk=draft.pk)
    assert (invoice.number, invoice.billed_at) == ("INV-2026-00001", None)
    assert Delivery.objects.get().status == "queued"


def test_a_real_send_can_lift_the_mark_of_one_sent_by_other_means(clerk):
    from invoicing.services.marking import mark_as_sent

    invoice = factories.opened()
    mark_as_sent(invoice, by=clerk, how="Post", sent_on=factories.TODAY, on=factories.TODAY)
    seen = delivering.newest_delivery(invoice)

    delivering.queue_delivery(invoice, by=clerk, mail=factories.mail(seen=seen, lift_mark=True))

    assert Invoice.objects.get(pk=invoice.pk).marked_sent_at is None


def test_a_viewer_sends_nothing(viewer):
    invoice = factories.opened()

    with pytest.raises(Forbidden):
        delivering.queue_delivery(invoice, by=viewer, mail=factories.mail())

    assert not Delivery.objects.exists()


def test_a_fresh_link_that_its_reader_asked_for_hinders_no_clerk(clerk):
    invoice = factories.opened()
    delivering.queue_delivery(invoice, by=clerk, mail=factories.mail("other@harbour.example"))
    Delivery.objects.update(kind="notice")
    Delivery.objects.get().documents.update(kind="notice")

    [made] = delivering.queue_delivery(invoice, by=clerk, mail=factories.mail())

    assert made.status == "queued"
