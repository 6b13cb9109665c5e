"""What people decide about an operation: try the failed ones again, stop what has not begun, acknowledge."""

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Subquery
from django.utils.translation import gettext as _

from config.common import audit, clock, queue, roles, states
from config.common.errors import Forbidden, Stale

from ...models import BatchItem, BatchOperation, Delivery, Invoice
from . import closing, stopping
from .checking import MOST_FOR_CLERKS


def retry_failed(operation, *, by) -> int:
    """Take up again what failed, and only that; how many. The invoices count as they are now, mended or not.

    What another running operation holds stays failed, and so do draft credit notes where this person may not open them:
    the operation opens in the name of who began it. Forbidden where nothing else failed. Stale where nothing is left to
    retry, or somebody was quicker.
    """
    roles.require(by, "batch.run")
    try:
        with transaction.atomic():
            return _retry(operation, by=by)
    except IntegrityError:
        raise Stale(_("Some of these invoices were just taken by another operation. Reload the page.")) from None


def _retry(operation, *, by) -> int:
    operation = _locked(operation)
    if operation.cancelled_at and _has_more(operation):
        raise Stale(_("%(operation)s is still being cancelled. Try again in a moment.") % {"operation": operation})
    held = BatchItem.objects.unfinished().filter(invoice=OuterRef("invoice")).exclude(operation=operation)
    again = BatchItem.objects.to_retry().filter(~Exists(held), operation=operation)
    if not roles.may(by, "invoice.credit"):
        notes = Invoice.objects.draft().filter(kind=Invoice.Kind.CREDIT_NOTE)
        if again.exists() and not again.exclude(invoice__in=notes).exists():
            raise Forbidden(roles.refusal("invoice.credit"))
        again = again.exclude(invoice__in=notes)
    number = again.count()
    if not number:
        raise Stale(_("Nothing of %(operation)s is left to retry. Reload the page.") % {"operation": operation})
    if number > MOST_FOR_CLERKS and not roles.may(by, "batch.run_large"):
        raise Forbidden(
            _("More than %(most)s invoices in one go need the role %(role)s. Ask a manager.")
            % {"most": MOST_FOR_CLERKS, "role": roles.LEAST_ROLE["batch.run_large"].label}
        )
    version = Subquery(Invoice.objects.filter(pk=OuterRef("invoice")).values("version"))
    again.filter(invoice__isnull=False).update(version=version)
    states.advance_rows(
        again,
        BatchItem.Status.PENDING,
        start=["failed", "needs_attention"],
        step="act",
        reason="",
        mend="",
        crashes=0,
        finished_at=None,
    )
    newest = Delivery.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    fields = {"seen": newest, "started_at": clock.now(), "cancelled_at": None, "cancelled_by": None}
    if operation.status == BatchOperation.Status.FAILED:
        fields |= {"finished_at": None, "acknowledged_at": None, "acknowledged_by": None}
        states.advance(operation, "in_progress", by=by, action="batch.retry", after={"invoices": number}, **fields)
    else:
        BatchOperation.objects.filter(pk=operation.pk).update(**fields)
        audit.record("batch.retry", operation, by=by, after={"invoices": number})
    closing.settle_operations([operation.pk])
    queue.enqueue("invoicing.tasks.run_batches")
    return number


@transaction.atomic
def cancel_operation(operation, *, by) -> BatchOperation:
    """Stop what has not begun: no further invoice is opened, no queued or scheduled email goes out.

    What is done stays done. Stale once it has ended and nothing of it is scheduled.
    """
    roles.require(by, "batch.run")
    operation = _locked(operation)
    if not is_stoppable(operation):
        raise Stale(_("%(operation)s has ended or was cancelled already.") % {"operation": operation})
    operation.cancelled_at, operation.cancelled_by = clock.now(), by
    operation.save(update_fields=["cancelled_at", "cancelled_by"])
    audit.record("batch.cancel", operation, by=by)
    if stopping.stop_next(operation):
        queue.enqueue("invoicing.tasks.stop_batch", operation.pk)
    return operation


def is_stoppable(operation) -> bool:
    """Whether anything of it may still be cancelled."""
    return _has_more(operation) and not operation.cancelled_at


def _has_more(operation) -> bool:
    """Whether some of it is still to be done, or waits for its moment."""
    return operation.status in BatchOperation.RUNNING or bool(operation.counts.get(BatchItem.Status.SCHEDULED))


@transaction.atomic
def acknowledge_operation(operation, *, by) -> BatchOperation:
    """Dismiss one that has ended; who and when are kept. Stale while it runs, or where somebody did already."""
    roles.require(by, "batch.run")
    operation = _locked(operation)
    if operation.status in BatchOperation.RUNNING:
        raise Stale(
            _("%(operation)s is still running. Acknowledge it when it has finished.") % {"operation": operation}
        )
    if operation.acknowledged_at:
        raise Stale(
            _("%(who)s acknowledged %(operation)s already.")
            % {"who": operation.acknowledged_by, "operation": operation}
        )
    now = clock.now()
    BatchOperation.objects.filter(pk=operation.pk).update(acknowledged_at=now, acknowledged_by=by.pk)
    audit.record("batch.acknowledge", operation, by=by)
    operation.acknowledged_at = now
    return operation


def _locked(operation) -> BatchOperation:
    rows = BatchOperation.objects.select_for_update(of=("self",)).select_related("acknowledged_by", "asked_by")
    return rows.get(pk=operation.pk)
