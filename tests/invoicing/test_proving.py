"""prove_balances: silent on honest books, naming what a raw write has bent."""

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from invoicing import health
from invoicing.models import Counter, Invoice, Payment
from invoicing.services import crediting, opening, proving, refunding
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def books(manager):
    paid, part, credited = factories.opened(), factories.opened(), factories.opened()
    factories.payment(paid, 30000)
    factories.payment(part, 1000)
    note = crediting.draft_credit_note(credited, by=manager)
    opening.open_invoice(note, by=manager, on=factories.TODAY)
    payment = Payment.objects.first()
    refunding.refund_payment(
        payment, by=manager, amount=100, paid_on=factories.TODAY, method="transfer", reason="Too much", occasion="r1"
    )
    return paid


def test_honest_books_have_no_difference(books, capsys):
    call_command("prove_balances")

    assert "0 differences among 4 documents, 2 payments, 3 allocations" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("UPDATE invoicing_invoice SET settled = settled + 1 WHERE status = 'open' AND kind = 'invoice'", "settled is"),
        ("UPDATE invoicing_invoice SET credited = 5 WHERE status = 'open' AND kind = 'invoice'", "credited is 5"),
        ("UPDATE invoicing_payment SET refunded = refunded - 1 WHERE refunded > 0", "refunded is 99"),
        ("UPDATE invoicing_counter SET next_no = next_no + 1", "numbers given out"),
    ],
)
def test_a_bent_sum_is_named_and_fails_the_command(books, capsys, statement, told):
    with connection.cursor() as cursor:
        cursor.execute(statement)

    with pytest.raises(CommandError, match="differences among"):
        call_command("prove_balances")

    assert told in capsys.readouterr().out


def test_a_gap_in_the_numbers_is_found(books):
    Counter.objects.update(next_no=9)

    assert sorted(difference.kept for difference in proving.gaps()) == [8] * Counter.objects.count()
    assert Invoice.objects.opened().count() == 4


def test_the_nightly_proof_keeps_its_outcome_and_monitors_hear_of_a_difference(books):
    assert proving.prove() == 0
    assert health.balances() == ""

    with connection.cursor() as cursor:
        cursor.execute("UPDATE invoicing_payment SET refunded = refunded - 1 WHERE refunded > 0")

    assert proving.prove() == 1
    assert "refunded is 99" in health.balances()
