"""kill -9 in the middle of a batch: nothing lost, nothing doubled, no number skipped; it ends by itself."""

import random
import signal
import time

import pytest
from django.db import connection

from invoicing import tasks
from invoicing.models import BatchItem
from invoicing.services.batches import closing, filling, running
from tests import factories
from tests.fire import batches, rig
from tests.processes import until

pytestmark = pytest.mark.django_db(transaction=True)

LEASE = 10  # seconds; a mail whose worker died is found out when its lease has run out


def test_workers_killed_in_a_batch_lose_nothing_double_nothing_and_skip_no_number(size, sink, crew, manager, figures):
    number, kills = size(1000), size(20)
    workers = 4 if connection.vendor == "sqlite" or number < 1000 else 20
    dice = random.Random(17)
    drafts, server, wire = rig.drafts(number), sink(delay=(0.0, 0.15), seed=5), 0

    with crew("run", workers, mail=server.url, replace=True, lease=LEASE) as team:
        operation = batches.start(drafts, by=manager)
        for kill in range(1, kills + 1):  # half of them while a group is in hand, the rest while mails go
            in_a_group, goal = kill <= kills // 2, number * kill // (kills + 1)
            until(lambda dead=(kill - 1) * workers: len(team.ended) == dead and len(team.alive) == workers, every=0.005)
            if in_a_group:
                until(lambda: running.taken().exists(), every=0.001)
            else:
                until(lambda goal=goal: len(server.mails) >= goal, 300, every=0.005)
            time.sleep(dice.uniform(0, 0.03 if in_a_group else 0.15))
            wire += rig.on_the_wire(team.signal_all(signal.SIGKILL))
        batches.run_to_the_end(operation)
        deaths = sum(status == -signal.SIGKILL for _n, status in team.ended)

    ends = batches.states(operation)
    suspects = operation.items.filter(crashes__gt=0).count()
    figures(ends, **{"on the wire at the kills": wire, "groups' items tried again": suspects, "worker deaths": deaths})
    assert deaths == kills * workers
    assert set(ends) <= {"done", "unknown", "failed"}
    assert operation.total == number
    batches.nothing_is_lost_or_doubled(operation, server)
    assert ends["unknown"] <= wire  # nobody else's outcome is in doubt
    put_aside = operation.items.filter(status="failed")
    assert all("worker 3 times, so it was put aside." in item.reason for item in put_aside)
    unknown = operation.items.filter(status="unknown")
    assert all("died while the message was being handed over" in item.reason for item in unknown)


def test_the_last_group_of_a_dead_worker_is_taken_up_again_when_the_sweeper_rings(sink, crew, clerk, bell, canned_pdf):
    server, operation = sink(), batches.start([factories.draft()], by=clerk)
    with crew("freeze_in_a_group", 1, points=["claimed"], operations=[operation.pk]) as team:
        filling.fill_next(operation)
        until(lambda: team.stopped)
        bell.carry()  # finds the lane taken, and rings no more
        assert (bell.rings, batches.states(operation)) == ([], {"working": 1})
        team.signal_all(signal.SIGKILL)
        until(lambda: team.ended)

    tasks.sweep()
    bell.carry()

    assert batches.states(operation) == {"done": 1}
    assert batches.has_ended(operation)
    batches.nothing_is_lost_or_doubled(operation, server)
    assert len(server.mails) == 1


@pytest.mark.parametrize("action", ["open", "send"])
def test_a_worker_that_dies_before_it_closed_the_operation_leaves_that_to_the_sweeper(
    sink, clerk, bell, canned_pdf, monkeypatch, action
):
    sink()
    operation = batches.start([factories.draft()], by=clerk, action=action, send_email=action == "send")
    with monkeypatch.context() as dying:
        settled = closing.settle_operations
        last = {"open": "act", "send": "carry"}[action]

        def dies(pks):
            if BatchItem.objects.filter(operation__in=pks, status="done", step=last).exists():
                raise SystemExit
            settled(pks)

        dying.setattr(closing, "settle_operations", dies)
        with pytest.raises(SystemExit):
            bell.carry()
    # What follows a mail is written together with its operation, or not at all.
    assert batches.states(operation) == {"done" if action == "open" else "working": 1}
    assert not batches.has_ended(operation)

    tasks.sweep()
    bell.carry()

    operation.refresh_from_db()
    assert (operation.status, operation.counts) == ("completed", {"done": 1})
