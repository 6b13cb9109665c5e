"""The minute sweeper: whatever a lost bell or a dead worker left waiting is rung for again."""

from config.common import clock, queue
from config.common.plugins import registered

from . import carrying, firing, papering
from .batches import closing, following, running, selecting, stopping

RINGS = 5  # pumps a minute and channel; each carries up to 20 and rings again while rows wait


def sweep() -> None:
    """Reap leases of dead workers; ring for what waits: what is scheduled and due, deliveries, batches, unmade PDFs."""
    carrying.reap()
    if firing.due(at=clock.database_now()).exists():
        queue.enqueue("invoicing.tasks.fire_scheduled")
    for key in registered("DELIVERY_CHANNELS"):
        rows = carrying.waiting(key).count()
        for _ring in range(min(RINGS, -(-rows // carrying.GROUP))):
            queue.enqueue("invoicing.tasks.carry", 0)
    following.follow_all()
    stopping.stop_all_cancelled()
    closing.settle_left()
    selecting.forget_selections()
    if running.waiting().exists() or running.taken().exists():
        queue.enqueue("invoicing.tasks.run_batches")
    for pk in papering.unmade(at=clock.now()).values_list("pk", flat=True)[:100]:
        queue.enqueue("invoicing.tasks.make_pdf", pk)
