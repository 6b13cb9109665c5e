"""Retry failed, Cancel, Acknowledge."""

from datetime import time, timedelta

import pytest
from django.core import mail

from config.common import clock
from config.common.errors import Forbidden, Stale
from config.common.models import AuditEvent
from customers.services.contacts import add_contact
from invoicing.channels.base import ChannelFailure
from invoicing.models import Delivery, Invoice
from invoicing.services import correcting, crediting, drafting
from invoicing.services.batches import checking, deciding, filling, running, stopping
from invoicing.wall_time import WallTime
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def failed(clerk, bell):
    """One of two had nobody to be sent to."""
    silent = factories.draft(factories.customer("Silent Ltd", email=""))
    operation = factories.operation(silent, factories.draft(), by=clerk, send_email=True)
    bell.carry()
    operation.refresh_from_db()
    assert operation.status == "failed"
    return operation


def test_only_the_failed_ones_are_tried_again_in_the_same_operation(failed, clerk, bell):
    customer = failed.items.get(status="failed").invoice.customer
    add_contact(customer, by=clerk, name="Ida", email="ida@silent.example", role="primary")

    assert deciding.retry_failed(failed, by=clerk) == 1
    bell.carry()

    failed.refresh_from_db()
    assert (failed.status, failed.counts) == ("completed", {"done": 2})
    assert sorted(message.to for message in mail.outbox) == [
        ["Dagny Halvorsen <ap@harbour.example>"],
        ["Ida <ida@silent.example>"],
    ]
    assert sorted(failed.items.values_list("tries", flat=True)) == [1, 2]


def test_an_invoice_that_was_changed_meanwhile_fails_and_a_retry_takes_it_as_it_is_now(clerk, bell):
    draft = factories.draft()
    chosen = factories.operation(draft, by=clerk)
    drafting.change_draft(draft, by=clerk, fields={}, lines=[factories.line(unit_price="7")], version=1)
    bell.carry()
    item = chosen.items.get()
    assert (item.status, item.mend) == ("failed", "draft")
    assert item.reason == "This draft was changed after you looked at it. Review it and open it again."
    assert Invoice.objects.get().is_draft

    deciding.retry_failed(chosen, by=clerk)
    bell.carry()

    item.refresh_from_db()
    assert item.status == "done"
    assert Invoice.objects.get().total == 1694


def test_a_credit_note_of_a_manager_s_operation_is_not_opened_by_a_clerk_s_retry(clerk, manager, bell):
    note = crediting.draft_credit_note(factories.opened(), by=manager)
    chosen = factories.operation(note, by=manager)
    lines = [factories.line(quantity=2, unit_price="100")]
    drafting.change_draft(note, by=clerk, fields={}, lines=lines, version=note.version)
    bell.carry()
    assert chosen.items.get().status == "failed"

    with pytest.raises(Forbidden, match="Manager"):
        deciding.retry_failed(chosen, by=clerk)
    bell.carry()
    assert Invoice.objects.get(pk=note.pk).is_draft

    deciding.retry_failed(chosen, by=manager)
    bell.carry()
    assert not Invoice.objects.get(pk=note.pk).is_draft


def test_what_else_failed_beside_a_credit_note_is_tried_again_by_a_clerk(clerk, manager, bell):
    note, draft = crediting.draft_credit_note(factories.opened(), by=manager), factories.draft()
    chosen = factories.operation(note, draft, by=manager)
    for each in (note, draft):
        drafting.change_draft(each, by=manager, fields={"note": "Read me"}, version=each.version)
    bell.carry()

    assert deciding.retry_failed(chosen, by=clerk) == 1
    bell.carry()

    assert [Invoice.objects.get(pk=each.pk).is_draft for each in (note, draft)] == [True, False]


