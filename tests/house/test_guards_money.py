"""Money in raw SQL: what the database refuses of payments, allocations, refunds and sums, whoever asks it."""

import pytest
from django.db import DatabaseError, connection, transaction

from config.common.roles import SYSTEM
from invoicing.guards import PAYMENT_FROZEN
from invoicing.models import Allocation, Invoice, Payment, Refund, WriteOffLimit
from invoicing.services import letting_go, refunding
from tests import factories

from .stone import copy_of, execute, refused, table_as_it_stands

pytestmark = pytest.mark.django_db


def breaks(constraint, statement, *values):
    """The statement fails for this constraint. SQLite names the constraint in its message, as PostgreSQL does."""
    with pytest.raises(DatabaseError, match=constraint), transaction.atomic():
        execute(statement, *values)


def sets(row, constraint, **columns):
    """Setting these columns of a row breaks the constraint."""
    words = ", ".join(f'"{column}" = %s' for column in columns)
    breaks(constraint, f'UPDATE "{row._meta.db_table}" SET {words} WHERE id = %s', *columns.values(), row.pk)


def altered_copy(row, **columns):
    """An INSERT of the same row with another id and these values (SQL)."""
    table = row._meta.db_table
    statement = copy_of(table, row.pk)
    into, _select, source = statement.partition(" SELECT ")
    for column, value in columns.items():
        source = source.replace(f'"{column}"', f'{value} AS "{column}"', 1)
    return f"{into} SELECT {source}"


@pytest.fixture
def money():
    """A part-paid invoice, one whose rest was let go, a payment with credit left, a refund, each with its row."""
    invoice, short = factories.opened(), factories.opened()
    paid = factories.payment(invoice, 10000)
    more = factories.payment(short, short.amount_due - 100)
    short.refresh_from_db()
    letting_go.let_go(short, by=SYSTEM, kind="rounding", on=factories.TODAY, reason="Cents")
    over = factories.payment(factories.opened(), 30000)
    refund = refunding.refund_payment(
        over, by=SYSTEM, amount=1000, paid_on=factories.TODAY, method="transfer", reason="Too much", occasion="back"
    )
    return {
        "invoice": Invoice.objects.get(pk=invoice.pk),
        "settled": Invoice.objects.get(pk=short.pk),
        "paid": Payment.objects.get(pk=paid.pk),
        "more": more,
        "over": Payment.objects.get(pk=over.pk),
        "allocation": Allocation.objects.get(invoice=invoice),
        "let_go": Allocation.objects.get(kind="rounding"),
        "refund": refund,
    }


TABLES = ["invoicing_invoice", "invoicing_payment", "invoicing_allocation", "invoicing_refund"]


@pytest.fixture
def unmoved(money):
    """After the test every table of money is as it was."""
    before = {table: table_as_it_stands(table) for table in TABLES}
    yield
    assert {table: table_as_it_stands(table) for table in TABLES} == before


# --- Invoices -------------------------------------------------------------------------------------------------


def test_states_outside_the_list_are_refused(money, unmoved):
    sets(money["invoice"], "invoice_status_known|invoice_paid_iff_settled", status="lost")
    sets(money["paid"], "payment_reversed_settles_nothing", status="gone")
    breaks("allocation_has_its_source", altered_copy(money["allocation"], kind="'gift'"))


def test_a_delivery_is_in_a_state_of_the_list_with_what_that_state_needs():
    delivery = factories.queued()

    sets(delivery, "delivery_status_known|delivery_lease_iff_sending", status="lost")
    sets(delivery, "delivery_lease_iff_sending", status="sending")
    sets(delivery, "delivery_lease_iff_sending", worker="w")
    sets(delivery, "delivery_sent_is_proved", status="sent")
    sets(delivery, "delivery_sent_is_proved", status="sent", sent_at="2026-11-20 00:00:00")
    sets(delivery, "delivery_unknown_was_on_wire", status="unknown", reason="x")
    for status in ("failed", "cancelled", "retrying"):
        sets(delivery, "delivery_reason_given", status=status)
    sets(delivery, "delivery_scheduled_has_instant", status="scheduled")
    assert table_as_it_stands("invoicing_attempt") == []


