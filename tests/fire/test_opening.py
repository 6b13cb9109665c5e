"""Twenty processes open the same drafts, and opening fails wherever it can: no gap, no double, everybody is told."""

import random
import time

import pytest
from django.db import connection, transaction

from config.common.models import AuditEvent, User
from config.common.roles import SYSTEM
from invoicing.models import Counter, Invoice
from invoicing.services import opening
from tests import factories
from tests.fire import faults
from tests.fire.rig import drafts

pytestmark = pytest.mark.django_db(transaction=True)

PROCESSES = 20


def _ledger_is_gapless(count):
    """Numbers 1 … count, each once, in the order of opening; one event for each opened, none for what is undone."""
    opened = list(Invoice.objects.opened().order_by("seq").values_list("seq", "opened_at"))
    assert [seq for seq, _at in opened] == list(range(1, count + 1))
    assert [at for _seq, at in opened] == sorted(at for _seq, at in opened)  # taken with the counter held
    assert Counter.objects.get(series__kind="invoice").next_no == count + 1
    events = AuditEvent.objects.filter(action="invoice.open")
    assert sorted(events.values_list("object_id", flat=True)) == sorted(
        Invoice.objects.opened().values_list("pk", flat=True)
    )


def test_twenty_processes_open_the_same_drafts_once_each_and_the_losers_are_told_by_whom(size, crew, figures):
    people = [
        User.objects.create_user(f"p{n}@dunlin.example", "a-long-password", name=f"Person {n}", role="clerk")
        for n in range(PROCESSES)
    ]
    waiting = drafts(size(500))
    factories.opened()  # the counter's row is there, as it is after the first invoice of a year
    first = Invoice.objects.opened().get()

    given = {"drafts": [draft.pk for draft in waiting], "on": factories.TODAY, "seed": 7}
    with crew("open_all", PROCESSES, people=[p.pk for p in people], start_at=time.time() + 3, **given) as workers:
        results = workers.results()

    opened = {draft.pk: Invoice.objects.get(pk=draft.pk) for draft in waiting}
    done = [invoice for invoice in opened.values() if invoice.status == "open"]
    _ledger_is_gapless(len(done) + 1)
    assert len(done) == len(waiting)  # what one rolled back another opened: each draft was tried twenty times
    assert first.seq == 1
    told = [(pk, sentence) for result in results for pk, sentence in result["told"]]
    undone = sum(result["undone"] for result in results)
    assert len(told) + undone + len(done) == PROCESSES * len(waiting)
    locked = sum(result["locked"] for result in results)
    figures(opened=len(done), told=len(told), locked=locked, **{"rolled back": undone})
    assert locked == 0 or connection.vendor == "sqlite"
    assert undone > 0
    who = dict(AuditEvent.objects.filter(action="invoice.open").values_list("object_id", "actor_name"))
    for pk, sentence in told:
        assert sentence == f"{who[pk]} already opened it, as {opened[pk].number}. Nothing was done twice."


def test_opening_that_fails_at_any_step_leaves_no_gap(size, figures):
    factories.organization()
    dice, opened, undone = random.Random(3), 0, 0

    for point in faults.POINTS:
        waiting = drafts(size(250))
        while waiting:
            draft, struck = waiting.pop(), dice.random() < 0.3
            try:
                with faults.at(point if struck else None), transaction.atomic():
                    opening.open_invoice(draft, by=SYSTEM, on=factories.TODAY)
                    if struck and point == faults.COMMIT:
                        raise faults.Undone
            except faults.Undone:
                undone += 1
                assert Invoice.objects.get(pk=draft.pk).is_draft
                waiting.insert(0, draft)
            else:
                assert not struck, f"{point} was passed by"
                opened += 1

    figures(opened=opened, **{"rolled back": undone})
    assert undone > opened * 0.2
    _ledger_is_gapless(opened)
