"""Many at once: threads with connections of their own, on SQLite and on PostgreSQL."""

import os
import threading

import pytest
from django.db import connection

from config.common.errors import Stale
from invoicing.services import delivering
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)

THREADS = 20 if os.environ.get("TORTURE") else 4


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
