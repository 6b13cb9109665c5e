"""Taking what has not begun out of a cancelled operation: its waiting items, and the emails that wait for a worker.

What was opened stays open, what is in a worker's hands goes out.
"""

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _
from django.utils.translation import override

from config.common import audit, clock, states
from config.common.models import AuditEvent

from ...models import BatchItem, BatchOperation, Delivery, DeliveryDocument, Invoice
from . import closing

CHUNK = 1000
UNSENT = (*Delivery.WAITING, Delivery.Status.SCHEDULED)


def stop_all_cancelled() -> None:
    """The sweeper's round: cancelled operations whose stopping was cut short."""
    scheduled = BatchItem.objects.filter(operation=OuterRef("pk"), status="scheduled")
    cancelled = BatchOperation.objects.filter(Q(status__in=BatchOperation.RUNNING) | Exists(scheduled))
    for operation in cancelled.exclude(cancelled_at=None).select_related("asked_by"):
        stop_cancelled(operation)


def stop_cancelled(operation) -> None:
    """Take all items and emails of a cancelled operation that wait out of the way."""
    while stop_next(operation):
        pass


@transaction.atomic
def stop_next(operation) -> bool:
    """Up to 1,000 waiting items, and as many waiting emails; whether there may be more. No group claims them by now."""
    rows = BatchOperation.objects.select_for_update(of=("self",)).select_related("asked_by", "cancelled_by")
    operation = rows.defer("rows").filter(pk=operation.pk).exclude(cancelled_at=None).first()
    if operation is None:  # a bell that rang late: stopped by somebody else, and taken up again since
        return False
    who = {"who": operation.cancelled_by}
    with override(operation.asked_by.language):
        stopped = _stop_items(operation, _("Cancelled by %(who)s before it began.") % who)
        silenced = _stop_mails(operation, _("Cancelled by %(who)s before it was sent.") % who)
    closing.settle_operations([operation.pk])
    return max(stopped, silenced) == CHUNK


def _stop_items(operation, reason) -> int:
    waiting = BatchItem.objects.filter(operation=operation, status="pending").order_by("pk")
    pks = list(waiting.values_list("pk", flat=True)[:CHUNK])
    told = {"reason": reason, "finished_at": clock.now()}
    states.advance_rows(BatchItem.objects.filter(pk__in=pks), "cancelled", start=["pending"], **told)
    return len(pks)


def _stop_mails(operation, reason) -> int:
    waiting = Delivery.objects.filter(batch_item__operation=operation, status__in=UNSENT).order_by("pk")
    pks = list(waiting.values_list("pk", flat=True)[:CHUNK])
    mails = Delivery.objects.filter(pk__in=pks)
    states.advance_rows(mails, "cancelled", start=UNSENT, reason=reason)
    cancelled = DeliveryDocument.objects.filter(delivery__in=pks, delivery__status="cancelled")
    cancelled.update(live=False)
    invoices = Invoice.objects.filter(pk__in=cancelled.values("invoice")).order_by("pk")
    told = {"by": operation.cancelled_by, "reason": reason}
    AuditEvent.objects.bulk_create(audit.event_for("delivery.cancelled", invoice, **told) for invoice in invoices)
    under_way = Delivery.objects.filter(batch_item=OuterRef("pk"), status__in=[*Delivery.LIVE, "sent"])
    unsent = BatchItem.objects.filter(~Exists(under_way), deliveries__in=pks).distinct()
    rows = BatchItem.objects.filter(pk__in=list(unsent.values_list("pk", flat=True)))
    told = {"reason": reason, "finished_at": clock.now()}
    states.advance_rows(rows, "cancelled", start=["working", "still_trying", "scheduled"], **told)
    return len(pks)