def test_sums_of_an_invoice_stay_within_it(money, unmoved):
    invoice = money["invoice"]

    sets(invoice, "invoice_settled_within|invoice_credit_within_settled", settled=-1)
    sets(invoice, "invoice_settled_within|invoice_paid_iff_settled", settled=invoice.total + 1)
    sets(invoice, "invoice_credited_within", credited=-1)
    sets(invoice, "invoice_credited_within", credited=invoice.total + 1)
    sets(invoice, "invoice_credit_within_settled", settled_by_credit=-1)
    sets(invoice, "invoice_credit_within_settled", settled_by_credit=invoice.settled + 1)


def test_only_an_invoice_or_a_claim_can_be_credited():
    note = factories.draft(kind="credit_note", corrects_text="INV-1")

    sets(note, "invoice_credited_within", credited=1)


def test_paid_means_settled_and_settled_means_paid(money, unmoved):
    sets(money["invoice"], "invoice_paid_iff_settled|invoice_settled_on_iff_paid", status="paid")
    sets(
        money["invoice"],
        "invoice_paid_iff_settled|invoice_settled_on_iff_paid",
        status="paid",
        settled_on=factories.TODAY,
    )
    sets(money["settled"], "invoice_paid_iff_settled|invoice_settled_on_iff_paid", status="open")
    sets(money["settled"], "invoice_settled_on_iff_paid", settled_on=None)
    sets(money["invoice"], "invoice_settled_on_iff_paid", settled_on=factories.TODAY)


@pytest.mark.parametrize(("status", "day"), [("void", "voided_on"), ("uncollectible", "uncollectible_on")])
def test_the_end_of_an_invoice_has_its_day_and_only_then(status, day):
    invoice = factories.opened()

    sets(invoice, f"invoice_{day}_iff", status=status)
    sets(invoice, f"invoice_{day}_iff", **{day: factories.TODAY})


# --- Payments -------------------------------------------------------------------------------------------------

OTHER = {
    "id": 999_999,
    "currency": "USD",
    "amount": 99_999,
    "paid_on": "2020-01-01",
    "received_on": "2020-01-01",
    "method": "cash",
    "reference": "x",
    "occasion": "x",
    "recorded_at": "2020-01-01 00:00:00",
}


def test_no_frozen_column_of_a_payment_can_be_changed(money, unmoved, clerk):
    another = factories.customer("Another GmbH")

    others = {**OTHER, "customer_id": another.pk, "recorded_by_id": clerk.pk}
    assert set(others) == set(PAYMENT_FROZEN)
    for column, value in others.items():
        with refused("A recorded payment cannot be edited. Reverse it and record it again."):
            execute(f'UPDATE invoicing_payment SET "{column}" = %s WHERE id = %s', value, money["paid"].pk)


def test_a_payment_is_never_deleted(money, unmoved):
    with refused("A payment is reversed, never deleted."):
        execute("DELETE FROM invoicing_payment WHERE id = %s", money["over"].pk)


def test_a_payment_is_positive_and_never_overspent(money, unmoved):
    over = money["over"]

    breaks("payment_positive", altered_copy(over, amount=0, allocated=0, refunded=0, occasion="'a'"))
    breaks("payment_positive|payment_not_over", altered_copy(over, amount=-5, allocated=0, refunded=0, occasion="'b'"))
    sets(over, "payment_not_overspent", allocated=-1)
    sets(over, "payment_not_overspent", refunded=-1)
    sets(over, "payment_not_overspent", allocated=over.amount)
    sets(over, "payment_not_overspent", refunded=over.amount)


