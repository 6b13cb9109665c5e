"""Money used by several at once: threads with connections of their own, on SQLite and on PostgreSQL."""

import os
import threading

import pytest
from django.db import connection

from config.common.errors import DomainError
from invoicing.models import Allocation, Invoice, Payment
from invoicing.services import allocating, paying, proving, reallocating
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)

THREADS = 12 if os.environ.get("TORTURE") else 4


def together(work, count=THREADS) -> list:
    """Run work(n) in so many threads at once: what each returned, None where a rule said no."""
    results, errors, start = [None] * count, [], threading.Barrier(count)

    def run(n):
        try:
            start.wait()
            results[n] = work(n)
        except DomainError:
            pass
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
    assert list(proving.differences()) == []
    return results


def test_the_same_credit_is_spent_once(clerk):
    payment = factories.payment(factories.opened(), 30000)
    invoices = [factories.opened(payment.customer) for _each in range(THREADS)]

    def spend(n):
        return allocating.allocate_payment(payment, invoices[n], by=clerk, amount=5800, on=factories.TODAY)

    done = together(spend)

    assert sum(row is not None for row in done) == 1
    assert Payment.objects.get().on_account == 0


def test_a_payment_moved_to_and_fro_at_once_settles_each_cent_once(clerk):
    one = factories.opened()
    two = factories.opened(one.customer)
    there = factories.payment(one, 10000).allocations.get()
    back = factories.payment(two, 10000).allocations.get()

    together(lambda n: reallocating.move_allocation([there, back][n % 2], to=[two, one][n % 2], by=clerk))

    assert {invoice.settled for invoice in Invoice.objects.all()} == {10000}
    assert sum(payment.allocated for payment in Payment.objects.all()) == 20000


def test_it_is_taken_back_or_reversed_but_not_both_and_not_twice(clerk):
    invoice = factories.opened()
    payment = factories.payment(invoice)
    row = payment.allocations.get()

    def undo(n):
        if n % 2:
            return reallocating.take_back(row, by=clerk)
        return paying.reverse_payment(payment, by=clerk, because="mistake", on=factories.TODAY)

    together(undo)

    assert Allocation.objects.filter(reverses=row).count() == 1
    assert Invoice.objects.get().settled == 0
