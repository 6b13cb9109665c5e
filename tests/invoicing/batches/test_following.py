"""An item is what its mail is: done when it arrived, failed when it was refused, unknown when nobody knows."""

from datetime import timedelta

import pytest

from config.common import clock, states
from invoicing.channels.base import ChannelFailure, OutcomeUnknown
from invoicing.models import BatchItem, ChannelState, Delivery
from invoicing.services import settling, sweeping
from invoicing.services.batches import closing, deciding, following
from tests import factories

pytestmark = pytest.mark.django_db

LATER = timedelta(minutes=16)


@pytest.fixture
def send(clerk, bell, channel):
    """`send(before=…, after=…)`: one draft opened and sent over a channel that does so; its item."""

    def run(before=None, after=None, buyer=None):
        channel.before, channel.after = [before], [after]
        operation = factories.operation(factories.draft(buyer), by=clerk, send_email=True)
        bell.carry()
        return operation.items.select_related("operation").get()

    return run


def test_sent_is_done(send):
    item = send()

    assert (item.status, item.operation.status) == ("done", "completed")


def test_refused_is_failed_with_the_servers_words(send):
    item = send(before=ChannelFailure("550 no such mailbox", kind="permanent"))

    assert (item.status, item.reason) == ("failed", "ap@harbour.example: 550 no such mailbox")
    assert item.operation.status == "failed"


def test_unknown_waits_for_a_decision_and_follows_it(send, clerk):
    item = send(after=OutcomeUnknown("No answer came."))
    assert (item.status, item.operation.status) == ("unknown", "failed")

    settling.settle_delivery(Delivery.objects.get(), by=clerk, decision="arrived")

    item.refresh_from_db()
    item.operation.refresh_from_db()
    assert (item.status, item.operation.status) == ("done", "completed")


def test_sent_again_by_hand_after_a_failure_is_done_as_well(send, clerk, bell):
    item = send(before=ChannelFailure("550 no such mailbox", kind="permanent"))

    settling.settle_delivery(Delivery.objects.get(), by=clerk, decision="again", address="ok@harbour.example")
    bell.carry()

    item.refresh_from_db()
    item.operation.refresh_from_db()
    assert (item.status, item.operation.status) == ("done", "completed")


def test_of_unknown_outcome_it_follows_the_mail_that_goes_to_another_address_instead(send, clerk, bell):
    item = send(after=OutcomeUnknown("No answer came."))

    settling.settle_delivery(Delivery.objects.get(), by=clerk, decision="again", address="ok@harbour.example")
    bell.carry()

    item.refresh_from_db()
    item.operation.refresh_from_db()
    assert (item.status, item.operation.status) == ("done", "completed")
    assert Delivery.objects.filter(batch_item=item).count() == 2


def test_temporary_errors_hold_the_operation_open_for_a_quarter_of_an_hour(send, bell):
    item = send(before=ChannelFailure("451 later", kind="temporary"))
    assert (item.status, item.operation.status) == ("working", "in_progress")

    BatchItem.objects.update(acted_at=clock.now() - LATER)
    sweeping.sweep()

    item.refresh_from_db()
    item.operation.refresh_from_db()
    assert (item.status, item.reason) == ("still_trying", "ap@harbour.example: 451 later")
    assert item.operation.status == "completed"

    Delivery.objects.update(not_before=None)
    bell.carry()
    sweeping.sweep()
    bell.carry()
    item.refresh_from_db()
    assert item.status == "done"


def test_a_stopped_channel_holds_it_no_longer_either(send):
    item = send(before=ChannelFailure("535 wrong password", kind="config"))
    assert item.status == "working"

    BatchItem.objects.update(acted_at=clock.now() - LATER)
    ChannelState.objects.update(paused_at=clock.now() - LATER)
    sweeping.sweep()

    item.refresh_from_db()
    assert (item.status, item.reason) == (
        "still_trying",
        "Email is stopped. It goes out when a manager resumes it.",
    )


def test_one_of_two_readers_refused_is_failed_and_says_who(clerk, bell, channel):
    buyer = factories.customer(
        contacts=[{"name": "A", "email": "a@x.example"}, {"name": "B", "email": "b@x.example", "role": "finance"}]
    )
    channel.before = [None, ChannelFailure("550 no", kind="permanent")]

    operation = factories.operation(factories.draft(buyer), by=clerk, send_email=True)
    bell.carry()

    item = operation.items.get()
    assert (item.status, item.reason) == ("failed", "b@x.example: 550 no")
    assert item.invoice.billed_at


def test_a_copy_that_is_refused_is_no_failure_of_the_invoice(clerk, bell, channel):
    channel.before = [None, ChannelFailure("550 no", kind="permanent")]

    operation = factories.operation(factories.draft(), by=clerk, send_email=True, cc="boss@harbour.example")
    bell.carry()

    assert operation.items.get().status == "done"
    assert Delivery.objects.get(role="cc").status == "failed"


def test_what_a_dead_worker_did_not_note_is_noted_by_the_sweeper(send, monkeypatch):
    monkeypatch.setattr(following, "follow_deliveries", lambda deliveries: None)
    item = send()
    assert item.status == "working"

    sweeping.sweep()

    item.refresh_from_db()
    assert item.status == "done"


@pytest.fixture
def late(send):
    """An item that is still trying, in an operation that has ended without waiting for it."""
    item = send(before=ChannelFailure("451 later", kind="temporary"))
    BatchItem.objects.update(acted_at=clock.now() - LATER)
    following.follow_all()
    item.refresh_from_db()
    item.operation.refresh_from_db()
    assert (item.status, item.operation.status) == ("still_trying", "completed")
    return item


def refuse():
    states.advance_rows(Delivery.objects.all(), "failed", start=["retrying"], reason="550 no such mailbox")


def test_a_completed_operation_fails_together_with_its_item_or_not_at_all(late, monkeypatch):
    refuse()
    with monkeypatch.context() as dying:
        dying.setattr(closing, "settle_operations", lambda pks: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            following.follow_deliveries(Delivery.objects.all())
    late.refresh_from_db()
    assert late.status == "still_trying"  # never troubled in an operation that says Completed

    sweeping.sweep()

    late.refresh_from_db()
    late.operation.refresh_from_db()
    assert (late.status, late.operation.status, late.operation.counts) == ("failed", "failed", {"failed": 1})


@pytest.mark.parametrize("end", ["failed", "unknown", "cancelled", "sent"])
def test_what_a_dead_worker_left_of_a_completed_operation_is_found_however_late(late, clerk, end):
    deciding.acknowledge_operation(late.operation, by=clerk)
    long_ago = clock.now() - timedelta(days=400)
    type(late.operation).objects.update(finished_at=long_ago, acknowledged_at=long_ago)
    ended = {"sent_at": long_ago, "response": "250 OK"} if end == "sent" else {"reason": "So it ended."}
    Delivery.objects.update(status=end, wire_started_at=long_ago, **ended)

    sweeping.sweep()

    late.refresh_from_db()
    late.operation.refresh_from_db()
    reached = "done" if end == "sent" else end
    assert (late.status, late.operation.counts) == (reached, {reached: 1})
    assert late.operation.status == ("failed" if end in ("failed", "unknown") else "completed")
    assert (late.operation.acknowledged_at is None) == (late.operation.status == "failed")


def test_an_ended_item_is_left_alone(send, django_assert_num_queries):
    item = send()

    with django_assert_num_queries(1):
        following.follow_items([item.pk])
