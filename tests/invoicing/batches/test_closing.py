"""An operation ends as its items do."""

import pytest

from config.common import states
from config.common.models import AuditEvent
from invoicing.models import BatchItem
from invoicing.services.batches import closing, deciding
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def ended(clerk, bell):
    """An operation of two, completed."""
    operation = factories.operation(factories.draft(), factories.draft(), by=clerk)
    bell.carry()
    operation.refresh_from_db()
    assert operation.status == "completed"
    return operation


def now_is(operation, *statuses):
    for item, status in zip(operation.items.order_by("pk"), statuses, strict=True):
        BatchItem.objects.filter(pk=item.pk).delete()
        BatchItem.objects.bulk_create(
            [
                BatchItem(
                    operation=operation,
                    invoice=item.invoice,
                    version=1,
                    lane="invoice",
                    issued_on=item.issued_on,
                    status=status,
                    reason="" if status in ("pending", "working", "done") else "Because",
                )
            ]
        )
    closing.settle_operations([operation.pk])
    operation.refresh_from_db()
    return operation.status


@pytest.mark.parametrize("status", ["failed", "unknown", "needs_attention"])
def test_one_in_trouble_makes_it_failed(ended, status):
    assert now_is(ended, "done", status) == "failed"
    assert ended.counts == {"done": 1, status: 1}


@pytest.mark.parametrize("status", ["skipped", "cancelled", "still_trying", "done"])
def test_the_others_leave_it_completed(ended, status):
    assert now_is(ended, "done", status) == "completed"


def test_what_was_still_trying_and_failed_in_the_end_asks_for_attention_again(ended, clerk):
    deciding.acknowledge_operation(ended, by=clerk)

    assert now_is(ended, "done", "failed") == "failed"

    assert ended.acknowledged_at is None
    assert AuditEvent.objects.for_thread(ended).last().action == "batch.failed"


def test_when_the_last_failed_one_is_done_it_is_completed(ended):
    now_is(ended, "failed", "done")
    states.advance_rows(ended.items.filter(status="failed"), "done", start=["failed"])

    closing.settle_operations([ended.pk])

    ended.refresh_from_db()
    assert ended.status == "completed"
