"""A failed item may as well be opened or sent by itself, or in a new operation: then the old row says where it was done
and counts no longer.
"""

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext as _
from django.utils.translation import override

from config.common import clock, states
from config.common.models import AuditEvent

from ...models import BatchItem, BatchOperation, Delivery
from . import closing

MEANT = ("invoice.open", "invoice.mark_as_sent", "delivery.queued", "delivery.again", "delivery.arrived")


def note_done(invoices) -> None:
    """Look at what failed for these invoices (keys), and skip what has been done since in some other way."""
    pks = [pk for pk in invoices if pk]
    if not pks:
        return
    found: dict[int, list[BatchItem]] = {}
    for item in _done_since(pks).select_related("invoice", "operation__asked_by"):
        found.setdefault(item.operation_id, []).append(item)
    for operation in sorted(found):
        _skip(operation, found[operation])


@transaction.atomic
def _skip(operation, items):
    closing.hold(operation)
    for item in items:
        with override(item.operation.asked_by.language):
            told = {"reason": _where(item), "mend": "", "finished_at": clock.now()}
        rows = BatchItem.objects.filter(pk=item.pk)
        states.advance_rows(rows, "skipped", start=["failed", "needs_attention"], **told)
    closing.settle_operations([operation])


def _done_since(pks):
    """Failed items of what is opened by now, or where a mail was wanted, sent: by another delivery than its own."""
    sent = Delivery.objects.filter(documents__invoice=OuterRef("invoice"), role="to", status="sent")
    others = sent.exclude(batch_item=OuterRef("pk")).filter(sent_at__gt=OuterRef("finished_at"))
    opens = Q(operation__action=BatchOperation.Action.OPEN)
    mails = Q(operation__send_email=True) | Q(operation__submit_einvoice=True)
    unsent = Q(step="act", invoice__billed_at__gt=F("finished_at"))
    return BatchItem.objects.to_retry().filter(
        (opens & ~mails & Q(step="act") & ~Q(invoice__status="draft")) | unsent | (Q(step="carry") & Exists(others)),
        invoice__in=pks,
    )


def _where(item) -> str:
    another = (
        BatchItem.objects.filter(invoice=item.invoice_id, status="done", finished_at__gt=item.finished_at)
        .exclude(pk=item.pk)
        .order_by("-pk")
        .first()
    )
    if another:
        return _("Done in %(operation)s.") % {"operation": BatchOperation.name_of(another.operation_id)}
    event = AuditEvent.objects.for_thread(item.invoice).filter(action__in=MEANT).last()
    return _("Done since by %(who)s.") % {"who": event.actor_name if event else _("somebody")}
