"""Money received: full, part, over; twice the same click; too late."""

from datetime import date

import pytest

from config.common.errors import DomainError, Forbidden, Stale
from config.common.models import AuditEvent
from invoicing.models import Allocation, Invoice, Payment
from tests import factories

pytestmark = pytest.mark.django_db


def test_the_whole_amount_makes_an_invoice_paid(clerk):
    invoice = factories.opened()

    payment = factories.payment(invoice, by=clerk)

    invoice.refresh_from_db()
    assert (invoice.status, invoice.settled, invoice.amount_due) == ("paid", 24200, 0)
    assert (payment.allocated, payment.on_account) == (24200, 0)
    assert AuditEvent.objects.filter(action="invoice.paid", thread=f"invoice:{invoice.pk}").count() == 1


def test_a_part_leaves_the_rest_open_and_the_rest_pays_it(clerk):
    invoice = factories.opened()

    factories.payment(invoice, 4200, by=clerk)
    invoice.refresh_from_db()
    assert (invoice.status, invoice.amount_due) == ("open", 20000)
    factories.payment(invoice, 20000, by=clerk)

    invoice.refresh_from_db()
    assert (invoice.status, invoice.amount_due) == ("paid", 0)
    assert [a.amount for a in invoice.allocations.order_by("pk")] == [4200, 20000]


def test_what_is_paid_over_is_credit_on_account(clerk):
    payment = factories.payment(factories.opened(), 30000, by=clerk)

    assert (payment.allocated, payment.on_account) == (24200, 5800)


def test_the_same_submit_twice_is_one_payment(clerk):
    invoice = factories.opened()

    first = factories.payment(invoice, 4200, by=clerk, occasion="form-1")
    second = factories.payment(invoice, 4200, by=clerk, occasion="form-1")

    assert first == second
    assert Payment.objects.count() == Allocation.objects.count() == 1


def test_a_payment_on_a_paid_invoice_is_told_so(clerk):
    invoice = factories.opened()
    factories.payment(invoice)

    with pytest.raises(Stale, match="already paid in full"):
        factories.payment(invoice, 100, by=clerk)

    assert Payment.objects.count() == 1


@pytest.mark.parametrize(
    ("amount", "fields", "sentence"),
    [(0, {}, "more than zero"), (-5, {}, "more than zero"), (5, {"paid_on": date(2026, 12, 1)}, "Check the two dates")],
)
def test_nonsense_is_refused_and_nothing_is_written(clerk, amount, fields, sentence):
    invoice = factories.opened()

    with pytest.raises(DomainError, match=sentence):
        factories.payment(invoice, amount, by=clerk, **fields)

    assert not Payment.objects.exists()
    assert Invoice.objects.get(pk=invoice.pk).settled == 0


def test_a_draft_and_a_credit_note_take_no_payment(clerk):
    draft, note = (
        factories.draft(),
        factories.opened(factories.customer(name="B"), kind="credit_note", corrects_text="1"),
    )

    with pytest.raises(DomainError, match="draft cannot be paid"):
        factories.payment(draft, 100, by=clerk)
    with pytest.raises(DomainError, match="allocated to an invoice or refunded"):
        factories.payment(note, 100, by=clerk)

    assert not Payment.objects.exists()


def test_a_viewer_records_nothing(viewer):
    invoice = factories.opened()

    with pytest.raises(Forbidden):
        factories.payment(invoice, by=viewer)

    assert not Payment.objects.exists()
