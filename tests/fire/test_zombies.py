"""A worker that was frozen past its lease (SIGSTOP) and comes back: it may write nothing, and its mail goes once."""

import signal
from datetime import timedelta

import pytest
from django.db import connection

from config.common import clock
from invoicing.models import Delivery, Invoice
from invoicing.services import carrying, sweeping
from tests.fire import jobs, rig
from tests.processes import until

pytestmark = pytest.mark.django_db(transaction=True)

AT_ONCE = 5  # workers at each point
ON_THE_WIRE = ("marked", "answered")


def _books():
    """Every column of every delivery, attempt, document of a delivery, invoice and event."""
    found = {}
    with connection.cursor() as cursor:
        for table in ("delivery", "attempt", "deliverydocument", "invoice"):
            cursor.execute(f"SELECT * FROM invoicing_{table} ORDER BY id")
            found[table] = cursor.fetchall()
        cursor.execute("SELECT * FROM common_auditevent ORDER BY seq")
        found["trail"] = cursor.fetchall()
    return found


def _freeze_and_thaw(server, crew):
    """Workers stop dead at each of the points, are replaced, and come back; (point, delivery) of each."""
    frozen = [(point, delivery.pk) for point in jobs.FREEZES for delivery in rig.queued(AT_ONCE)]
    points, deliveries = zip(*frozen, strict=True)
    with crew("freeze", len(frozen), mail=server.url, points=points, deliveries=deliveries) as zombies:
        until(lambda: len(zombies.stopped) == len(frozen) or zombies.ended, 60, every=0.02)
        assert not zombies.ended, zombies.said
        held = Delivery.objects.filter(pk__in=deliveries, status="sending")
        assert held.count() == len(frozen)
        held.update(lease_until=clock.database_now() - timedelta(seconds=1))  # the time goes by
        sweeping.sweep()
        while carrying.carry_waiting():
            pass
        before, mails = _books(), len(server.mails)
        zombies.signal_all(signal.SIGCONT)
        zombies.results(within=60)
    assert _books() == before  # 0 writes with an old fence
    assert len(server.mails) - mails == AT_ONCE  # those that had marked: their dot was still to come
    return frozen


@pytest.mark.usefixtures("canned_pdf")
def test_zombies_write_nothing_and_their_mail_goes_once(size, sink, crew, figures):
    server, frozen = sink(), []

    for _group in range(size(50) // AT_ONCE):
        frozen += _freeze_and_thaw(server, crew)

    assert sorted(server.counted().values()) == [1] * len(frozen)
    for point, pk in frozen:
        delivery = Delivery.objects.get(pk=pk)
        results = [attempt.result for attempt in delivery.attempts.order_by("n")]
        on_the_wire = point in ON_THE_WIRE
        assert (point, delivery.status) == (point, "unknown" if on_the_wire else "sent")
        assert results == (["unknown"] if on_the_wire else ["crashed", "ok"])
        assert Invoice.objects.filter(delivery_documents__delivery=delivery, billed_at=None).exists() == on_the_wire
    figures({"frozen": len(frozen), "writes with an old fence": 0, "doubled": 0})
