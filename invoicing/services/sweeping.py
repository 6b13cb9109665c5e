"""The minute sweeper: whatever a lost bell or a dead worker left waiting is rung for again."""

from datetime import timedelta

from config.common import clock, queue
from config.common.plugins import registered

from ..models import Invoice
from . import carrying

RINGS = 5  # pumps a minute and channel; each carries up to 20 and rings again while rows wait


def sweep() -> None:
    """Reap leases of dead workers, ring for waiting deliveries, and for opened invoices whose PDF was never made."""
    carrying.reap()
    for key in registered("DELIVERY_CHANNELS"):
        rows = carrying.waiting(key).count()
        for _ring in range(min(RINGS, -(-rows // carrying.GROUP))):
            queue.enqueue("invoicing.tasks.carry", 0)
    since = clock.now() - timedelta(days=2)
    unmade = Invoice.objects.filter(opened_at__gte=since, documents=None).values_list("pk", flat=True)
    for pk in unmade[:100]:
        queue.enqueue("invoicing.tasks.make_pdf", pk)
