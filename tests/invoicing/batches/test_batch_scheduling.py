"""Schedule for Later for many: each waits for its own moment, and its item follows what becomes of it."""

from datetime import time, timedelta

import pytest
from django.core import mail

from config.common import clock
from config.common.errors import DomainError, Stale
from config.common.models import AuditEvent
from invoicing.channels.base import ChannelFailure
from invoicing.models import BatchOperation, Delivery, Invoice
from invoicing.services import drafting, firing, scheduling
from invoicing.services.batches import deciding, following, stopping
from invoicing.wall_time import WallTime
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def on(db):
    """The day after tomorrow: later than now in every zone."""
    factories.organization()
    return clock.today("UTC") + timedelta(days=2)


@pytest.fixture
def scheduled(clerk, worker, on):
    """`scheduled(*invoices, **wishes)`: an operation that has scheduled their emails for nine o'clock."""

    def schedule(*invoices, **wishes):
        wishes = {
            "action": "send",
            "opens_drafts": True,
            "send_email": True,
            "send_on": on,
            "send_at": time(9),
            **wishes,
        }
        operation = factories.operation(*invoices, by=clerk, page="queue", **wishes)
        worker()
        operation.refresh_from_db()
        return operation

    return schedule


def fire(worker, *, after=timedelta(days=1)):
    last = Delivery.objects.filter(status="scheduled").order_by("-scheduled_at").first()
    firing.fire_due(at=last.scheduled_at + after)
    worker()


def test_each_waits_for_nine_o_clock_where_its_customer_is(scheduled, on):
    tokyo = factories.customer("Shibuya KK", email="ap@shibuya.example", time_zone="Asia/Tokyo")
    far, near = factories.draft(tokyo), factories.opened()

    operation = scheduled(far, near)

    assert (operation.status, operation.counts) == ("completed", {"scheduled": 2})
    waiting = {each.documents.get().invoice_id: each for each in Delivery.objects.filter(status="scheduled")}
    assert waiting[far.pk].wall_time == WallTime(on, time(9), "Asia/Tokyo")
    assert waiting[near.pk].wall_time == WallTime(on, time(9), near.customer.time_zone)
    item = operation.items.get(invoice=far)
    assert item.reason.startswith("Goes out on ")
    assert item.reason.endswith(" at 09:00 in Tokyo.")
    far.refresh_from_db()
    assert (far.status, far.number, mail.outbox) == ("draft", "", [])


def test_when_its_moment_comes_each_is_opened_and_sent_once_and_its_item_is_done(scheduled, worker):
    draft, other = factories.draft(), factories.opened()
    operation = scheduled(draft, other)

    fire(worker)
    fire_again = firing.fire_due(at=clock.database_now() + timedelta(days=30))

    operation.refresh_from_db()
    assert (operation.status, operation.counts, fire_again) == ("completed", {"done": 2}, 0)
    draft.refresh_from_db()
    assert (draft.status, draft.billed_at is not None, len(mail.outbox)) == ("open", True, 2)


def test_opening_in_a_batch_with_its_mail_for_later_opens_nothing_now(scheduled):
    draft = factories.draft()

    operation = scheduled(draft, action="open", opens_drafts=False)

    draft.refresh_from_db()
    assert (operation.counts, draft.status) == ({"scheduled": 1}, "draft")


def test_what_fails_in_its_night_makes_the_operation_failed_again(scheduled, worker, clerk):
    draft, sound = factories.draft(), factories.draft()
    operation = scheduled(draft, sound)
    draft.lines.all().delete()

    fire(worker)

    operation.refresh_from_db()
    item = operation.items.get(invoice=draft)
    assert (operation.status, operation.counts) == ("failed", {"failed": 1, "done": 1})
    assert (item.status, item.mend) == ("failed", "delivery")
    assert "no line" in item.reason


