"""What has not begun when an operation is cancelled is taken out of it, in chunks."""

import pytest

from config.common.models import AuditEvent
from invoicing.models import Delivery, Invoice
from invoicing.services import sweeping
from invoicing.services.batches import deciding, filling, running, stopping
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def cancelled(clerk, monkeypatch):
    """Five drafts of which two were opened when it was cancelled; chunks of one, and the first is done at once."""
    monkeypatch.setattr(running, "GROUP", 2)
    monkeypatch.setattr(stopping, "CHUNK", 1)
    operation = factories.operation(*(factories.draft() for _n in range(5)), by=clerk, send_email=True)
    filling.fill_waiting(until=float("inf"))
    running._run_group("invoice", "worker")
    return deciding.cancel_operation(operation, by=clerk)


def test_the_rest_is_rung_for_and_stopped_by_the_worker(cancelled, bell):
    assert ("invoicing.tasks.stop_batch", cancelled.pk) in bell.rings

    stopping.stop_cancelled(cancelled)

    cancelled.refresh_from_db()
    assert (cancelled.status, cancelled.counts) == ("completed", {"cancelled": 5})
    assert Delivery.objects.filter(status="cancelled").count() == 2
    assert not Delivery.objects.filter(documents__live=True).exists()
    assert Invoice.objects.filter(status="open").count() == 2


def test_a_bell_that_was_lost_is_made_good_by_the_sweeper(cancelled, bell):
    bell._rung.clear()

    sweeping.sweep()

    cancelled.refresh_from_db()
    assert cancelled.status == "completed"


def test_nothing_more_of_it_is_opened(cancelled):
    assert running.run_waiting() == 0
    assert Invoice.objects.filter(status="open").count() == 2


def test_the_trail_of_each_invoice_says_who_took_its_email_back(cancelled, clerk):
    stopping.stop_cancelled(cancelled)

    events = AuditEvent.objects.filter(action="delivery.cancelled")
    assert set(events.values_list("object_id", flat=True)) == set(
        Invoice.objects.filter(status="open").values_list("pk", flat=True)
    )
    assert set(events.values_list("actor_name", "reason")) == {
        (str(clerk), f"Cancelled by {clerk} before it was sent.")
    }
    assert events.count() == 2
