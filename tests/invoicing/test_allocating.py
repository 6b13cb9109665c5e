"""Credit allocated after the fact: from a payment, from a credit note, never more than there is."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from config.common.errors import DomainError, Forbidden, Stale
from config.common.models import AuditEvent
from invoicing.models import Allocation, Invoice, Payment
from invoicing.services import allocating, crediting, opening, proving
from tests import factories

pytestmark = pytest.mark.django_db
TODAY = factories.TODAY


@pytest.fixture
def over():
    """A payment with 58.00 on account, and another open invoice of the same customer."""
    first = factories.opened()
    second = factories.opened(first.customer)
    return factories.payment(first, 30000), second


def note_for(invoice, by):
    note = crediting.draft_credit_note(invoice, by=by)
    return opening.open_invoice(note, by=by, on=TODAY)


def allocate(payment, invoice, by, amount=5800, on=TODAY):
    return allocating.allocate_payment(payment, invoice, by=by, amount=amount, on=on)


def test_credit_on_account_settles_another_invoice(clerk, over):
    payment, invoice = over

    allocate(payment, invoice, clerk)

    payment.refresh_from_db()
    invoice.refresh_from_db()
    assert (payment.on_account, payment.allocated) == (0, 30000)
    assert (invoice.settled, invoice.amount_due, invoice.status) == (5800, 18400, "open")
    told = AuditEvent.objects.get(action="payment.allocated")
    assert told.after == {"amount": 5800, "invoice": invoice.number}
    assert list(proving.differences()) == []


def test_it_counts_no_earlier_than_the_money_came(clerk, over):
    payment, invoice = over

    row = allocate(payment, invoice, clerk, on=TODAY - timedelta(days=9))

    assert row.on == payment.received_on


@pytest.mark.parametrize(
    ("amount", "sentence"), [(0, "more than zero"), (-1, "more than zero"), (5801, r"Only EUR.58\.00")]
)
def test_more_than_there_is_or_nothing_is_refused(clerk, over, amount, sentence):
    payment, invoice = over

    with pytest.raises(DomainError, match=sentence):
        allocate(payment, invoice, clerk, amount=amount)

    assert Allocation.objects.count() == 1
    assert Invoice.objects.get(pk=invoice.pk).settled == 0


def test_more_than_is_due_is_refused(clerk, over):
    payment, invoice = over
    factories.payment(invoice, 24000)

    with pytest.raises(DomainError, match=r"Only EUR.2\.00 is due"):
        allocate(payment, invoice, clerk)

    assert Payment.objects.get(pk=payment.pk).on_account == 5800


def test_neither_another_customers_nor_another_currencys_invoice_is_settled(clerk, over):
    payment, _invoice = over
    stranger = factories.opened(factories.customer("Elbe Werft"))
    yen = factories.opened(payment.customer, currency="JPY", accounting_rate=Decimal("0.0061"))

    with pytest.raises(DomainError, match="another customer's invoice"):
        allocate(payment, stranger, clerk, amount=100)
    with pytest.raises(DomainError, match="settles no invoice of another"):
        allocate(payment, yen, clerk, amount=100)

    assert Allocation.objects.count() == 1


def test_what_is_settled_or_a_draft_takes_nothing(clerk, over):
    payment, invoice = over
    factories.payment(invoice)

    with pytest.raises(Stale, match="already paid in full"):
        allocate(payment, invoice, clerk)
    with pytest.raises(DomainError, match="draft cannot be paid"):
        allocate(payment, factories.draft(payment.customer), clerk)


def test_a_viewer_allocates_nothing(viewer, over):
    with pytest.raises(Forbidden):
        allocate(*over, viewer)

    assert Allocation.objects.count() == 1


def test_a_credit_note_settles_another_invoice_which_is_then_credited(clerk, manager):
    paid = factories.opened()
    factories.payment(paid)
    note = note_for(paid, manager)  # its invoice is paid already, so the credit is left
    other = factories.opened(paid.customer)

    allocating.allocate_credit(note, other, by=clerk, amount=24200, on=TODAY)

    other.refresh_from_db()
    note.refresh_from_db()
    assert (other.status, other.settled_by_credit, other.settled_on) == ("paid", 24200, TODAY)
    assert (note.status, note.amount_due) == ("paid", 0)
    assert list(proving.differences()) == []


def test_a_draft_credit_note_and_an_invoice_give_no_credit(manager):
    invoice, other = factories.opened(), factories.opened()
    note = crediting.draft_credit_note(invoice, by=manager)

    with pytest.raises(DomainError, match="is a draft"):
        allocating.allocate_credit(note, invoice, by=manager, amount=1, on=TODAY)
    with pytest.raises(DomainError, match="Only an open credit note"):
        allocating.allocate_credit(other, invoice, by=manager, amount=1, on=TODAY)

    assert not Allocation.objects.exists()


def test_an_invoice_is_settled_on_the_last_day_that_anything_counts_from(clerk):
    invoice = factories.opened()

    later = TODAY + timedelta(days=5)
    factories.payment(invoice, 4200, by=clerk, paid_on=later, received_on=later)
    factories.payment(invoice, 20000, by=clerk)

    assert Invoice.objects.get(pk=invoice.pk).settled_on == later


def test_an_uncollectible_invoice_can_still_be_paid(clerk, manager):
    from invoicing.services import correcting

    invoice = factories.opened()
    correcting.write_off_invoice(invoice, by=manager, on=TODAY, reason="Bankrupt")

    factories.payment(invoice, 4200, by=clerk)
    assert Invoice.objects.get(pk=invoice.pk).status == "uncollectible"
    factories.payment(invoice, 20000, by=clerk)

    paid = Invoice.objects.get(pk=invoice.pk)
    assert (paid.status, paid.uncollectible_on) == ("paid", None)


def test_credit_counts_no_earlier_than_its_note(clerk, manager):
    paid = factories.opened()
    factories.payment(paid)
    note, other = note_for(paid, manager), factories.opened(paid.customer)

    row = allocating.allocate_credit(note, other, by=clerk, amount=100, on=date(2026, 1, 1))

    assert row.on == note.issued_on
