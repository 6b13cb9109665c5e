"""The real queue and its cluster: stopped cleanly, wiped, killed whole, and made to run every task over and over."""

import os
import random
import signal
import sys
import threading
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django_q.models import OrmQ

from config.common import queue
from config.common.models import AuditEvent, Heartbeat
from config.common.supervising import GRACE, Child, Supervisor
from invoicing import tasks
from invoicing.models import Attempt, Delivery, Document, Invoice
from invoicing.services import carrying
from tests.fire import rig
from tests.processes import until

pytestmark = pytest.mark.django_db(transaction=True)

needs_proc = pytest.mark.skipif(not Path("/proc").is_dir(), reason="asks /proc which processes live")


def _states():
    return Counter(Delivery.objects.values_list("status", flat=True))


def test_a_clean_stop_leaves_nothing_unknown_and_a_wiped_queue_is_rung_for_again(size, sink, cluster, figures):
    sends, server = size(1000), sink(delay=(0.0, 0.15))
    worker = cluster(server.url)
    rig.queued(sends)

    worker.start()
    until(lambda: len(server.mails) >= sends // 10)
    OrmQ.objects.all().delete()
    queue.enqueue("invoicing.tasks.sweep")  # the minute bell
    until(lambda: len(server.mails) >= sends // 5, every=0.01)
    worker.ask_to_stop()
    code = worker.process.wait(GRACE)
    half = _states()
    arrived = len(server.mails)
    worker.start()
    queue.enqueue("invoicing.tasks.sweep")
    until(lambda: set(_states()) == {"sent"})
    worker.ask_to_stop()
    worker.process.wait(GRACE)

    assert code == 0
    assert set(half) == {"sent", "queued"}
    assert half["sent"] == arrived
    assert sorted(server.counted().values()) == [1] * sends
    assert Attempt.objects.count() == sends
    figures({"sent": sends, "sent at the stop": half["sent"], "unknown": 0, "doubled": 0})


def test_a_pump_and_the_next_one_fit_into_the_grace_of_a_clean_stop():
    """What a worker does and what waits in its memory is finished before it would be killed."""
    a_slow_message = 5  # seconds

    assert 2 * (carrying.PUMP_SECONDS + a_slow_message) <= GRACE


def test_a_cluster_killed_whole_in_the_middle_goes_on_by_itself(size, sink, cluster, figures):
    sends, server, said = size(200), sink(delay=(0.0, 0.15)), []
    worker = cluster(server.url, lease=8)
    web = Child("web server", [sys.executable, "-c", "import time; time.sleep(600)"], dict(os.environ))
    supervisor = Supervisor(
        web=web, worker=worker, say=said.append, silent_after=timedelta(seconds=30), ring_every=0.5, grace=3
    )
    rig.queued(sends)
    web.start()
    worker.start()
    try:
        _watch(supervisor, lambda: len(server.mails) >= sends // 2)
        os.killpg(worker.process.pid, signal.SIGKILL)  # its session: cluster, guard, workers
        worker.process.wait()
        rig.hear_the_last_of_the_dead()
        wire = Delivery.objects.filter(status="sending", wire_started_at__isnull=False).count()
        # The sweeper's minute, shortened: it is rung for as often as a cluster looks at its schedules.
        _watch(supervisor, lambda: set(_states()) <= {"sent", "unknown"})
    finally:
        supervisor.stop()

    ends = _states()
    assert said[0] == "The background worker has ended (exit code -9); starting it again."
    assert ends["unknown"] <= wire
    assert ends["sent"] + ends["unknown"] == sends
    assert max(server.counted().values()) == 1
    assert {m for m, _to in server.mails} >= set(
        Delivery.objects.filter(status="sent").values_list("message_id", flat=True)
    )
    figures(ends, **{"on the wire at the kill": wire})


@needs_proc
def test_workers_of_the_cluster_killed_in_the_middle_of_a_mail_are_replaced_and_nothing_is_lost(
    size, sink, cluster, figures
):
    sends, kills, server, dice = size(1000), size(20), sink(delay=(0.0, 0.15), seed=3), random.Random(17)
    worker = cluster(server.url, lease=8, workers=3, queue_limit=3)
    web = Child("web server", [sys.executable, "-c", "import time; time.sleep(600)"], dict(os.environ))
    supervisor = Supervisor(
        web=web, worker=worker, say=lambda text: None, silent_after=timedelta(seconds=20), ring_every=0.5, grace=3
    )
    rig.queued(sends)
    web.start()
    worker.start()
    wire, killed = 0, []
    try:
        for kill in range(1, kills + 1):
            _watch(supervisor, lambda goal=sends * kill // (kills + 1): len(server.mails) >= goal)
            time.sleep(dice.uniform(0, 0.15))
            victim = until(_with_a_mail_in_hand, every=0.005)
            os.kill(victim, signal.SIGKILL)
            until(lambda pid=victim: not _is_alive(pid), every=0.005)
            killed.append(victim)
            wire += rig.on_the_wire([victim])
        _watch(supervisor, lambda: set(_states()) <= {"sent", "unknown"})
    finally:
        supervisor.stop()

    ends = _states()
    assert len(set(killed)) == kills
    assert ends["unknown"] <= wire
    assert ends["sent"] + ends["unknown"] == sends
    assert max(server.counted().values()) == 1
    sent = set(Delivery.objects.filter(status="sent").values_list("message_id", flat=True))
    assert {message for message, _to in server.mails} >= sent
    assert Delivery.objects.problems().exclude(reason="").count() == ends["unknown"]
    figures(ends, **{"killed": kills, "on the wire at the kills": wire})


def _with_a_mail_in_hand() -> int | None:
    """A worker process that carries a delivery at this moment."""
    names = Delivery.objects.filter(status="sending").order_by("-started_at").values_list("worker", flat=True)
    return next((pid for pid in (int(name.split(":")[-2]) for name in names) if _is_alive(pid)), None)


def _is_alive(pid) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def _watch(supervisor, condition):
    def look():
        supervisor.watch_worker()
        if not OrmQ.objects.exists():
            queue.enqueue("invoicing.tasks.sweep")
        return condition()

    until(look, 150, 0.3)


def test_a_queue_that_delivers_every_task_again_and_again_has_no_further_effect(sink, cluster, tmp_path, figures):
    server = sink(delay=(0.9, 1.1))
    worker = cluster(server.url, retry=2, workers=3, queue_limit=3, max_attempts=0, ack_failures=False)
    deliveries = rig.queued(14)
    OrmQ.objects.all().delete()
    queue.enqueue("invoicing.tasks.carry", 0)

    worker.start()
    until(lambda: set(_states()) == {"sent"})
    worker.ask_to_stop()
    worker.process.wait(GRACE)

    starts = Counter(line.split()[0] for line in (tmp_path / "tasks").read_text().splitlines() if "carry" in line)
    assert max(starts.values()) >= 3
    assert sorted(server.counted().values()) == [1] * len(deliveries)
    assert Attempt.objects.filter(result="ok").count() == len(deliveries) == Attempt.objects.count()
    figures({"runs of one task": max(starts.values()), "sent": len(deliveries), "doubled": 0})


def test_each_task_run_three_times_at_once_and_three_times_after_has_one_effect(size, sink, canned_pdf, bell):
    server, deliveries = sink(), rig.queued(size(100))
    invoices = list(Invoice.objects.values_list("pk", flat=True))

    def all_of_them():
        try:
            for pk in invoices:
                tasks.make_pdf(pk)
            for delivery in deliveries:
                tasks.carry(delivery.pk)
                tasks.sweep()
        finally:
            connection.close()

    threads = [threading.Thread(target=all_of_them) for _n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    events = AuditEvent.objects.count()
    for _n in range(3):
        all_of_them()
        bell.carry()

    assert set(_states()) == {"sent"}
    assert sorted(server.counted().values()) == [1] * len(deliveries)
    assert Document.objects.count() == Attempt.objects.count() == len(deliveries)
    assert AuditEvent.objects.filter(action="invoice.billed").count() == len(deliveries)
    assert AuditEvent.objects.count() == events


def test_a_worker_that_carries_is_heard_of_without_the_heartbeats_turn_in_the_queue(sink, canned_pdf, monkeypatch):
    sink()
    rig.queued(2)
    monkeypatch.setattr(queue, "is_worker_process", lambda: True)

    carrying.carry_waiting()

    assert Heartbeat.objects.filter(name="worker").exists()
