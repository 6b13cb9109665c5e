"""A worker frozen in a group past its lease (SIGSTOP) and back again: it writes nothing more, nothing is done twice."""

import signal
from datetime import timedelta

import pytest
from django.db import connection, transaction

from config.common import clock
from invoicing.models import BatchLane
from invoicing.services import carrying, workers
from invoicing.services.batches import filling, running
from tests.fire import batches, jobs, rig
from tests.processes import until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("canned_pdf")]

DRAFTS = 3
# Whoever is frozen within a transaction on SQLite holds the whole database: nobody can take over, and nobody has to.
POINTS = [
    point
    for point in jobs.FREEZES_OF_A_GROUP
    if connection.vendor == "postgresql" or point not in jobs.IN_A_TRANSACTION
]


def _books():
    """Every column of every operation, item, lane, invoice, delivery and event."""
    found = {}
    with connection.cursor() as cursor:
        for table in ("batchoperation", "batchitem", "batchlane", "invoice", "delivery", "deliverydocument", "counter"):
            cursor.execute(f"SELECT * FROM invoicing_{table} ORDER BY 1")
            found[table] = cursor.fetchall()
        cursor.execute("SELECT * FROM common_auditevent ORDER BY seq")
        found["trail"] = cursor.fetchall()
    return found


def _let_the_lease_run_out():
    """Waits for the lane where a transaction holds it, and for no longer than the server lets a frozen one."""
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL lock_timeout = '30s'")
        BatchLane.objects.update(lease_until=clock.database_now() - timedelta(seconds=1))


def _others_carry_on(operation) -> bool:
    """A group of another worker, and what mails it made; whether nothing is left of the operation."""
    running._run_group("invoice", workers.worker_name())
    while carrying.carry_waiting():
        pass
    return batches.has_ended(operation)


def test_a_worker_that_wakes_up_after_its_lease_writes_nothing_and_nothing_is_opened_twice(
    size, sink, crew, clerk, figures
):
    server, rounds = sink(), size(10)
    points = [point for point in POINTS for _n in range(rounds)]
    operations = [batches.start(rig.drafts(DRAFTS), by=clerk) for _point in points]
    waiting = batches.start(rig.drafts(DRAFTS), by=clerk)  # what a zombie might lay hands on

    with crew("freeze_in_a_group", len(points), points=points, operations=[each.pk for each in operations]) as zombies:
        for frozen, (operation, point) in enumerate(zip(operations, points, strict=True)):
            filling.fill_next(operation)
            until(lambda n=frozen: len(zombies.stopped) > n, every=0.02)
            _let_the_lease_run_out()
            until(lambda each=operation: _others_carry_on(each), 30)
            assert (point, batches.states(operation)) == (point, {"done": DRAFTS})
        filling.fill_next(waiting)
        before = _books()
        zombies.signal_all(signal.SIGCONT)
        results = zombies.results(within=60)

    assert _books() == before  # 0 writes with an old fence
    assert len(results) == len(points)
    until(lambda: _others_carry_on(waiting), 30)
    for operation in [*operations, waiting]:
        batches.nothing_is_lost_or_doubled(operation, server)
        assert operation.status == "completed"
    assert len(server.mails) == DRAFTS * (len(points) + 1)
    figures({"frozen in a group": len(points), "writes with an old fence": 0, "opened twice": 0, "doubled": 0})
