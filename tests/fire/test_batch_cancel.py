"""A batch cancelled in the middle: nothing new begins, no mail leaves but what is in hand, what is open stays open."""

import signal
from collections import Counter

import pytest
from django.db import connection

from config.common import clock
from config.common.errors import Stale
from customers.services.contacts import add_contact
from invoicing import tasks
from invoicing.models import Delivery
from invoicing.services import carrying
from invoicing.services.batches import deciding, filling
from tests import factories
from tests.fire import batches, jobs, rig
from tests.processes import until

pytestmark = pytest.mark.django_db(transaction=True)

WORKERS = 4


def test_cancelled_in_the_middle_nothing_begins_any_more_and_it_ends(size, sink, crew, manager, figures):
    server, number = sink(delay=(0.02, 0.1)), size(1000)
    silent = factories.draft(factories.customer("Silent Ltd", email=""))  # in the first group
    drafts = rig.drafts(number)
    with crew("run", WORKERS, mail=server.url, lease=60):
        operation = batches.start([silent, *drafts], by=manager)
        until(lambda: server.mails, every=0.005)
        deciding.cancel_operation(operation, by=manager)
        cancelled_at = clock.now()
        tasks.stop_batch(operation.pk)
        stopped_at = clock.database_now()
        batches.run_to_the_end(operation)
        until(lambda: not Delivery.objects.filter(status="sending").exists())

    ends = batches.states(operation)
    late = Delivery.objects.filter(status="sent", wire_started_at__gt=stopped_at).count()
    begun = operation.items.filter(acted_at__gt=cancelled_at).count()
    figures(ends, **{"mails in hand at the stop": late, "acted after the cancel": begun})
    batches.nothing_is_lost_or_doubled(operation, server)
    assert operation.status == "failed"  # one of them had no address
    assert ends["cancelled"] > 0
    assert ends["failed"] == 1
    assert begun <= 20  # the group in hand
    assert late <= WORKERS
    assert len(server.mails) == ends["done"]
    assert {item.reason.partition("Cancelled by ")[2] for item in operation.items.filter(status="cancelled")} <= {
        "Tomáš Manager before it began.",
        "Tomáš Manager before it was sent.",
    }
    assert not Delivery.objects.exclude(status__in=["sent", "cancelled"]).exists()

    add_contact(silent.customer, by=manager, name="Ida", email="ida@silent.example", role="primary")
    again = deciding.retry_failed(operation, by=manager)
    mails = len(server.mails)
    with crew("run", WORKERS, mail=server.url, lease=60):
        batches.run_to_the_end(operation)

    assert again == 1
    assert [to for _id, to in server.mails[mails:]] == ["ida@silent.example"]
    assert batches.states(operation) == ends + Counter(done=1) - Counter(failed=1)
    assert operation.status == "completed"
    batches.nothing_is_lost_or_doubled(operation, server)
    with pytest.raises(Stale, match=f"Nothing of {operation} is left to retry."):
        deciding.retry_failed(operation, by=manager)


@pytest.mark.parametrize(
    "point", [p for p in ("claimed", "acted") if connection.vendor == "postgresql" or p not in jobs.IN_A_TRANSACTION]
)
@pytest.mark.usefixtures("canned_pdf")
def test_the_group_in_hand_when_it_was_cancelled_sends_nothing(sink, crew, clerk, point):
    server, drafts = sink(), rig.drafts(3)
    operation = batches.start(drafts, by=clerk)
    with crew("freeze_in_a_group", 1, points=[point], operations=[operation.pk]) as team:
        filling.fill_next(operation)
        until(lambda: team.stopped)
        deciding.cancel_operation(operation, by=clerk)
        tasks.stop_batch(operation.pk)
        team.signal_all(signal.SIGCONT)
        team.results(within=60)

    while carrying.carry_waiting():
        pass

    assert server.mails == []
    assert batches.states(operation) == {"cancelled": 3}
    assert batches.has_ended(operation)
    assert batches.opened(operation) == (3 if point == "acted" else 0)  # what is open stays open
    batches.nothing_is_lost_or_doubled(operation, server)
