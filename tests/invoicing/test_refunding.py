"""Money given back: never more than is there, once per submit, and undone by a reversal."""

from datetime import timedelta

import pytest

from config.common.errors import DomainError, Forbidden, Stale
from config.common.models import AuditEvent
from invoicing.models import Invoice, Payment, Refund
from invoicing.services import crediting, opening, paying, proving, refunding
from tests import factories

pytestmark = pytest.mark.django_db
TODAY = factories.TODAY


@pytest.fixture(autouse=True)
def honest_books():
    yield
    assert [str(each) for each in proving.differences()] == []


@pytest.fixture
def over():
    return factories.payment(factories.opened(), 30000)


@pytest.fixture
def note(manager):
    """A credit note that nothing is left to settle with: its invoice is paid."""
    invoice = factories.opened()
    factories.payment(invoice)
    return opening.open_invoice(crediting.draft_credit_note(invoice, by=manager), by=manager, on=TODAY)


def back(amount=5800, **details):
    return {
        "amount": amount,
        "paid_on": TODAY,
        "method": "transfer",
        "reason": "Paid twice",
        "occasion": "r-1",
        **details,
    }


def test_credit_on_account_is_paid_back(manager, over):
    refunding.refund_payment(over, by=manager, **back())

    over.refresh_from_db()
    assert (over.refunded, over.on_account, over.allocated) == (5800, 0, 24200)
    told = AuditEvent.objects.get(action="payment.refunded")
    assert (told.after["amount"], told.reason) == (5800, "Paid twice")


@pytest.mark.parametrize(
    ("details", "sentence"),
    [
        ({"amount": 5801}, r"Only EUR.58\.00 of this payment is on account"),
        ({"amount": 0}, "more than zero"),
        ({"reason": " "}, "why the money is paid back"),
        ({"paid_on": TODAY - timedelta(days=1)}, "cannot have been paid back before"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(manager, over, details, sentence):
    with pytest.raises(DomainError, match=sentence):
        refunding.refund_payment(over, by=manager, **back(**details))

    assert not Refund.objects.exists()
    assert Payment.objects.get().refunded == 0


def test_the_same_submit_twice_is_one_refund(manager, over):
    first = refunding.refund_payment(over, by=manager, **back(100))
    second = refunding.refund_payment(over, by=manager, **back(100))

    assert first == second
    assert Payment.objects.get().refunded == 100


def test_a_clerk_pays_nothing_back(clerk, over, note):
    with pytest.raises(Forbidden):
        refunding.refund_payment(over, by=clerk, **back())
    with pytest.raises(Forbidden):
        refunding.refund_credit(note, by=clerk, **back())

    assert not Refund.objects.exists()


def test_a_credit_note_is_settled_by_paying_it_back(manager, note):
    refunding.refund_credit(note, by=manager, **back(24200))

    note.refresh_from_db()
    assert (note.status, note.amount_due, note.settled_on) == ("paid", 0, TODAY)
    assert Invoice.objects.get(pk=note.corrects_id).status == "paid", "the invoice stays settled"


def test_no_more_of_a_credit_note_than_is_left(manager, note):
    refunding.refund_credit(note, by=manager, **back(20000))

    with pytest.raises(DomainError, match=r"Only EUR.42\.00 is left"):
        refunding.refund_credit(note, by=manager, **back(4201, occasion="r-2"))

    assert Refund.objects.count() == 1


def test_a_refund_taken_back_is_credit_again(manager, over, note):
    one = refunding.refund_payment(over, by=manager, **back())
    two = refunding.refund_credit(note, by=manager, **back(24200, occasion="r-2"))

    refunding.take_back_refund(one, by=manager, reason="Never sent")
    refunding.take_back_refund(two, by=manager)

    over.refresh_from_db()
    note.refresh_from_db()
    assert (over.on_account, over.refunded) == (5800, 0)
    assert (note.status, note.amount_due) == ("open", 24200)
    with pytest.raises(Stale, match="taken back already"):
        refunding.take_back_refund(one, by=manager)
    assert Refund.objects.count() == 4


def test_a_refunded_payment_is_not_reversed_before_the_refund_is_taken_back(manager, over):
    refund = refunding.refund_payment(over, by=manager, **back(100))

    with pytest.raises(DomainError, match="Take the refund back first"):
        paying.reverse_payment(over, by=manager, because="mistake", on=TODAY)

    refunding.take_back_refund(refund, by=manager)
    paying.reverse_payment(over, by=manager, because="mistake", on=TODAY)
    assert Payment.objects.get(pk=over.pk).status == "reversed"
