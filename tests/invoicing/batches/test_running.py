"""The pump: groups in lanes, in the order of issue dates, and what ends a group tried alone and put aside."""

import logging
from datetime import date, timedelta
from itertools import count

import pytest
from django.core import mail

from config.common import clock
from invoicing.models import BatchItem, BatchLane, Delivery, Invoice
from invoicing.services.batches import acting, running
from invoicing.services.batches.limits import TimeUp
from tests import factories

pytestmark = pytest.mark.django_db


def statuses(operation) -> list[str]:
    operation.refresh_from_db()
    return list(operation.items.order_by("issued_on", "pk").values_list("status", flat=True))


def test_drafts_are_opened_and_sent_and_the_operation_completes(clerk, bell):
    drafts = [factories.draft() for _n in range(3)]

    operation = factories.operation(*drafts, by=clerk, send_email=True)
    bell.carry()

    assert statuses(operation) == ["done"] * 3
    assert (operation.status, operation.counts) == ("completed", {"done": 3})
    assert set(Invoice.objects.values_list("status", "number")) == {("open", f"INV-2026-0000{n}") for n in (1, 2, 3)}
    assert len(mail.outbox) == 3
    assert Delivery.objects.filter(status="sent", batch_item__operation=operation).count() == 3


def test_numbers_follow_the_issue_dates(clerk, bell):
    days = [date(2026, 11, day) for day in (18, 5, 11)]
    drafts = [factories.draft(issued_on=day) for day in days]

    factories.operation(*drafts, by=clerk)
    bell.carry()

    opened = Invoice.objects.order_by("seq").values_list("issued_on", flat=True)
    assert list(opened) == sorted(days)


def test_a_group_is_twenty_at_most_and_operations_take_turns(clerk, manager, monkeypatch):
    groups = []
    monkeypatch.setattr(
        running, "act", lambda operation, items, **kw: groups.append((operation.pk, len(items))) or _all_done(items)
    )
    first = factories.operation(*(factories.draft() for _n in range(45)), by=clerk)
    second = factories.operation(*(factories.draft() for _n in range(3)), by=manager)

    running.run_waiting()

    assert groups == [(first.pk, 20), (second.pk, 3), (first.pk, 20), (first.pk, 5)]


def _all_done(items):
    return {item.pk: acting.Outcome("done") for item in items}


@pytest.fixture
def poison(monkeypatch):
    """`poison(draft, error)`: opening it raises, each time."""
    original, bad = running.act, {}

    def act(operation, items, **kwargs):
        for item in items:
            if error := bad.get(item.invoice_id):
                raise error
        return original(operation, items, **kwargs)

    monkeypatch.setattr(running, "act", act)
    logging.getLogger("dunlin.batches").setLevel(logging.CRITICAL)
    yield lambda draft, error: bad.update({draft.pk: error})
    logging.getLogger("dunlin.batches").setLevel(logging.NOTSET)


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (
            ValueError("no such thing"),
            "Something unexpected happened, 3 times, so it was put aside: ValueError: no such",
        ),
        (TimeUp(), "It took longer than 8 seconds, 3 times, so it was put aside."),
    ],
)
def test_what_ends_its_group_three_times_is_put_aside_and_the_others_are_done(clerk, bell, poison, error, sentence):
    drafts = [factories.draft() for _n in range(4)]
    poison(drafts[1], error)

    operation = factories.operation(*drafts, by=clerk)
    bell.carry()

    assert sorted(statuses(operation)) == ["done", "done", "done", "failed"]
    assert operation.status == "failed"
    failed = operation.items.get(status="failed")
    assert failed.invoice_id == drafts[1].pk
    assert failed.reason.startswith(sentence)
    assert (failed.tries, failed.crashes) == (3, 3)
    assert sorted(Invoice.objects.exclude(status="draft").values_list("seq", flat=True)) == [1, 2, 3]


def test_what_a_dead_worker_had_taken_goes_back_and_is_tried_alone(clerk, bell):
    operation = factories.operation(factories.draft(), factories.draft(), by=clerk)
    running.filling.fill_waiting(until=float("inf"))
    fence = running._take("invoice", "elsewhere:1:abc")
    running._claim("invoice", fence)
    BatchLane.objects.update(lease_until=clock.database_now() - timedelta(seconds=1))

    bell.carry()

    assert statuses(operation) == ["done", "done"]
    assert set(operation.items.values_list("tries", "crashes")) == {(2, 1)}


def test_a_lane_is_left_to_the_worker_that_holds_it(clerk, bell):
    operation = factories.operation(factories.draft(), by=clerk)
    running.filling.fill_waiting(until=float("inf"))
    running._take("invoice", "elsewhere:1:abc")

    assert running.run_waiting() == 0
    assert statuses(operation) == ["pending"]
    assert Invoice.objects.get().is_draft


def test_a_worker_of_this_machine_that_is_gone_holds_no_lane(clerk, bell, monkeypatch):
    operation = factories.operation(factories.draft(), by=clerk)
    running.filling.fill_waiting(until=float("inf"))
    running._take("invoice", "here:999999999:abc")
    monkeypatch.setattr("invoicing.services.workers.socket.gethostname", lambda: "here")
    monkeypatch.setattr("invoicing.services.workers.os.kill", _nobody)

    bell.carry()

    assert statuses(operation) == ["done"]


def _nobody(pid, number):
    raise ProcessLookupError


@pytest.mark.parametrize(("at", "left"), [(1, "pending"), (2, "working")], ids=["before claiming", "before acting"])
def test_who_lost_the_lane_writes_nothing(clerk, bell, monkeypatch, at, left):
    operation = factories.operation(factories.draft(), by=clerk)
    original, holds = running._hold, count(1)

    def taken_over(lane, fence):
        if next(holds) == at:
            BatchLane.objects.filter(key=lane).update(fence=fence + 1)
        original(lane, fence)

    monkeypatch.setattr(running, "_hold", taken_over)

    assert running.run_waiting() == 0
    assert statuses(operation) == [left]
    assert Invoice.objects.get().is_draft


def test_somebody_turned_off_meanwhile_opens_nothing(clerk, bell):
    operation = factories.operation(factories.draft(), by=clerk)
    type(clerk).objects.filter(pk=clerk.pk).update(is_active=False)

    bell.carry()

    assert statuses(operation) == ["failed"]
    assert operation.items.get().reason == (
        "Your role does not allow this. It needs the role Clerk or higher; ask an admin."
    )
    assert Invoice.objects.get().is_draft


def test_a_refusal_of_one_is_no_matter_of_the_group(clerk, bell):
    fine, wrong = factories.draft(), factories.draft()
    Invoice.objects.filter(pk=wrong.pk).update(template=None)

    operation = factories.operation(fine, wrong, by=clerk)
    bell.carry()

    failed = operation.items.get(status="failed")
    assert (failed.invoice_id, failed.reason, failed.mend) == (
        wrong.pk,
        "It has no invoice template. Choose one.",
        "template",
    )
    assert failed.tries == 1
    assert BatchItem.objects.filter(status="done").count() == 1