def test_a_reversed_payment_settles_nothing_and_says_why(money, unmoved):
    paid = money["paid"]

    day = factories.TODAY
    sets(paid, "payment_reversed_settles_nothing", status="reversed")
    sets(paid, "payment_reversed_settles_nothing", status="reversed", reversal="mistake", reversed_on=day)
    sets(paid, "payment_reversed_settles_nothing", allocated=0, status="reversed", reversal="", reversed_on=day)
    sets(paid, "payment_reversed_settles_nothing", allocated=0, status="reversed", reversal="theft", reversed_on=day)
    sets(paid, "payment_reversed_settles_nothing", reversal="mistake")


# --- Allocations and refunds ----------------------------------------------------------------------------------


def test_an_allocation_has_its_sign_and_its_source(money, unmoved):
    allocation, let_go, note = money["allocation"], money["let_go"], money["settled"].pk

    breaks("allocation_sign", altered_copy(allocation, amount=0))
    breaks("allocation_sign", altered_copy(allocation, amount=-100))
    breaks("allocation_has_its_source", altered_copy(allocation, payment_id="NULL"))
    breaks("allocation_has_its_source", altered_copy(allocation, credit_note_id=note))
    breaks("allocation_has_its_source", altered_copy(allocation, kind="'credit'"))
    breaks("allocation_has_its_source", altered_copy(allocation, kind="'credit'", credit_note_id=note))
    breaks("allocation_has_its_source", altered_copy(let_go, reason="''"))
    breaks("allocation_has_its_source", altered_copy(let_go, credit_note_id=note))


def test_a_reversal_takes_back_exactly_the_row_it_names(money, unmoved):
    row = money["allocation"]
    back = {"amount": -row.amount, "reverses_id": row.pk}

    for wrong in (
        {"amount": -row.amount + 1},
        {"amount": -row.amount - 1},
        {"amount": row.amount},
        {"invoice_id": money["settled"].pk},
        {"payment_id": money["over"].pk},
        {"kind": "'rounding'", "reason": "'x'"},
        {"kind": "'credit'", "payment_id": "NULL", "credit_note_id": money["settled"].pk},
        {"reverses_id": 999_998},
    ):
        with refused("A reversal takes back exactly what it reverses."):
            execute(altered_copy(row, **{**back, **wrong}))


def test_one_row_is_reversed_once(money):
    row = money["allocation"]
    assert execute(altered_copy(row, amount=-row.amount, reverses_id=row.pk)) == 1

    with pytest.raises(DatabaseError, match="reverses_id"), transaction.atomic():
        execute(altered_copy(row, amount=-row.amount, reverses_id=row.pk).replace("999999", "999998"))


def test_a_refund_is_positive_of_one_thing_and_taken_back_exactly(money, unmoved):
    row, note = money["refund"], money["settled"].pk

    breaks("refund_sign", altered_copy(row, amount=0, occasion="'a'"))
    breaks("refund_sign", altered_copy(row, amount=-5, occasion="'a'"))
    breaks("refund_of_one_thing", altered_copy(row, payment_id="NULL", occasion="'a'"))
    breaks("refund_of_one_thing", altered_copy(row, credit_note_id=note, occasion="'a'"))
    for wrong in ({"amount": -1}, {"currency": "'USD'"}, {"payment_id": money["paid"].pk}):
        back = {"amount": -row.amount, "reverses_id": row.pk, "occasion": "'a'", **wrong}
        with refused("A reversal takes back exactly what it reverses."):
            execute(altered_copy(row, **back))
    assert Refund.objects.count() == 1


def test_a_write_off_limit_is_of_a_role_that_needs_one_and_not_negative():
    limit = WriteOffLimit.objects.create(role="clerk", currency="EUR", most=500)

    sets(limit, "limit_not_negative", most=-1)
    sets(limit, "limit_role_known", role="admin")
    breaks("one_limit|UNIQUE", altered_copy(limit))


def test_the_mirror_does_not_stand_in_the_way_of_a_right_reversal(money):
    row = money["refund"]

    back = altered_copy(row, amount=-row.amount, reverses_id=row.pk, occasion="'back-again'")

    assert execute(back) == 1
    with connection.cursor() as cursor:
        cursor.execute("SELECT SUM(amount) FROM invoicing_refund")
        assert cursor.fetchone()[0] == 0
