"""Whoever holds an operation, its emails and its items takes them in that order, so nobody waits in a circle."""

import threading
from datetime import time, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from config.common import clock
from config.common.errors import Stale
from invoicing.models import BatchItem, Delivery, Invoice
from invoicing.services import firing, scheduling
from invoicing.services.batches import deciding, elsewhere
from invoicing.wall_time import WallTime
from tests import factories


@pytest.fixture
def operation(clerk, worker):
    """An operation with three scheduled emails."""
    factories.organization()
    day = clock.today("UTC") + timedelta(days=2)
    wishes = {"action": "send", "opens_drafts": True, "send_email": True, "send_on": day, "send_at": time(9)}
    made = factories.operation(*[factories.opened() for _n in range(3)], by=clerk, page="queue", **wishes)
    worker()
    made.refresh_from_db()
    return made


def _move(invoice, by):
    [waiting] = scheduling.waiting_of(invoice)
    later = WallTime(waiting.scheduled_on + timedelta(days=1), time(10), "Europe/Amsterdam")
    scheduling.move_scheduled(invoice, by=by, wall=later, now=clock.now(), seen=waiting.scheduled_at)


ACTS = {
    "cancel": lambda invoice, by: scheduling.cancel_scheduled(invoice, by=by),
    "move": _move,
    "send": lambda invoice, by: firing.send_now(invoice, by=by, on=factories.TODAY),
}


@pytest.mark.django_db
@pytest.mark.parametrize("act", ACTS)
def test_who_changes_one_email_holds_its_operation_first(operation, clerk, act):
    invoice = operation.items.first().invoice

    with CaptureQueriesContext(connection) as asked:
        ACTS[act](invoice, clerk)

    said = [each["sql"] for each in asked]
    held = next(n for n, sql in enumerate(said) if 'FROM "invoicing_batchoperation" WHERE' in sql)
    changed = next(n for n, sql in enumerate(said) if sql.startswith('UPDATE "invoicing_delivery"'))
    assert held < changed


@pytest.mark.django_db
def test_who_skips_what_was_done_elsewhere_holds_the_operation_before_its_items(clerk, worker):
    silent = factories.customer("Silent Ltd", email="")
    operation = factories.operation(factories.draft(silent), by=clerk, send_email=True)
    worker()
    assert operation.items.get().status == "failed"
    invoice = operation.items.get().invoice
    Invoice.objects.filter(pk=invoice.pk).update(billed_at=clock.now() + timedelta(minutes=1))

    with CaptureQueriesContext(connection) as asked:
        elsewhere.note_done([invoice.pk])

    said = [each["sql"] for each in asked]
    held = next(n for n, sql in enumerate(said) if 'FROM "invoicing_batchoperation" WHERE' in sql)
    changed = next(n for n, sql in enumerate(said) if sql.startswith('UPDATE "invoicing_batchitem"'))
    assert held < changed
    assert operation.items.get().status == "skipped"


@pytest.mark.django_db(transaction=True)
def test_one_cancels_all_while_others_cancel_each(operation, clerk, manager):
    invoices = [item.invoice for item in operation.items.select_related("invoice")]
    errors, start = [], threading.Barrier(len(invoices) + 1)

    def run(act):
        try:
            start.wait()
            act()
        except Stale:
            pass  # somebody was quicker
        except BaseException as error:
            errors.append(error)
        finally:
            connection.close()

    acts = [lambda each=each: scheduling.cancel_scheduled(each, by=clerk) for each in reversed(invoices)]
    acts.append(lambda: deciding.cancel_operation(operation, by=manager))
    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert errors == []
    assert set(Delivery.objects.values_list("status", flat=True)) == {"cancelled"}
    assert set(BatchItem.objects.values_list("status", flat=True)) == {"cancelled"}
    operation.refresh_from_db()
    assert operation.counts == {"cancelled": 3}
