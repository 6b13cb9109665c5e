"""Put right: taken back, moved, one source over several invoices, several sources for one."""

from datetime import timedelta
from decimal import Decimal

import pytest

from config.common.errors import DomainError, Forbidden, Stale
from config.common.models import AuditEvent
from invoicing.models import Allocation, Invoice, Payment
from invoicing.services import crediting, opening, proving, reallocating
from tests import factories

pytestmark = pytest.mark.django_db
TODAY = factories.TODAY


@pytest.fixture(autouse=True)
def honest_books():
    yield
    assert [str(each) for each in proving.differences()] == []


def fresh(thing):
    return type(thing).objects.get(pk=thing.pk)


def test_what_is_taken_back_is_on_account_and_the_invoice_owed_again(clerk):
    invoice = factories.opened()
    payment = factories.payment(invoice)

    reallocating.take_back(payment.allocations.get(), by=clerk, reason="Wrong invoice")

    assert (fresh(invoice).status, fresh(invoice).amount_due, fresh(invoice).settled_on) == ("open", 24200, None)
    assert fresh(payment).on_account == 24200
    told = AuditEvent.objects.get(action="invoice.reopened")
    assert (told.after["taken_back"], told.reason) == (24200, "Wrong invoice")
    assert AuditEvent.objects.filter(action="payment.taken_back").count() == 1


def test_it_is_taken_back_once(clerk):
    payment = factories.payment(factories.opened(), 100)
    row = payment.allocations.get()
    reallocating.take_back(row, by=clerk)

    with pytest.raises(Stale, match="taken back already"):
        reallocating.take_back(row, by=clerk)
    with pytest.raises(Stale, match="taken back already"):
        reallocating.take_back(Allocation.objects.get(reverses=row), by=clerk)

    assert Allocation.objects.count() == 2
    assert fresh(payment).on_account == 100


def test_the_discount_let_go_with_a_payment_goes_with_it(clerk):
    invoice = factories.opened(discount_percent=Decimal(2), discount_days=10)
    payment = factories.payment(invoice, 23716, by=clerk, close_as="discount", reason="Terms")
    assert fresh(invoice).status == "paid"

    reallocating.take_back(payment.allocations.get(kind="payment"), by=clerk)

    assert (fresh(invoice).status, fresh(invoice).amount_due) == ("open", 24200)
    assert fresh(payment).on_account == 23716


def test_a_difference_alone_is_owed_again_and_the_money_stays(manager):
    invoice = factories.opened()
    payment = factories.payment(invoice, 24000, by=manager, close_as="rounding", reason="Cents")

    reallocating.take_back(payment.allocations.get(kind="rounding"), by=manager)

    assert (fresh(invoice).status, fresh(invoice).amount_due) == ("open", 200)
    assert fresh(payment).on_account == 0


def test_money_moves_to_the_right_invoice(clerk):
    wrong = factories.opened()
    right = factories.opened(wrong.customer)
    payment = factories.payment(wrong)

    reallocating.move_allocation(payment.allocations.get(), to=right, by=clerk, reason="Named the wrong one")

    assert (fresh(wrong).status, fresh(right).status) == ("open", "paid")
    assert (fresh(payment).allocated, fresh(payment).on_account) == (24200, 0)


def test_what_the_other_does_not_need_stays_on_account(clerk):
    wrong = factories.opened()
    right = factories.opened(wrong.customer, lines=[factories.line(quantity="1")])  # 121.00
    payment = factories.payment(wrong)

    reallocating.move_allocation(payment.allocations.get(), to=right, by=clerk)

    assert (fresh(right).status, fresh(payment).on_account) == ("paid", 12100)


def test_it_does_not_move_where_it_cannot_settle_and_then_nothing_changes(clerk):
    wrong = factories.opened()
    payment = factories.payment(wrong)
    row, stranger = payment.allocations.get(), factories.opened(factories.customer("Elbe"))
    paid = factories.opened(wrong.customer)
    factories.payment(paid)

    for target, sentence in ((stranger, "another customer's"), (paid, "already paid"), (wrong, "to that invoice")):
        with pytest.raises(DomainError, match=sentence):
            reallocating.move_allocation(row, to=target, by=clerk)

    assert fresh(wrong).status == "paid"
    assert Allocation.objects.count() == 2


def test_a_difference_does_not_move(manager):
    invoice = factories.opened()
    payment = factories.payment(invoice, 24000, by=manager, close_as="rounding", reason="Cents")

    with pytest.raises(DomainError, match="cannot be moved"):
        reallocating.move_allocation(
            payment.allocations.get(kind="rounding"), to=factories.opened(invoice.customer), by=manager
        )


def test_credit_is_spread_over_several_invoices_or_over_none(clerk):
    first = factories.opened()
    payment = factories.payment(first, 24200 + 30000)
    second, third = factories.opened(first.customer), factories.opened(first.customer)

    with pytest.raises(DomainError, match=r"Only EUR.58\.00"):
        reallocating.spread(payment, by=clerk, amounts=[(second, 24200), (third, 6000)], on=TODAY)
    assert fresh(second).status == "open"

    reallocating.spread(payment, by=clerk, amounts=[(second, 24200), (third, 5800)], on=TODAY)
    assert (fresh(second).status, fresh(third).amount_due, fresh(payment).on_account) == ("paid", 18400, 0)


def test_an_invoice_takes_credit_on_account_and_a_credit_note_together(clerk, manager):
    paid = factories.opened()
    payment = factories.payment(paid, 30000)
    note = opening.open_invoice(crediting.draft_credit_note(paid, by=manager), by=manager, on=TODAY)
    invoice = factories.opened(paid.customer)

    reallocating.use_credit(invoice, by=clerk, amounts=[(note, 18400), (payment, 5800)], on=TODAY)

    assert (fresh(invoice).status, fresh(invoice).settled_by_credit) == ("paid", 18400)
    assert (fresh(note).amount_due, fresh(payment).on_account) == (5800, 0)


def test_nothing_typed_is_nothing_allocated(clerk):
    payment = factories.payment(factories.opened(), 30000)

    with pytest.raises(DomainError, match="nothing is allocated yet"):
        reallocating.spread(payment, by=clerk, amounts=[], on=TODAY)
    with pytest.raises(DomainError, match="nothing is allocated yet"):
        reallocating.use_credit(factories.opened(payment.customer), by=clerk, amounts=[], on=TODAY)


def test_what_is_taken_back_from_a_day_on_counts_until_then(clerk):
    invoice = factories.opened()
    row = factories.payment(invoice, 100).allocations.get()
    day = TODAY + timedelta(days=3)

    assert reallocating.take_back(row, by=clerk, on=day).on == day


def test_a_viewer_moves_and_takes_back_nothing(viewer):
    payment = factories.payment(factories.opened(), 100)
    row, other = payment.allocations.get(), factories.opened(payment.customer)

    for act in (
        lambda: reallocating.take_back(row, by=viewer),
        lambda: reallocating.move_allocation(row, to=other, by=viewer),
        lambda: reallocating.spread(payment, by=viewer, amounts=[(other, 1)], on=TODAY),
        lambda: reallocating.use_credit(other, by=viewer, amounts=[(payment, 1)], on=TODAY),
    ):
        with pytest.raises(Forbidden):
            act()

    assert Allocation.objects.count() == 1
    assert Payment.objects.get().allocated == 100
    assert Invoice.objects.get(pk=other.pk).settled == 0
