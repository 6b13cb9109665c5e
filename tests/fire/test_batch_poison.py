"""Invoices that raise, never end or kill their worker: put aside after three tries with the reason, all others done."""

import os
import time

import pytest

from invoicing import tasks
from invoicing.models import BatchItem, Delivery
from invoicing.services.batches import elsewhere, running
from tests.fire import batches, rig
from tests.processes import until

pytestmark = pytest.mark.django_db(transaction=True)

WORKERS = 4
# Canned PDFs make a batch cost a fraction of what it does in life, and the seconds of one group's limit weigh too much.
DRAWS = bool(os.environ.get("TORTURE"))


def _others_done(operation, poisoned) -> bool:
    operation.refresh_from_db(fields=["status"])
    return operation.status != "preparing" and not (
        operation.items.exclude(invoice__in=poisoned).filter(status__in=BatchItem.ACTIVE).exists()
    )


def test_poisoned_invoices_are_put_aside_with_their_reasons_and_all_others_are_done(size, sink, crew, manager, figures):
    server, number, patience = sink(delay=(0.0, 0.02)), size(1000), max(3, size(running.GROUP_SECONDS))
    healthy, drafts = rig.drafts(number), rig.drafts(number)
    ways = ("raises", "never ends", "kills", "kills by its mail")
    poison = {way: drafts[number * n // 4 + 7].pk for n, way in enumerate(ways)}

    given = {"lease": max(5, size(20)), "group_seconds": patience, "poison": poison, "draws": DRAWS}
    with crew("run", WORKERS, mail=server.url, replace=True, **given) as team:
        began = time.monotonic()
        without = batches.start(healthy, by=manager)
        until(lambda: _others_done(without, []), 900)
        plain, began = time.monotonic() - began, time.monotonic()
        operation = batches.start(drafts, by=manager)
        until(lambda: _others_done(operation, poison.values()), 900)
        delayed = time.monotonic() - began
        batches.run_to_the_end(operation, without)
        whole, deaths = time.monotonic() - began, len(team.ended)

    items = {way: operation.items.get(invoice=pk) for way, pk in poison.items()}
    shared = operation.items.filter(status="done", crashes__gt=0)
    seconds = {
        "PDFs": "drawn" if DRAWS else "canned",
        "seconds without": round(plain, 1),
        "all others with": round(delayed, 1),
        "to the end": round(whole, 1),
    }
    delay = {"delay": f"{delayed / plain - 1:+.0%}", "patience": patience, "tried once more": shared.count()}
    figures(batches.states(operation), seconds, delay, {"worker deaths": deaths})
    assert batches.states(without) == {"done": number}
    assert batches.states(operation) == {"done": number - len(ways), "failed": len(ways)}
    assert {way: item.reason for way, item in items.items()} == {
        "raises": "Something unexpected happened, 3 times, so it was put aside: "
        "RuntimeError: the figures of this one cannot be read",
        "never ends": f"It took longer than {patience} seconds, 3 times, so it was put aside.",
        "kills": "It ended the worker 3 times, so it was put aside.",
        "kills by its mail": "ap@harbour.example: It crashed the worker 3 times, so it was put aside.",
    }
    for way in ("raises", "never ends", "kills"):
        assert (items[way].crashes, items[way].tries, items[way].invoice.is_draft) == (3, 3, True)
    mail = Delivery.objects.get(batch_item=items["kills by its mail"])
    assert (mail.status, mail.crashes, mail.tries) == ("failed", 3, 3)
    assert items["kills by its mail"].invoice.number
    assert deaths == 6
    # Whoever shared a group with one of them was tried once more, alone, and nobody more than that.
    assert 0 < shared.count() <= 19 * 3
    assert set(shared.values_list("crashes", "tries")) == {(1, 2)}
    for each in (operation, without):
        batches.nothing_is_lost_or_doubled(each, server)


def test_what_fails_after_a_group_was_committed_blames_none_of_it(sink, clerk, bell, canned_pdf, monkeypatch):
    server, drafts = sink(), rig.drafts(3)
    operation = batches.start(drafts, by=clerk)
    with monkeypatch.context() as broken:
        broken.setattr(elsewhere, "note_done", lambda invoices: 1 / 0)
        tasks.run_batches()
    assert set(operation.items.values_list("status", "step", "crashes")) == {("working", "carry", 0)}

    bell.carry()

    assert batches.states(operation) == {"done": 3}
    assert set(operation.items.values_list("tries", "crashes")) == {(1, 0)}
    batches.nothing_is_lost_or_doubled(operation, server)