def test_a_mail_that_was_refused_goes_out_again_and_who_has_it_gets_no_second_one(clerk, bell, channel):
    buyer = factories.customer(
        contacts=[{"name": "A", "email": "a@x.example"}, {"name": "B", "email": "b@x.example", "role": "finance"}]
    )
    operation = factories.operation(factories.draft(buyer), by=clerk, send_email=True)
    channel.before = [None, ChannelFailure("550 no such mailbox", kind="permanent")]
    bell.carry()
    item = operation.items.get()
    assert (item.status, item.reason, item.mend) == ("failed", "b@x.example: 550 no such mailbox", "delivery")
    assert item.invoice.status == "open"

    deciding.retry_failed(operation, by=clerk)
    bell.carry()

    item.refresh_from_db()
    assert item.status == "done"
    assert [message.to for message in channel.sent] == [["A <a@x.example>"], ["B <b@x.example>"]]
    assert Invoice.objects.get().number == "INV-2026-00001"


def test_a_mended_address_gets_the_mail_and_the_wrong_one_is_put_to_rest(clerk, bell, channel):
    operation = factories.operation(factories.draft(), by=clerk, send_email=True)
    channel.before = [ChannelFailure("550 no such mailbox", kind="permanent")]
    bell.carry()
    contact = operation.items.get().invoice.customer.contacts.get()
    type(contact).objects.update(email="right@harbour.example")

    deciding.retry_failed(operation, by=clerk)
    bell.carry()

    assert operation.items.get().status == "done"
    assert [message.to for message in channel.sent] == [["Dagny Halvorsen <right@harbour.example>"]]
    wrong = Delivery.objects.get(recipient="ap@harbour.example")
    assert wrong.status == "failed"
    assert wrong.settled_at


def test_nothing_left_to_retry_is_said(clerk, bell):
    operation = factories.operation(factories.draft(), by=clerk)
    bell.carry()

    with pytest.raises(Stale, match=f"Nothing of {operation} is left to retry."):
        deciding.retry_failed(operation, by=clerk)

    assert bell.rings == []


def test_what_another_operation_runs_by_now_is_not_taken_from_it(failed, clerk, manager):
    draft = failed.items.get(status="failed").invoice
    factories.operation(draft, by=manager)
    filling.fill_waiting(until=float("inf"))

    with pytest.raises(Stale):
        deciding.retry_failed(failed, by=clerk)

    assert failed.items.get(invoice=draft).status == "failed"


def test_more_than_the_role_may_are_not_retried(failed, clerk, monkeypatch):
    monkeypatch.setattr(deciding, "MOST_FOR_CLERKS", 0)
    assert checking.MOST_FOR_CLERKS == 500

    with pytest.raises(Forbidden, match="More than 0 invoices in one go need the role Manager."):
        deciding.retry_failed(failed, by=clerk)

    assert failed.items.filter(status="failed").count() == 1


def test_cancel_stops_what_has_not_begun_and_leaves_what_is_done(clerk, bell, monkeypatch):
    monkeypatch.setattr(running, "GROUP", 2)
    monkeypatch.setattr(running, "PUMP_SECONDS", 0)
    operation = factories.operation(*(factories.draft() for _n in range(4)), by=clerk, send_email=True)
    filling.fill_waiting(until=float("inf"))
    running._run_group("invoice", "worker")

    deciding.cancel_operation(operation, by=clerk)
    bell.carry()

    operation.refresh_from_db()
    assert operation.status == "completed"
    assert operation.counts == {"cancelled": 4}
    assert Invoice.objects.filter(status="open").count() == 2  # numbered already, and they stay so
    assert mail.outbox == []
    assert set(Delivery.objects.values_list("status", "reason")) == {
        ("cancelled", "Cancelled by Femke Clerk before it was sent.")
    }
    assert set(operation.items.filter(step="act").values_list("reason", flat=True)) == {
        "Cancelled by Femke Clerk before it began."
    }


def test_one_that_has_ended_cannot_be_cancelled(failed, clerk):
    with pytest.raises(Stale, match=f"{failed} has ended or was cancelled already."):
        deciding.cancel_operation(failed, by=clerk)


