"""Credit notes: whole or by line, never more than the invoice, set off at once."""

from decimal import Decimal

import pytest

from config.common.errors import DomainError, Forbidden
from invoicing.models import Allocation, Invoice
from invoicing.services import crediting, opening
from tests import factories

pytestmark = pytest.mark.django_db


def credit(invoice, by, quantities=None):
    note = crediting.draft_credit_note(invoice, by=by, quantities=quantities, reason="Returned goods")
    return opening.open_invoice(note, by=by, on=factories.TODAY)


def test_a_whole_credit_note_settles_its_open_invoice(manager):
    invoice = factories.opened()

    note = credit(invoice, manager)

    invoice.refresh_from_db()
    note.refresh_from_db()
    assert (invoice.status, invoice.settled, invoice.settled_by_credit, invoice.credited) == (
        "paid",
        24200,
        24200,
        24200,
    )
    assert (note.status, note.total, note.amount_due) == ("paid", 24200, 0)
    assert note.number != invoice.number
    row = Allocation.objects.get()
    assert (row.kind, row.credit_note, row.invoice, row.amount) == ("credit", note, invoice, 24200)


def test_what_is_credited_on_a_paid_invoice_stays_as_credit_on_the_note(manager):
    invoice = factories.opened()
    factories.payment(invoice)

    note = credit(invoice, manager)

    note.refresh_from_db()
    assert (note.status, note.amount_due) == ("open", 24200)
    assert Invoice.objects.get(pk=invoice.pk).status == "paid"


def test_several_credit_notes_by_line_never_exceed_the_invoice(manager):
    invoice = factories.opened(lines=[factories.line(quantity=Decimal(3), unit_price=Decimal("33.33"))])
    line = invoice.lines.get()

    for _each in range(3):
        credit(invoice, manager, {line.pk: Decimal(1)})

    invoice.refresh_from_db()
    assert crediting.creditable(invoice) == {line.pk: 0}
    assert invoice.credited <= invoice.total
    with pytest.raises(DomainError, match=r"credited in full|Every line"):
        crediting.draft_credit_note(invoice, by=manager)


def by_lines(invoice, manager):
    """Each line but the last credited by a note of its own; then everything that is left."""
    for line in list(invoice.lines.all())[:-1]:
        credit(invoice, manager, {line.pk: line.quantity})
    invoice.refresh_from_db()
    return credit(invoice, manager)


def test_the_last_of_several_takes_the_cent_that_rounding_left(manager):
    lines = [factories.line(f"Line {n}", quantity=1, unit_price="1.01") for n in range(3)]
    invoice = factories.opened(lines=lines)  # 3.67; each line by itself is 1.22

    last = by_lines(invoice, manager)

    invoice.refresh_from_db()
    assert (invoice.status, invoice.credited, invoice.total, last.total) == ("paid", 367, 367, 123)
    rounding = last.adjustments.get()
    assert (rounding.is_charge, rounding.amount, rounding.reason) == (True, 1, "Rounding")


def test_a_note_that_is_not_the_last_takes_no_rounding(manager):
    invoice = factories.opened(lines=[factories.line(quantity=3, unit_price="1.01")])

    note = credit(invoice, manager, {invoice.lines.get().pk: Decimal(1)})

    assert not note.adjustments.exists()


@pytest.mark.parametrize("percent", ["7", "19", "21"])
@pytest.mark.parametrize("price", ["0.02", "0.12", "7.77", "33.34"])
def test_several_notes_come_to_the_invoice_within_a_cent_and_never_to_more(manager, price, percent):
    tax = factories.tax(percent)
    lines = [factories.line(f"Line {n}", quantity=1, unit_price=price, tax=tax) for n in range(4)]
    invoice = factories.opened(lines=lines)

    by_lines(invoice, manager)

    invoice.refresh_from_db()
    assert 0 <= invoice.total - invoice.credited <= 1


def test_where_a_cent_cannot_be_credited_it_says_so_and_what_to_do(manager):
    lines = [factories.line(f"Line {n}", quantity=1, unit_price="0.02") for n in range(2)]
    invoice = factories.opened(lines=lines)  # 0.05; each by itself is 0.02, and a cent more in it is 0.04
    by_lines(invoice, manager)
    invoice.refresh_from_db()
    assert invoice.amount_due == 1

    with pytest.raises(DomainError, match=r"Every line of .* is credited; the EUR.0\.01 .*Let it go as rounding"):
        crediting.draft_credit_note(invoice, by=manager)


def test_more_of_a_line_than_is_left_is_refused_and_nothing_is_drafted(manager):
    invoice = factories.opened()
    line = invoice.lines.first()

    with pytest.raises(DomainError, match="only .* is left to credit"):
        crediting.draft_credit_note(invoice, by=manager, quantities={line.pk: line.quantity + 1})

    assert Invoice.objects.filter(kind="credit_note").count() == 0


def test_two_drafts_for_the_whole_open_only_once(manager):
    invoice = factories.opened()
    first = crediting.draft_credit_note(invoice, by=manager)
    second = crediting.draft_credit_note(invoice, by=manager)
    opening.open_invoice(first, by=manager, on=factories.TODAY)

    with pytest.raises(DomainError, match="is not credited yet"):
        opening.open_invoice(second, by=manager, on=factories.TODAY)

    assert Invoice.objects.get(pk=second.pk).is_draft


def test_a_clerk_may_neither_draft_nor_open_one(clerk, manager):
    invoice = factories.opened()
    note = crediting.draft_credit_note(invoice, by=manager)

    with pytest.raises(Forbidden):
        crediting.draft_credit_note(invoice, by=clerk)
    with pytest.raises(Forbidden):
        opening.open_invoice(note, by=clerk, on=factories.TODAY)


@pytest.mark.parametrize("state", ["draft", "void", "credit note"])
def test_what_cannot_be_credited_says_why(manager, state):
    if state == "draft":
        thing = factories.draft()
    elif state == "void":
        from invoicing.services import correcting

        thing = correcting.void_invoice(factories.opened(), by=manager, on=factories.TODAY, reason="Typed twice")
    else:
        thing = credit(factories.opened(), manager)

    with pytest.raises(DomainError):
        crediting.draft_credit_note(thing, by=manager)
