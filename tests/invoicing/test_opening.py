"""Opening: gapless numbers, frozen paper, and who was first."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from config.common.errors import DomainError, Forbidden, Stale
from config.common.models import AuditEvent
from invoicing.models import Counter, Invoice
from invoicing.services import opening
from tests import factories

pytestmark = pytest.mark.django_db
TODAY = factories.TODAY


def test_opening_draws_the_next_number_and_freezes_both_parties(clerk):
    draft = factories.draft()

    invoice = opening.open_invoice(draft, by=clerk, on=TODAY)

    invoice.refresh_from_db()
    assert (invoice.status, invoice.number, invoice.seq) == ("open", "INV-2026-00001", 1)
    assert invoice.issued_on == TODAY
    assert invoice.due_on == TODAY + timedelta(days=30)
    assert invoice.seller["name"] == "Kelpworks Instruments B.V."
    assert invoice.buyer["name"] == "Harbour Café GmbH"
    assert invoice.paper["bank"]["iban"] == "NL91ABNA0417164300"
    assert AuditEvent.objects.get(action="invoice.open").after["number"] == "INV-2026-00001"


def test_opening_rings_for_the_pdf_but_makes_none_itself(clerk, bell):
    invoice = opening.open_invoice(factories.draft(), by=clerk, on=TODAY)

    assert ("invoicing.tasks.make_pdf", invoice.pk) in bell.rings
    assert not invoice.documents.exists()


def test_numbers_follow_each_other_and_start_again_each_year(clerk):
    buyer = factories.customer()
    numbers = [
        factories.opened(buyer, by=clerk).number,
        factories.opened(buyer, by=clerk, issued_on=date(2025, 12, 30)).number,
        factories.opened(buyer, by=clerk).number,
    ]

    assert numbers == ["INV-2026-00001", "INV-2025-00001", "INV-2026-00002"]


def test_credit_notes_have_a_series_of_their_own(clerk):
    note = factories.opened(kind="credit_note", corrects_text="2026-77")

    assert note.number == "CN-2026-00001"
    assert note.status == "open"


def test_a_refused_opening_leaves_no_gap_and_no_trace(clerk):
    buyer = factories.customer()
    broken = factories.draft(buyer, lines=[factories.line(name=" ")])

    with pytest.raises(DomainError, match="Line 1 has no description"):
        opening.open_invoice(broken, by=clerk, on=TODAY)
    after = factories.opened(buyer)

    assert after.number == "INV-2026-00001"
    assert Invoice.objects.get(pk=broken.pk).status == "draft"
    assert not AuditEvent.objects.for_thread(broken).filter(action="invoice.open").exists()


def test_the_second_to_open_is_told_who_was_first(clerk, manager):
    draft = factories.draft()
    opening.open_invoice(draft, by=clerk, on=TODAY)

    with pytest.raises(Stale, match="Femke Clerk already opened it, as INV-2026-00001"):
        opening.open_invoice(draft, by=manager, on=TODAY)

    assert Counter.objects.get(series__kind="invoice").next_no == 2


def test_a_draft_that_changed_since_it_was_looked_at_is_not_opened(clerk):
    draft = factories.draft()

    with pytest.raises(Stale, match="changed after you looked"):
        opening.open_invoice(draft, by=clerk, on=TODAY, version=draft.version - 1)

    assert Invoice.objects.get(pk=draft.pk).is_draft


def test_a_viewer_cannot_open(viewer):
    draft = factories.draft()

    with pytest.raises(Forbidden, match="needs the role Clerk"):
        opening.open_invoice(draft, by=viewer, on=TODAY)

    assert Invoice.objects.get(pk=draft.pk).is_draft


def test_a_total_of_zero_is_settled_on_opening(clerk):
    invoice = factories.opened(lines=[factories.line(unit_price="0")])

    assert invoice.status == "paid"
    assert invoice.number


def test_a_fully_prepaid_invoice_is_settled_on_opening(clerk):
    invoice = factories.opened(prepaid=24200)

    assert (invoice.status, invoice.settled) == ("paid", 0)


def test_an_issue_date_in_the_future_is_refused(clerk):
    draft = factories.draft(issued_on=TODAY + timedelta(days=1))

    with pytest.raises(DomainError, match="lies in the future"):
        opening.open_invoice(draft, by=clerk, on=TODAY)


def test_a_typed_due_date_stays_even_when_it_is_past(clerk):
    invoice = factories.opened(due_on=date(2026, 11, 1), due_typed=True)

    assert invoice.due_on == date(2026, 11, 1)


def test_everything_that_is_missing_is_said_at_once(clerk):
    archived = factories.customer(name="Gone Ltd")
    draft = factories.draft(archived, lines=[factories.line(name="", quantity="0")])
    archived.archived_at = draft.created_at
    archived.save()
    draft.refresh_from_db()

    fields = [problem.field for problem in opening.problems(draft, on=TODAY)]

    assert fields == ["customer_profile", "lines", "lines"]


@pytest.mark.parametrize(
    ("fields", "lines", "sentence"),
    [
        ({"kind": "credit_note"}, {}, "which invoice it corrects"),
        ({"prepaid": 99999}, {}, "More is prepaid"),
        ({}, {"quantity": "-2"}, "total is negative"),
        ({}, {"unit_price": "-1"}, "negative price"),
        ({"currency": "USD"}, {}, "how many EUR one USD is worth"),
    ],
)
def test_each_gap_has_its_own_sentence(manager, fields, lines, sentence):
    draft = factories.draft(lines=[factories.line(**lines)], **fields)

    with pytest.raises(DomainError, match=sentence):
        opening.open_invoice(draft, by=manager, on=TODAY)

    assert Invoice.objects.get(pk=draft.pk).is_draft


@pytest.mark.parametrize(
    ("category", "sentence"), [("AE", "VAT id"), ("K", "country it was delivered to"), ("E", "the law asks for one")]
)
def test_tax_without_its_reason_or_ids_is_refused(clerk, category, sentence):
    rate = factories.tax("0", category)
    row = factories.line(tax=rate, exemption_text="", exemption_code="")
    draft = factories.draft(lines=[row])

    with pytest.raises(DomainError, match=sentence):
        opening.open_invoice(draft, by=clerk, on=TODAY)


def test_vat_is_stated_in_the_accounting_currency_too(clerk):
    invoice = factories.opened(currency="USD", accounting_rate=Decimal("0.9"))

    assert (invoice.accounting_currency, invoice.accounting_tax) == ("EUR", 3780)