def test_acknowledge_keeps_who_and_when_and_serves_once(failed, clerk, manager):
    deciding.acknowledge_operation(failed, by=clerk)

    failed.refresh_from_db()
    assert failed.acknowledged_by == clerk
    assert failed.acknowledged_at
    assert AuditEvent.objects.for_thread(failed).last().action == "batch.acknowledge"
    with pytest.raises(Stale, match=f"Femke Clerk acknowledged {failed} already."):
        deciding.acknowledge_operation(failed, by=manager)


def test_one_that_runs_is_not_acknowledged(clerk):
    operation = factories.operation(factories.draft(), by=clerk)

    with pytest.raises(Stale, match="is still running. Acknowledge it when it has finished."):
        deciding.acknowledge_operation(operation, by=clerk)

    operation.refresh_from_db()
    assert operation.acknowledged_at is None


@pytest.mark.parametrize("decision", [deciding.retry_failed, deciding.cancel_operation, deciding.acknowledge_operation])
def test_a_viewer_decides_nothing(failed, viewer, decision):
    events = AuditEvent.objects.count()

    with pytest.raises(Forbidden):
        decision(failed, by=viewer)

    assert AuditEvent.objects.count() == events


@pytest.fixture
def two_refused(clerk, bell, channel):
    """Both were opened, and their mails were refused for good."""
    other = factories.customer("Other", email="other@x.example")
    operation = factories.operation(factories.draft(), factories.draft(other), by=clerk, send_email=True)
    channel.before = [ChannelFailure("550 no such mailbox", kind="permanent") for _n in range(2)]
    bell.carry()
    return operation


def outcomes(operation):
    return list(operation.items.order_by("pk").values_list("status", "reason", "crashes"))


def test_one_that_is_void_by_now_is_skipped_and_the_others_go_out(two_refused, clerk, manager, bell):
    invoice = two_refused.items.order_by("pk")[0].invoice
    correcting.void_invoice(invoice, by=manager, on=factories.TODAY, reason="Wrong customer")

    deciding.retry_failed(two_refused, by=clerk)
    bell.carry()

    assert outcomes(two_refused) == [("skipped", "It is void.", 0), ("done", "", 0)]


def test_one_whose_address_gets_another_email_already_says_so_and_the_others_go_out(two_refused, clerk, bell):
    invoice = two_refused.items.order_by("pk")[0].invoice
    wall = WallTime(clock.today("UTC") + timedelta(days=2), time(9), "Europe/Berlin")
    factories.scheduled(invoice, by=clerk, wall=wall)

    deciding.retry_failed(two_refused, by=clerk)
    bell.carry()

    assert outcomes(two_refused) == [
        ("failed", "Another email to ap@harbour.example is under way already.", 0),
        ("done", "", 0),
    ]


def test_what_is_still_being_cancelled_is_not_taken_up_again(clerk, bell, monkeypatch):
    monkeypatch.setattr(stopping, "CHUNK", 1)
    buyers = [factories.customer(f"Buyer {n}", email=f"b{n}@x.example" if n else "") for n in range(4)]
    wishes = {"action": "send", "send_email": True, "send_on": clock.today("UTC") + timedelta(days=2)}
    invoices = [factories.opened(buyer) for buyer in buyers]
    operation = factories.operation(*invoices, by=clerk, send_at=time(9), **wishes)
    bell.carry()
    deciding.cancel_operation(operation, by=clerk)

    with pytest.raises(Stale, match="is still being cancelled. Try again in a moment."):
        deciding.retry_failed(operation, by=clerk)
    bell.carry()

    operation.refresh_from_db()
    assert operation.counts == {"failed": 1, "cancelled": 3}
    assert deciding.retry_failed(operation, by=clerk) == 1
    assert stopping.stop_next(operation) is False  # a bell that rings late stops nothing of what was taken up again
    assert operation.items.filter(status="pending").count() == 1
