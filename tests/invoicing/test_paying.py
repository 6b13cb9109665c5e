"""Money received: full, part, over; twice the same click; too late."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from config.common.errors import DomainError, Forbidden, Stale
from config.common.models import AuditEvent
from invoicing.models import Allocation, Invoice, Payment
from invoicing.services import allocating, paying, proving
from invoicing.services.paying import Share
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


# --- Several invoices -----------------------------------------------------------------------------------------


def record(customer, shares, by, amount, **details):
    return paying.record_payment(
        customer,
        by=by,
        shares=shares,
        amount=amount,
        **{
            "currency": "EUR",
            "paid_on": factories.TODAY,
            "received_on": factories.TODAY,
            "method": "transfer",
            "occasion": "several",
            **details,
        },
    )


def test_one_payment_settles_several_invoices_and_the_rest_is_on_account(clerk):
    first = factories.opened()
    second, third = factories.opened(first.customer), factories.opened(first.customer)

    payment = record(first.customer, [Share(first, 24200), Share(second, 4200)], clerk, 30000)

    assert [Invoice.objects.get(pk=each.pk).amount_due for each in (first, second, third)] == [0, 20000, 24200]
    assert payment.on_account == 1600
    assert AuditEvent.objects.filter(action="payment.record").count() == 2, "one in the timeline of each"


@pytest.mark.parametrize("what", ["another customer", "another currency", "a draft", "settled meanwhile", "too much"])
def test_all_of_it_or_nothing(clerk, what):
    good = factories.opened()
    bad = {
        "another customer": lambda: factories.opened(factories.customer("Elbe")),
        "another currency": lambda: factories.opened(good.customer, currency="USD", accounting_rate=Decimal("0.92")),
        "a draft": lambda: factories.draft(good.customer),
        "settled meanwhile": lambda: factories.opened(good.customer),
        "too much": lambda: factories.opened(good.customer, lines=[factories.line(quantity="1")]),
    }[what]()
    if what == "settled meanwhile":
        factories.payment(bad)
    before = Payment.objects.count()

    with pytest.raises(DomainError):
        record(good.customer, [Share(good, 24200), Share(bad, 24200)], clerk, 50000)

    assert Payment.objects.count() == before
    assert Invoice.objects.get(pk=good.pk).settled == 0


def test_no_difference_is_let_go_on_a_strangers_invoice(manager):
    ours = factories.opened()
    theirs = factories.opened(factories.customer("Elbe"))

    with pytest.raises(DomainError, match="another customer's"):
        record(ours.customer, [Share(theirs, 0, "write_off", "x")], manager, 100)

    assert not Allocation.objects.exists()


def test_more_shared_out_than_paid_or_one_invoice_twice_is_refused(clerk):
    invoice = factories.opened()

    with pytest.raises(DomainError, match="only EUR.100.00 was paid"):
        record(invoice.customer, [Share(invoice, 10001)], clerk, 10000)
    with pytest.raises(DomainError, match="stands in the list twice"):
        record(invoice.customer, [Share(invoice, 100), Share(invoice, 100)], clerk, 10000)

    assert not Payment.objects.exists()


def test_the_second_click_after_the_invoice_was_paid_in_full_is_still_one_payment(clerk):
    invoice = factories.opened()

    first = factories.payment(invoice, 24200, by=clerk, occasion="form-2")
    assert factories.payment(invoice, 24200, by=clerk, occasion="form-2") == first


# --- Reversed -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("because", ["mistake", "returned", "chargeback"])
def test_a_reversed_payment_opens_again_what_it_settled(clerk, because):
    first = factories.opened()
    second = factories.opened(first.customer, discount_percent=Decimal(2), discount_days=10)
    shares = [Share(first, 24200), Share(second, 23716, "discount", "Terms")]
    payment = record(first.customer, shares, clerk, 48000)
    day = factories.TODAY + timedelta(days=4)

    paying.reverse_payment(payment, by=clerk, because=because, on=day, reason="Bank says so")

    payment.refresh_from_db()
    assert (payment.status, payment.allocated, payment.on_account, payment.reversal) == ("reversed", 0, 0, because)
    assert {Invoice.objects.get(pk=each.pk).amount_due for each in (first, second)} == {24200}
    counted = {row.on for row in Allocation.objects.exclude(reverses=None)}
    assert counted == ({factories.TODAY} if because == "mistake" else {day})
    assert payment.reversed_on == (factories.TODAY if because == "mistake" else day)
    assert list(proving.differences()) == []


def test_it_is_reversed_once_with_a_known_cause_and_not_before_it_came(clerk):
    payment = factories.payment(factories.opened(), by=clerk)

    with pytest.raises(DomainError, match="Say why"):
        paying.reverse_payment(payment, by=clerk, because="whim", on=factories.TODAY)
    with pytest.raises(DomainError, match="before it was received"):
        paying.reverse_payment(payment, by=clerk, because="returned", on=date(2026, 1, 1))
    paying.reverse_payment(payment, by=clerk, because="returned", on=factories.TODAY)
    with pytest.raises(Stale, match="reversed already"):
        paying.reverse_payment(payment, by=clerk, because="returned", on=factories.TODAY)

    assert Allocation.objects.count() == 2
    assert AuditEvent.objects.filter(action="payment.reversed").count() == 1


def test_a_reversed_payment_gives_nothing_any_more(clerk):
    payment = factories.payment(factories.opened(), 30000, by=clerk)
    paying.reverse_payment(payment, by=clerk, because="mistake", on=factories.TODAY)

    with pytest.raises(Stale, match="reversed meanwhile"):
        allocating.allocate_payment(payment, factories.opened(payment.customer), by=clerk, amount=1, on=factories.TODAY)


def test_a_viewer_reverses_nothing(viewer):
    payment = factories.payment(factories.opened())

    with pytest.raises(Forbidden):
        paying.reverse_payment(payment, by=viewer, because="mistake", on=factories.TODAY)

    assert Payment.objects.get().status == "recorded"