def test_retried_after_its_moment_it_goes_out_at_once(scheduled, worker, clerk, monkeypatch):
    draft = factories.draft()
    operation = scheduled(draft)
    kept = list(draft.lines.all())
    draft.lines.all().delete()
    fire(worker)
    draft.lines.bulk_create(kept)
    monkeypatch.setattr("invoicing.services.batches.acting.clock.now", lambda: clock_after(operation))

    deciding.retry_failed(operation, by=clerk)
    worker()

    operation.refresh_from_db()
    draft.refresh_from_db()
    assert (operation.status, operation.counts, draft.status) == ("completed", {"done": 1}, "open")
    assert len(mail.outbox) == 1
    assert Delivery.objects.count() == 1  # the same delivery, not a second one


def clock_after(operation):
    return operation.created_at + timedelta(days=4)


def test_moving_one_is_told_in_its_item_and_cancelling_it_too(scheduled, clerk, on):
    one, two = factories.opened(), factories.opened()
    operation = scheduled(one, two)
    first = scheduling.scheduled_of(one)[0]
    later = WallTime(on + timedelta(days=1), time(14), "Asia/Tokyo")

    scheduling.move_scheduled(one, by=clerk, wall=later, now=clock.now(), seen=first.scheduled_at)
    scheduling.cancel_scheduled(two, by=clerk)

    operation.refresh_from_db()
    assert operation.items.get(invoice=one).reason.endswith("at 14:00 in Tokyo.")
    assert operation.items.get(invoice=two).status == "cancelled"
    assert (operation.status, operation.counts) == ("completed", {"scheduled": 1, "cancelled": 1})


def test_the_whole_can_be_cancelled_until_its_moment(scheduled, clerk, bell, worker):
    drafts = [factories.draft(), factories.draft()]
    operation = scheduled(*drafts)

    deciding.cancel_operation(operation, by=clerk)
    worker()

    operation.refresh_from_db()
    assert (operation.status, operation.counts) == ("completed", {"cancelled": 2})
    assert set(Delivery.objects.values_list("status", flat=True)) == {"cancelled"}
    assert firing.fire_due(at=clock.database_now() + timedelta(days=30)) == 0
    assert mail.outbox == []
    with pytest.raises(Stale, match="has ended or was cancelled already"):
        deciding.cancel_operation(operation, by=clerk)


def test_one_that_is_scheduled_already_is_told_so_and_waits_once(scheduled, clerk, on):
    invoice = factories.opened()
    wall = WallTime(on, time(11), "Europe/Amsterdam")
    scheduling.schedule_delivery(invoice, by=clerk, mail=factories.mail(), wall=wall, now=clock.now())

    operation = scheduled(invoice)

    item = operation.items.get()
    assert (item.status, item.reason) == ("skipped", "An email with it is scheduled, under way or of unknown outcome.")
    assert Delivery.objects.filter(status="scheduled").count() == 1


def test_a_draft_without_a_customer_says_what_is_missing(scheduled):
    draft = factories.draft()
    type(draft).objects.filter(pk=draft.pk).update(customer=None, customer_name="")

    operation = scheduled(draft)

    item = operation.items.get()
    assert (item.status, Delivery.objects.exists()) == ("failed", False)
    assert "no customer" in item.reason.lower()


def test_a_moment_of_ours_that_has_passed_is_refused_whole(clerk, on):
    selection = factories.selection(factories.draft(), by=clerk, page="queue")

    with pytest.raises(DomainError, match="That moment has passed already"):
        factories.operation(
            factories.draft(),
            by=clerk,
            action="send",
            send_email=True,
            send_on=on - timedelta(days=9),
            send_at=time(9),
            zone="Europe/Berlin",
        )

    assert not BatchOperation.objects.exists()
    assert type(selection).objects.filter(pk=selection.pk).exists()


def test_the_sweeper_brings_home_what_nobody_noted(scheduled, worker, monkeypatch):
    operation = scheduled(factories.opened())
    with monkeypatch.context() as patch:
        patch.setattr(following, "follow_deliveries", lambda deliveries: None)
        fire(worker)
    assert operation.items.get().status == "scheduled"

    following.follow_all()

    assert operation.items.get().status == "done"
    assert AuditEvent.objects.filter(action="batch.completed").exists()


