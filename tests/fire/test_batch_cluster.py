"""A batch on the real queue and its cluster: the queue wiped again and again, and everything killed in the middle."""

import os
import signal

import pytest
from django_q.models import OrmQ

from config.common import queue
from config.common.supervising import GRACE
from tests.fire import batches, rig
from tests.processes import members, until

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_batch_whose_queue_is_wiped_again_and_again_ends_all_the_same(size, sink, cluster, manager, figures):
    server, number, wiped = sink(delay=(0.0, 0.05)), size(1000), 0
    worker, drafts = cluster(server.url), rig.drafts(number)
    operation = batches.start(drafts, by=manager)
    OrmQ.objects.all().delete()  # the very first ring, too

    worker.start()
    try:
        for tenth in range(10):
            queue.enqueue("invoicing.tasks.sweep")  # the minute bell
            until(lambda goal=number * tenth // 10: len(server.mails) > goal, every=0.01)
            wiped += OrmQ.objects.all().delete()[0]
        queue.enqueue("invoicing.tasks.sweep")
        batches.run_to_the_end(operation)
    finally:
        worker.ask_to_stop()
        worker.process.wait(GRACE)

    figures(batches.states(operation), **{"rings lost": wiped})
    assert batches.states(operation) == {"done": number}
    assert operation.status == "completed"
    batches.nothing_is_lost_or_doubled(operation, server)


def test_a_batch_whose_cluster_is_killed_whole_goes_on_with_the_next_one(size, sink, cluster, manager, figures):
    server, number, kills, wire = sink(delay=(0.0, 0.1)), size(1000), size(10), 0
    drafts = rig.drafts(number)
    operation = batches.start(drafts, by=manager)

    for kill in range(kills):
        worker = _started(cluster(server.url, lease=8))
        until(lambda goal=number * kill // (2 * kills): batches.opened(operation) > goal, every=0.005)
        pids = members(worker.process.pid)
        os.killpg(worker.process.pid, signal.SIGKILL)  # its session: cluster, guard, workers
        worker.process.wait()
        wire += rig.on_the_wire(pids)
    worker = _started(cluster(server.url, lease=8))
    try:
        until(lambda: batches.has_ended(operation) or _rung(), 600, every=0.5)
    finally:
        worker.ask_to_stop()
        worker.process.wait(GRACE)

    ends = batches.states(operation)
    figures(ends, kills=kills, **{"on the wire at the kills": wire})
    batches.nothing_is_lost_or_doubled(operation, server)
    assert set(ends) <= {"done", "unknown", "failed"}
    assert ends["unknown"] <= wire
    assert all("worker 3 times" in item.reason for item in operation.items.filter(status="failed"))


def _started(worker):
    """As the supervisor starts one after another died."""
    queue.offer_again()
    worker.start()
    queue.enqueue("invoicing.tasks.sweep")
    return worker


def _rung():
    """The sweeper's minute, shortened."""
    if not OrmQ.objects.exists():
        queue.enqueue("invoicing.tasks.sweep")
