"""Items are made of the whole selection before anything happens, each invoice in one running operation at most."""

from itertools import count
from types import SimpleNamespace

import pytest

from invoicing.models import BatchItem, Invoice
from invoicing.services.batches import deciding, filling, running
from tests import factories

pytestmark = pytest.mark.django_db
FOREVER = float("inf")


def test_items_are_made_in_chunks_and_twice_is_once(clerk, monkeypatch):
    monkeypatch.setattr(filling, "CHUNK", 2)
    drafts = [factories.draft() for _n in range(5)]
    operation = factories.operation(*drafts, by=clerk)

    assert filling.fill_next(operation)
    type(operation).objects.update(filled=0)  # a worker that died before its commit was seen
    filling.fill_waiting(until=FOREVER)

    operation.refresh_from_db()
    assert list(operation.items.order_by("pk").values_list("invoice", flat=True)) == [draft.pk for draft in drafts]
    assert (operation.status, operation.total, operation.rows) == ("in_progress", 5, [])


def test_a_turn_that_was_taken_up_by_filling_rings_for_the_next(clerk, bell, monkeypatch):
    operation = factories.operation(*(factories.draft() for _n in range(5)), by=clerk)
    slow = count(0, 4)  # each look at the clock four seconds later
    monkeypatch.setattr(filling, "CHUNK", 1)
    for module in (filling, running):
        monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: next(slow)))

    running.run_waiting()

    operation.refresh_from_db()
    assert (operation.status, operation.filled) == ("preparing", 2)
    assert bell.rings[1:] == [("invoicing.tasks.run_batches",)]
    bell.carry()
    assert set(operation.items.values_list("status", flat=True)) == {"done"}


def test_an_invoice_of_a_running_operation_is_skipped_and_told_where(clerk, manager):
    shared, own = factories.draft(), factories.draft()
    first = factories.operation(shared, by=clerk)
    second = factories.operation(shared, own, by=manager)

    filling.fill_waiting(until=FOREVER)

    assert list(first.items.values_list("status", flat=True)) == ["pending"]
    skipped = second.items.get(invoice=shared)
    assert (skipped.status, skipped.reason) == (
        "skipped",
        f"It is in {first} already, which Femke Clerk started.",
    )
    assert second.items.get(invoice=own).status == "pending"


def test_who_is_slower_by_a_moment_is_told_as_well(clerk, manager, monkeypatch):
    shared = factories.draft()
    first = factories.operation(shared, by=clerk)
    second = factories.operation(shared, by=manager)
    filling.fill_waiting(until=FOREVER)
    second.items.all().delete()
    type(second).objects.filter(pk=second.pk).update(filled=0)
    looks = iter([{}])  # the first look sees nothing: the other operation is not committed yet
    original = filling.conflicts.running
    monkeypatch.setattr(filling.conflicts, "running", lambda pks, but=None: next(looks, None) or original(pks, but=but))
    rows = [[shared.pk, 1]]

    left_out = filling._fill(second, rows)

    assert left_out == 0
    assert second.items.get().reason == f"It is in {first} already, which Femke Clerk started."


def test_what_would_fail_is_left_out_where_that_was_chosen(clerk):
    silent, fine = factories.draft(factories.customer("Silent Ltd", email="")), factories.draft()
    already = factories.opened()
    operation = factories.operation(silent, fine, already, by=clerk, send_email=True, leaves_out=True)

    filling.fill_waiting(until=FOREVER)

    operation.refresh_from_db()
    assert list(operation.items.values_list("invoice", flat=True)) == [fine.pk]
    assert (operation.total, operation.left_out) == (1, 2)


def test_run_all_the_same_keeps_them_with_their_reasons(clerk, bell):
    silent, already = factories.draft(factories.customer("Silent Ltd", email="")), factories.opened()
    bell.carry()
    operation = factories.operation(silent, already, by=clerk, send_email=True)

    bell.carry()

    operation.refresh_from_db()
    assert dict(operation.items.values_list("invoice", "status")) == {silent.pk: "failed", already.pk: "skipped"}
    assert operation.items.get(invoice=already).reason == "It is open already."
    assert operation.left_out == 0


def test_a_draft_that_is_deleted_first_is_not_among_the_items(clerk):
    draft, gone = factories.draft(), factories.draft()
    operation = factories.operation(draft, gone, by=clerk)
    gone.delete()

    filling.fill_waiting(until=FOREVER)

    operation.refresh_from_db()
    assert (operation.total, operation.left_out) == (1, 1)


def test_one_that_is_cancelled_while_it_is_prepared_ends_without_an_effect(clerk, bell):
    operation = factories.operation(factories.draft(), by=clerk)
    deciding.cancel_operation(operation, by=clerk)
    bell.carry()

    operation.refresh_from_db()
    assert (operation.status, operation.total) == ("completed", 0)
    assert Invoice.objects.get().is_draft
    assert not BatchItem.objects.exists()