def test_opened_in_its_night_and_its_mail_refused_it_is_retried_and_not_skipped(
    scheduled, worker, clerk, channel, monkeypatch
):
    operation = scheduled(factories.draft(), action="open", opens_drafts=False)
    channel.before = [ChannelFailure("550 no such mailbox", kind="permanent")]
    fire(worker)
    item = operation.items.get()
    assert (item.status, item.reason) == ("failed", "ap@harbour.example: 550 no such mailbox")
    monkeypatch.setattr(clock, "now", lambda: clock_after(operation))

    deciding.retry_failed(operation, by=clerk)
    worker()

    item.refresh_from_db()
    assert (item.status, item.reason, len(channel.sent)) == ("done", "", 1)


def test_moved_forward_and_refused_it_goes_out_again_as_the_same_email(scheduled, worker, clerk, channel, on):
    invoice = factories.opened()
    operation = scheduled(invoice, send_on=on + timedelta(days=5))
    [waiting] = scheduling.scheduled_of(invoice)
    wall = WallTime(on, time(9), "Europe/Amsterdam")
    scheduling.move_scheduled(invoice, by=clerk, wall=wall, now=clock.now(), seen=waiting.scheduled_at)
    channel.before = [ChannelFailure("550 no such mailbox", kind="permanent")]
    fire(worker)

    deciding.retry_failed(operation, by=clerk)
    worker()

    assert (operation.items.get().status, len(channel.sent), Delivery.objects.count()) == ("done", 1, 1)


def test_what_the_workers_get_to_after_its_moment_goes_out_at_once(clerk, worker, on, monkeypatch):
    draft = factories.draft()
    wishes = {"action": "send", "opens_drafts": True, "send_email": True, "send_on": on, "send_at": time(9)}
    operation = factories.operation(draft, by=clerk, page="queue", **wishes)
    monkeypatch.setattr(clock, "now", lambda: clock_after(operation))

    worker()

    item = operation.items.get()
    assert (item.status, item.reason, len(mail.outbox)) == ("done", "", 1)


def test_a_zone_there_is_not_says_so_again_and_does_not_end_the_group(clerk, worker, on):
    buyer = factories.customer()
    wishes = {"action": "send", "send_email": True, "send_on": on, "send_at": time(9)}
    operation = factories.operation(factories.opened(buyer), by=clerk, **wishes)
    type(buyer).objects.update(time_zone="Mars/Base")
    worker()

    deciding.retry_failed(operation, by=clerk)
    worker()

    item = operation.items.get()
    assert item.reason == "Mars/Base is no time zone. Choose one of those offered."
    assert (item.status, item.tries, item.crashes) == ("failed", 2, 0)


def test_deleted_with_its_email_its_item_waits_no_longer(scheduled, clerk):
    draft, other = factories.draft(), factories.draft()
    operation = scheduled(draft, other)

    drafting.delete_draft(draft, by=clerk, version=draft.version)

    operation.refresh_from_db()
    gone = operation.items.get(invoice=None)
    assert (gone.status, gone.reason) == ("cancelled", "The draft was deleted meanwhile.")
    assert operation.counts == {"scheduled": 1, "cancelled": 1}


def test_nothing_of_a_cancelled_one_goes_out_before_stopping_has_come_to_it(scheduled, clerk, worker, monkeypatch):
    monkeypatch.setattr(stopping, "CHUNK", 1)
    operation = scheduled(*(factories.draft() for _n in range(3)))

    deciding.cancel_operation(operation, by=clerk)
    assert Delivery.objects.filter(status="scheduled").count() == 2
    assert firing.fire_due(at=clock.database_now() + timedelta(days=30)) == 0
    worker()

    operation.refresh_from_db()
    assert operation.counts == {"cancelled": 3}
    assert not Invoice.objects.exclude(status="draft").exists()


def test_between_its_moment_and_the_mail_server_it_is_on_its_way(scheduled, bell):
    operation = scheduled(factories.opened())

    firing.fire_due(at=Delivery.objects.get().scheduled_at)

    item = operation.items.get()
    assert (item.status, item.reason) == ("scheduled", "Its moment has come: it is on its way.")
    Delivery.objects.update(status="retrying", reason="451 later", not_before=clock.now())
    following.follow_items([item.pk])
    item.refresh_from_db()
    assert item.status == "scheduled"  # a quarter of an hour from its moment, not from the day it was scheduled
