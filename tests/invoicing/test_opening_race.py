"""Many at once: threads with connections of their own, on SQLite and on PostgreSQL."""

import os
import random
import threading

import pytest
from django.db import connection, transaction

from config.common.errors import Stale
from invoicing.models import Counter, Invoice
from invoicing.services import delivering, opening
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)

DRAFTS, THREADS = (500, 20) if os.environ.get("TORTURE") else (40, 4)


class Undone(Exception):
    """Thrown in the middle of a transaction that is to be rolled back."""


def _together(work, count=THREADS):
    """Run work(n) in so many threads at once and return what each returned; an unexpected error fails the test."""
    results, errors, start = [None] * count, [], threading.Barrier(count)

    def run(n):
        try:
            start.wait()
            results[n] = work(n)
        except BaseException as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(n,)) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    return results


def test_many_open_the_same_drafts_and_each_is_opened_once_without_a_gap(clerk):
    buyer = factories.customer()
    drafts = [factories.draft(buyer) for _n in range(DRAFTS)]

    def open_all(n):
        order, dice, told = list(drafts), random.Random(n), []
        dice.shuffle(order)
        for draft in order:
            try:
                with transaction.atomic():
                    opening.open_invoice(draft, by=clerk, on=factories.TODAY)
                    if dice.random() < 0.2:
                        raise Undone
            except Stale as refusal:
                told.append(str(refusal))
            except Undone:
                pass
        return told

    told = sum(_together(open_all), [])

    numbers = sorted(Invoice.objects.opened().values_list("seq", flat=True))
    assert numbers == list(range(1, len(numbers) + 1))
    assert Counter.objects.get(series__kind="invoice").next_no == len(numbers) + 1
    assert len(numbers) >= DRAFTS * 0.9
    assert told
    assert all("Femke Clerk already opened it" in sentence for sentence in told)


def test_five_identical_submits_make_one_send(clerk):
    invoice = factories.opened()
    mail = factories.mail()

    sent = _together(lambda n: [d.pk for d in delivering.queue_delivery(invoice, by=clerk, mail=mail)], 5)

    assert all(pks == sent[0] for pks in sent)
    assert len(sent[0]) == 1


def test_of_colleagues_who_send_at_the_same_moment_one_wins(clerk):
    invoice = factories.opened()

    def send(n):
        try:
            return len(delivering.queue_delivery(invoice, by=clerk, mail=factories.mail(f"a{n}@harbour.example")))
        except Stale:
            return 0

    assert sorted(_together(send)) == [0] * (THREADS - 1) + [1]


def test_two_payments_at_the_same_moment_never_settle_more_than_is_owed(clerk):
    invoice = factories.opened()

    def pay(n):
        try:
            return factories.payment(invoice, 15000, by=clerk).allocated
        except Stale:
            return 0

    allocated = _together(pay)

    invoice.refresh_from_db()
    assert sum(allocated) == invoice.settled == 24200
    assert invoice.status == "paid"
