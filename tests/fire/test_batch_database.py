"""The database is not to be had in the middle of a batch: it goes on where it was, and nothing is done twice."""

import threading
import time

import pytest
from django.db import connection, transaction

from invoicing.models import Delivery
from tests.fire import batches, own_postgres, rig
from tests.processes import until

pytestmark = pytest.mark.django_db(transaction=True)

LEASE = 10
TABLES = "invoicing_invoice, invoicing_batchitem, invoicing_delivery, common_auditevent"


def _hold_the_database(seconds, held):
    """On SQLite the write lock of the whole, on PostgreSQL all locks of the tables a batch lives in."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute(f"LOCK TABLE {TABLES} IN ACCESS EXCLUSIVE MODE")
            held.set()
            time.sleep(seconds)
    finally:
        connection.close()


def test_a_database_that_is_locked_for_a_minute_delays_a_batch_and_spoils_nothing(size, sink, crew, manager, figures):
    number, seconds, held = size(1000), size(60), threading.Event()
    server, drafts = sink(delay=(0.0, 0.05)), rig.drafts(number)
    locks = threading.Thread(target=_hold_the_database, args=(seconds, held))

    with crew("run", 4, mail=server.url, lease=LEASE):
        operation = batches.start(drafts, by=manager)
        until(lambda: batches.opened(operation) >= number // 3, every=0.005)
        locks.start()
        held.wait()
        mails = len(server.mails)
        locks.join()
        batches.run_to_the_end(operation)

    ends = batches.states(operation)
    figures(ends, **{"locked for": seconds, "sent before it": mails, "sent after it": len(server.mails) - mails})
    batches.nothing_is_lost_or_doubled(operation, server)
    assert mails < number
    assert ends["done"] + ends["unknown"] == number
    assert ends["unknown"] <= 4  # accepted by the server while we could not write it down


def test_a_database_server_that_is_restarted_loses_and_doubles_nothing(size, sink, crew, figures, request):
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no server to restart; that its file may be locked is tried above.")
    programs = own_postgres.binaries()
    if programs is None:
        pytest.skip("No PostgreSQL server programs (initdb, pg_ctl) are installed here to start one of our own.")
    number, restarts, wire = size(1000), max(2, size(5)), 0
    server = sink(delay=(0.0, 0.15), seed=5)

    with own_postgres.standing_in(programs) as database:
        manager = request.getfixturevalue("manager")
        drafts = rig.drafts(number)
        with crew("run", 4, mail=server.url, lease=LEASE):
            operation = batches.start(drafts, by=manager)
            for restart in range(1, restarts + 1):
                among = batches.opened if restart % 2 else lambda _operation: len(server.mails)
                goal = number * restart // (restarts + 1)
                until(lambda among=among, goal=goal: among(operation) >= goal, 300, every=0.005)
                connection.close()
                database.restart()
                wire += Delivery.objects.filter(status="sending", wire_started_at__isnull=False).count()
            batches.run_to_the_end(operation)

        ends = batches.states(operation)
        suspects = operation.items.filter(crashes__gt=0).count()
        figures(ends, {"restarts": restarts, "on the wire at a restart": wire, "items tried again": suspects})
        batches.nothing_is_lost_or_doubled(operation, server)
        assert ends["done"] + ends["unknown"] == number
        assert ends["unknown"] <= 4 * restarts
