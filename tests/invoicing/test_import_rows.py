"""From the semantic invoice to a draft's fields and rows."""

import random
from contextlib import suppress
from datetime import date
from decimal import Decimal

import pytest

from invoicing.einvoice import ubl
from tests.invoicing.test_import_figures import build
from tests.ubl_files import NAMES, sample


def test_dates_references_and_texts_have_their_homes():
    found = build(sample("allowances.xml"))

    assert found.kind == "invoice"
    assert found.fields["issued_on"] == date(2026, 10, 5)
    assert (found.fields["due_on"], found.fields["due_typed"]) == (date(2026, 10, 19), True)
    assert found.fields["delivered_on"] == date(2026, 10, 1)
    assert found.fields["delivery_country"] == "ES"
    assert found.fields["order_number"] == "PO-4480"
    assert found.fields["buyer_reference"] == "PO-desk"
    assert found.fields["source_reference"] == "KW-2026-119"
    assert found.fields["note"] == (
        "Thank you for the visit to Vigo.\nPayment terms: Payable within 14 days, 2 % off within 5\n"
        "Tax point date: 1 October 2026"
    )
    assert "Contract: Frame 2025/3" in found.said
    assert "Delivered to: Almacén Sur, Muelle 3, Gate C, 36202 Vigo, ES" in found.said
    assert (
        found.lines[0]["details"]
        == "With light and radar reflector\nBatch 7, checked\nColour: Orange\nItem number: DB-12"
    )


def test_the_note_on_the_document_speaks_the_customers_language():
    invoice = ubl.read(sample("allowances.xml")).invoice
    from invoicing.services import import_rows

    found = import_rows.build(invoice, own_currency="EUR", language="de")

    assert "1. Oktober 2026" in found.fields["note"]


def test_a_missing_due_date_is_left_to_the_terms():
    found = build(sample("out_of_scope.xml"))

    assert (found.fields["due_on"], found.fields["due_typed"]) == (None, False)


def test_allowances_keep_the_way_they_came_about():
    found = build(sample("allowances.xml"))

    assert [(row["is_charge"], row["amount"], row["percent"], row["base"]) for row in found.adjustments] == [
        (True, 3650, None, None),
        (False, 10245, Decimal(5), 204900),
    ]
    assert found.lines[1]["price_base"] == Decimal(10)


def test_a_percent_that_does_not_give_the_amount_is_kept_in_words():
    found = build(sample("allowances.xml", (">2049.00</cbc:BaseAmount>", ">2000.00</cbc:BaseAmount>")))

    assert (found.adjustments[1]["amount"], found.adjustments[1]["percent"]) == (10245, None)
    assert "Loyalty: stated as 5 % of 2000.00" in found.said


def test_a_negative_invoice_becomes_a_credit_note_with_every_sign_turned():
    found = build(sample("negative_invoice.xml"))

    assert found.kind == found.fields["kind"] == "credit_note"
    assert (found.net, found.tax, found.total, found.prepaid, found.due) == (10850, 2279, 13129, 3129, 10000)
    assert [line["quantity"] for line in found.lines] == [Decimal(2), Decimal(-1)]
    assert [(row["is_charge"], row["amount"], row["base"]) for row in found.adjustments] == [
        (True, 500, None),
        (False, 1150, 11500),
    ]
    assert found.remarks == [
        "An invoice with a negative total: it comes in as a credit note, with the same amounts positive."
    ]


def test_a_negative_allowance_is_a_charge_and_a_negative_price_a_negative_quantity():
    content = sample(
        "plain.xml",
        ('unitCode="HUR">2<', 'unitCode="HUR">-2<'),
        (">120.00<", ">-120.00<"),
    )

    found = build(content)

    assert found.problems == []
    assert (found.lines[0]["quantity"], found.lines[0]["unit_price"]) == (Decimal(2), Decimal(120))


def test_the_rate_of_the_accounting_currency_gives_the_files_vat_total():
    found = build(sample("vat_in_our_currency.xml"))

    assert found.fields["accounting_rate"] == Decimal("0.86")


def test_a_vat_total_in_a_currency_that_is_not_ours_stands_in_the_note():
    found = build(sample("other_seller.xml"))

    assert found.fields["accounting_rate"] is None
    assert found.fields["note"] == "VAT total in SEK: 293.25"
    assert found.remarks == [
        "The VAT is stated in SEK too; our books are kept in EUR, so it stands in the note.",
    ]


def test_a_tax_point_and_a_tax_representative_stand_on_the_document():
    representative = (
        "<cac:TaxRepresentativeParty><cac:PartyName><cbc:Name>Fiscal Help BV</cbc:Name></cac:PartyName>"
        "<cac:PartyTaxScheme><cbc:CompanyID>BE0123456749</cbc:CompanyID><cac:TaxScheme><cbc:ID>VAT</cbc:ID>"
        "</cac:TaxScheme></cac:PartyTaxScheme></cac:TaxRepresentativeParty><cac:TaxTotal>"
    )

    found = build(sample("reverse_charge.xml", ("<cac:TaxTotal>", representative)))

    assert found.fields["note"] == "Tax point: delivery date\nTax representative: Fiscal Help BV, BE0123456749"


def test_what_is_too_long_is_shortened_and_kept_whole_in_the_internal_note():
    found = build(sample("plain.xml", ("Salinity probe", "p" * 301), ("PO-4471", "o" * 81)))

    assert found.problems == []
    assert found.lines[1]["name"] == "p" * 299 + "…"
    assert found.lines[1]["details"] == "p" * 301
    assert found.fields["order_number"] == "o" * 79 + "…"
    assert f"The purchase order number: {'o' * 81}" in found.said


def test_a_line_without_a_unit_comes_in_as_pieces_and_says_so():
    found = build(sample("plain.xml", (' unitCode="HUR"', "")))

    assert found.lines[0]["unit"] == "C62"
    assert found.remarks == ["Line 1 has no unit; it comes in as pieces."]


@pytest.mark.parametrize("name", NAMES)
def test_strange_figures_end_in_words_never_in_an_error(name):
    dice = random.Random(name)
    odd = ["0", "-1", "99999999999999999999", "0.00000000000000000001", "-0", ".5", "7.", "99999999999999999999.9"]
    for _ in range(60):
        parts = sample(name).decode().split(">")
        for _ in range(dice.randint(1, 5)):
            numeric = [n for n, part in enumerate(parts) if part.partition("<")[0].replace(".", "").isdigit()]
            at = dice.choice(numeric)
            parts[at] = dice.choice(odd) + parts[at][len(parts[at].partition("<")[0]) :]
        with suppress(ubl.Refusal):
            found = build(">".join(parts).encode())
            assert all(isinstance(problem, str) for problem in found.problems)


def test_a_file_with_more_lines_than_the_editor_takes_is_refused():
    text = sample("allowances.xml").decode()
    start, end = text.index("<cac:InvoiceLine>"), text.rindex("</cac:InvoiceLine>") + len("</cac:InvoiceLine>")

    found = build((text[:start] + text[start:end] * 501 + text[end:]).encode())

    assert "It has more than 500 rows of a kind. Split it up." in found.problems
