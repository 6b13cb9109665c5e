"""The same submit five times, two people on the same invoices, thirty workers: each once, and twenty at a time."""

import threading
import time
from functools import partial

import pytest
from django.db import connection

from invoicing.models import BatchItem, BatchOperation, Delivery, Invoice, Selection
from invoicing.services import pacing
from invoicing.services.batches import starting
from invoicing.services.batches.wishes import Wishes
from tests.fire import batches, rig

pytestmark = pytest.mark.django_db(transaction=True)

WISHES = Wishes(action="send", opens_drafts=True, send_email=True)


def _at_once(*acts) -> list:
    """What each of these returned, all begun at the same moment."""
    gate, found = threading.Barrier(len(acts)), [None] * len(acts)

    def one(n, act):
        try:
            gate.wait()
            found[n] = act()
        except Exception as error:
            found[n] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=one, args=(n, act)) for n, act in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def test_the_same_submit_five_times_at_once_is_one_operation_and_everybody_gets_it(size, clerk, figures):
    drafts, rounds = rig.drafts(20), size(100)

    for n in range(rounds):
        selection = batches.select(drafts, by=clerk)
        submits = [Selection.objects.get(pk=selection.pk) for _n in range(5)]  # all read before one of them is used
        given = {"by": clerk, "wishes": WISHES, "request_id": f"dialog-{n}"}
        found = _at_once(*[partial(starting.start_operation, mine, **given) for mine in submits])

        assert {str(each) for each in found} == {str(BatchOperation.objects.get(request_id=f"dialog-{n}"))}
    assert BatchOperation.objects.count() == rounds
    assert not Selection.objects.exists()
    figures({"submits": 5 * rounds, "operations": rounds})


def test_two_people_on_the_same_invoices_handle_each_once_and_the_second_is_told_where(
    size, sink, crew, clerk, manager, figures
):
    server, part = sink(), size(200)
    drafts = rig.drafts(3 * part)
    ours, theirs = drafts[: 2 * part], drafts[part:]
    with crew("fill_then_run", 4, mail=server.url, start_at=time.time() + 5):
        operations = _at_once(lambda: batches.start(ours, by=clerk), lambda: batches.start(theirs, by=manager))
        batches.run_to_the_end(*operations)

    skipped = BatchItem.objects.filter(status="skipped").select_related("operation")
    figures(batches.states(*operations), **{"in both": part})
    assert batches.states(*operations) == {"done": 3 * part, "skipped": part}
    for item in skipped:
        other = next(each for each in operations if each != item.operation)
        assert item.reason == f"It is in {other} already, which {other.asked_by} started."
        assert other.items.get(invoice=item.invoice_id).status == "done"
    assert {operation.status for operation in operations} == {"completed"}
    batches.numbers_are_gapless()
    assert Invoice.objects.exclude(billed_at=None).count() == Delivery.objects.filter(status="sent").count() == 3 * part
    assert sorted(server.counted().values()) == [1] * (3 * part)


def test_thirty_workers_never_have_more_than_twenty_mails_in_hand(size, sink, crew, manager, figures):
    server, most, looks = sink(delay=(0.2, 0.4)), 0, 0
    drafts = rig.drafts(size(1000))
    operation = batches.start(drafts, by=manager)
    with crew("run", 30, mail=server.url, lease=60):
        while not batches.has_ended(operation):
            most, looks = max(most, Delivery.objects.filter(status="sending").count()), looks + 1
            time.sleep(0.02)

    figures({"mails": len(drafts), "most in hand": most, "most at the server": server.most_at_once, "looks": looks})
    assert max(most, server.most_at_once) <= pacing.AT_ONCE == 20
    if connection.vendor == "postgresql":
        assert most > 1  # several at once, however busy the machine is
    batches.nothing_is_lost_or_doubled(operation, server)
    assert batches.states(operation) == {"done": len(drafts)}
