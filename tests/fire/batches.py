"""What the fault tests of batch operations share: beginning one, watching it, and proving that its books are whole."""

from collections import Counter

from config.common.models import AuditEvent
from invoicing import models
from invoicing.models import BatchItem, BatchOperation, Invoice
from invoicing.services.batches import selecting, starting
from invoicing.services.batches.wishes import Wishes
from tests.processes import until

ENDED = ("completed", "failed")


def select(invoices, *, by):
    chosen = Invoice.objects.filter(pk__in=[invoice.pk for invoice in invoices])
    return selecting.select_invoices(chosen, by=by, page="queue")


def start(invoices, *, by, **wishes) -> BatchOperation:
    """An operation that opens these drafts and sends them, unless the wishes say otherwise."""
    asked = Wishes(**{"action": "send", "opens_drafts": True, "send_email": True, **wishes})
    selection = select(invoices, by=by)
    return starting.start_operation(selection, by=by, wishes=asked, request_id=f"request-{selection.pk}")


def states(*operations) -> Counter:
    """How many items are in which state, by the items themselves."""
    return Counter(BatchItem.objects.filter(operation__in=operations).values_list("status", flat=True))


def has_ended(*operations) -> bool:
    return not BatchOperation.objects.filter(pk__in=[o.pk for o in operations]).exclude(status__in=ENDED).exists()


def opened(*operations) -> int:
    return BatchItem.objects.filter(operation__in=operations).exclude(opened_at=None).count()


def run_to_the_end(*operations, within=900):
    until(lambda: has_ended(*operations), within, every=0.2)
    for operation in operations:
        operation.refresh_from_db()


def numbers_are_gapless():
    """Numbers 1 … n, each once, and one event for each; what was rolled back left nothing."""
    rows = Invoice.objects.opened()
    numbers = list(rows.order_by("seq").values_list("seq", flat=True))
    assert numbers == list(range(1, len(numbers) + 1))
    counters = models.Counter.objects.filter(series__kind="invoice").values_list("next_no", flat=True)
    assert list(counters) == ([len(numbers) + 1] if numbers else [])
    events = AuditEvent.objects.filter(action="invoice.open").values_list("object_id", flat=True)
    assert sorted(events) == sorted(rows.values_list("pk", flat=True))


def nothing_is_lost_or_doubled(operation, server):
    """Its counts add up and say what its items say; each item says what became of its invoice, and of its mail."""
    operation.refresh_from_db()
    assert operation.status in ENDED
    assert operation.counts == dict(states(operation))
    assert sum(operation.counts.values()) == operation.total
    numbers_are_gapless()
    arrived = server.counted()
    assert max(arrived.values(), default=1) == 1
    for item in operation.items.select_related("invoice").prefetch_related("deliveries"):
        mails = list(item.deliveries.all())
        reached = [(mail.message_id, mail.recipient) in arrived for mail in mails]
        assert item.status == "done" or item.reason
        assert item.invoice.is_draft == (item.opened_at is None)
        assert len(mails) == bool(item.opened_at)
        if item.status == "done":
            assert reached == [True]
            assert item.invoice.billed_at
        elif item.status != "unknown":
            assert not any(reached)
            assert item.invoice.billed_at is None
