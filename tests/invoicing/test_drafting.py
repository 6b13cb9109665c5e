"""Drafts: what they take from the customer, how they add up, and who saved first."""

from datetime import date
from decimal import Decimal

import pytest

from config.common.errors import DomainError, Forbidden, Stale
from config.common.models import AuditEvent
from invoicing.models import Invoice, Line
from invoicing.services import drafting
from tests import factories

pytestmark = pytest.mark.django_db


def test_a_draft_takes_currency_language_and_terms_from_its_customer(clerk):
    buyer = factories.customer(language="de", terms_days=14, currency="CHF", buyer_reference="Kst 7")

    draft = factories.draft(buyer, by=clerk, issued_on=date(2026, 11, 1))

    assert (draft.language, draft.currency, draft.buyer_reference) == ("de", "CHF", "Kst 7")
    assert draft.due_on == date(2026, 11, 15)
    assert draft.template.text(draft.language).language == "de"
    assert draft.number == ""


def test_lines_allowances_and_charges_add_up():
    tax21, tax9 = factories.tax("21"), factories.tax("9")
    lines = [
        factories.line(
            quantity="3", unit_price="10", tax=tax21, adjustments=[{"percent": Decimal(10), "reason": "Loyal"}]
        ),
        factories.line(quantity="1", unit_price="50", tax=tax9, adjustments=[{"is_charge": True, "amount": 250}]),
    ]
    adjustments = [
        {"amount": 700, "reason": "Season", "tax": tax21},
        {"is_charge": True, "percent": Decimal(2), "tax": tax9},
    ]

    draft = factories.draft(lines=lines, adjustments=adjustments)

    assert [line.net for line in draft.lines.all()] == [2700, 5250]
    assert [(a.signed, a.base) for a in draft.adjustments.filter(line=None)] == [(-700, None), (159, 7950)]
    assert draft.net_total == 2700 + 5250 - 700 + 159
    assert [(t.percent, t.taxable, t.tax) for t in draft.tax_lines.all()] == [(21, 2000, 420), (9, 5409, 487)]
    assert draft.total == 7409 + 420 + 487


@pytest.mark.parametrize(
    ("currency", "price", "total"), [("JPY", "1234.5", 2_987), ("KWD", "1.2345", 2_987), ("EUR", "12.345", 2_987)]
)
def test_each_currency_has_its_own_digits(currency, price, total):
    draft = factories.draft(currency=currency, lines=[factories.line(quantity="2", unit_price=price)])

    assert draft.total == total


def test_the_amount_due_is_the_databases_own_arithmetic():
    draft = factories.draft(prepaid=4200)

    assert Invoice.objects.get(pk=draft.pk).amount_due == 24200 - 4200


def test_of_two_who_save_one_draft_the_slower_is_told(clerk, manager):
    draft = factories.draft(by=clerk)
    drafting.change_draft(draft, by=manager, version=1, fields={"note": "Mine"})

    with pytest.raises(Stale, match="Tomáš Manager changed this draft while you were editing"):
        drafting.change_draft(draft, by=clerk, version=1, fields={"note": "Yours"}, lines=[])

    draft.refresh_from_db()
    assert (draft.note, draft.version, draft.lines.count()) == ("Mine", 2, 1)


def test_an_open_invoice_cannot_be_edited(clerk):
    invoice = factories.opened(by=clerk)

    with pytest.raises(Stale, match="Femke Clerk opened it meanwhile as INV-2026-00001"):
        drafting.change_draft(invoice, by=clerk, version=invoice.version, fields={"note": "Too late"})

    assert Invoice.objects.get(pk=invoice.pk).note == ""


def test_changing_lines_leaves_before_and_after_in_the_trail(clerk):
    draft = factories.draft(by=clerk)

    drafting.change_draft(draft, by=clerk, version=1, fields={"note": "New"}, lines=[factories.line(quantity="1")])

    event = AuditEvent.objects.get(action="invoice.change")
    was, now = (
        "2 C62 × 100 Calibration (S 21%) = 200.00",
        "1 C62 × 100 Calibration (S 21%) = 100.00",
    )
    assert event.before == {"note": "", "total": 24200, "lines": [was]}
    assert event.after == {"note": "New", "total": 12100, "lines": [now]}


def test_a_later_change_of_the_tax_rate_alters_no_line():
    rate = factories.tax("21")
    draft = factories.draft(lines=[factories.line(tax=rate)])

    rate.percent = Decimal(22)
    rate.save()

    assert Line.objects.get(invoice=draft).tax_percent == 21


def test_an_archived_customer_gets_no_new_invoice(clerk):
    buyer = factories.customer()
    buyer.archived_at = buyer.created_at
    buyer.save()

    with pytest.raises(DomainError, match="archived and gets no new invoices"):
        factories.draft(buyer, by=clerk)

    assert not Invoice.objects.exists()


def test_only_a_draft_can_be_deleted(clerk):
    draft, invoice = factories.draft(), factories.opened(factories.customer(name="Other"))
    drafting.delete_draft(draft, by=clerk, version=draft.version)

    with pytest.raises(Stale, match="cannot be edited"):
        drafting.delete_draft(invoice, by=clerk, version=invoice.version)

    assert list(Invoice.objects.all()) == [invoice]


def test_a_deleted_draft_leaves_its_name_with_the_draft_that_corrects_it(clerk):
    draft = factories.draft(source_reference="F-77")
    note = factories.draft(draft.customer, kind="credit_note", corrects=draft)

    drafting.delete_draft(draft, by=clerk, version=draft.version)

    note.refresh_from_db()
    assert (note.corrects, note.corrects_text) == (None, "F-77")


def test_the_internal_note_stays_editable(clerk):
    invoice = factories.opened()

    drafting.write_internal_note(invoice, by=clerk, text="Called them")

    assert Invoice.objects.get(pk=invoice.pk).internal_note == "Called them"


def test_a_viewer_drafts_nothing(viewer):
    buyer = factories.customer()

    with pytest.raises(Forbidden):
        factories.draft(buyer, by=viewer)

    assert not Invoice.objects.exists()
