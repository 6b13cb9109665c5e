"""Rows of a draft: that they are reckoned right is shown in test_drafting and the properties of rounding."""

from decimal import Decimal

import pytest

from invoicing.services import crediting, draft_rows, drafting
from tests import factories

pytestmark = pytest.mark.django_db


def typed(line, **changes):
    names = ("name", "quantity", "unit_price", "price_base", "tax_category", "tax_percent")
    return {**{name: getattr(line, name) for name in names}, **changes}


def test_an_edited_credit_note_still_knows_which_lines_it_takes_back(manager):
    invoice = factories.opened(lines=[factories.line("Gate"), factories.line("Hinge")])
    note = crediting.draft_credit_note(invoice, by=manager)

    edited = [typed(line, quantity=Decimal(1)) for line in note.lines.all()]
    drafting.change_draft(
        note, by=manager, version=note.version, fields={}, lines=[*edited, typed(note.lines.first(), name="Goodwill")]
    )

    gate, hinge = invoice.lines.all()
    assert [line.corrects for line in note.lines.all()] == [gate, hinge, None]


def test_a_line_is_taken_back_by_one_row_only(manager):
    invoice = factories.opened()
    note = crediting.draft_credit_note(invoice, by=manager)
    row = typed(invoice.lines.get())

    found = draft_rows.traced(note, [row, row])

    assert [each["corrects"] for each in found] == [invoice.lines.get(), None]


def test_a_discount_on_goods_that_come_back_is_a_charge_and_stays_one_when_it_is_saved_again(clerk):
    back = factories.line("Gate", quantity="-1", adjustments=[{"reason": "Loyal", "percent": Decimal(50)}])
    draft = factories.draft(lines=[factories.line(), back])

    part = draft.adjustments.get()
    assert (part.is_charge, part.amount, part.percent, part.base) == (True, 5000, None, None)
    assert [line.net for line in draft.lines.all()] == [20000, -5000]

    again = typed(draft.lines.last(), adjustments=[{"reason": "Loyal", "amount": 5000, "is_charge": True}])
    changed = drafting.change_draft(
        draft, by=clerk, version=draft.version, fields={}, lines=[typed(draft.lines.first()), again]
    )

    assert changed.net_total == 15000
