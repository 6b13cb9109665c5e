"""A file's own arithmetic is proved to the last cent before anything is made of it."""

import pytest

from invoicing.einvoice import ubl
from invoicing.services import import_rows
from tests.ubl_files import NAMES, as_positive, sample, stated

SUBTOTAL_OF_9 = """10.58</cbc:TaxAmount>
      <cac:TaxCategory>
        <cbc:ID>S</cbc:ID>
        <cbc:Percent>9<"""


def build(content: bytes, own="EUR"):
    return import_rows.build(ubl.read(content).invoice, own_currency=own, language="en")


@pytest.mark.parametrize("name", NAMES)
def test_our_sums_are_the_files_sums(name):
    found = build(sample(name))

    assert found.problems == []
    assert {
        "net_total": found.net,
        "tax_total": found.tax,
        "total": found.total,
        "prepaid": found.prepaid,
        "amount_due": found.due,
    } == as_positive(stated(sample(name)))


@pytest.mark.parametrize(
    ("name", "change", "sentence"),
    [
        ("plain.xml", (">240.00<", ">240.01<"), "Line 1: the file says 240.01, its own figures give 240.00."),
        ("plain.xml", (">605.00<", ">605.01<"), "The total: the file says 605.01, its own figures give 605.00."),
        ("plain.xml", (">105.00<", ">104.99<"), "Tax: the file says 104.99, its own figures give 105.00."),
        ("plain.xml", (">120.00<", ">120.001<"), None),  # a price may have more digits: 2 × 120.001 = 240.00
        ("plain.xml", (">120.00<", ">120.003<"), "Line 1: the file says 240.00, its own figures give 240.01."),
        ("plain.xml", (">240.00<", ">240.001<"), "Line 1, 240.001, has more digits than EUR has."),
        ("yen.xml", (">123450<", ">123450.5<"), "Line 1, 123450.5, has more digits than JPY has."),
        ("plain.xml", (">240.00<", ">240.000<"), None),
        (
            "plain.xml",
            ('TaxableAmount currencyID="EUR">500.00', 'TaxableAmount currencyID="EUR">499.00'),
            "Category S at 21 %, taxable: the file says 499.00, its own figures give 500.00.",
        ),
        (
            "several_rates.xml",
            (SUBTOTAL_OF_9, SUBTOTAL_OF_9.replace(">9<", ">7<")),
            "Category S at 9 % is missing in the file's tax breakdown.",
        ),
        (
            "allowances.xml",
            ('PrepaidAmount currencyID="EUR">649.49', 'PrepaidAmount currencyID="EUR">2700.00'),
            "More is prepaid than the total",
        ),
        ("plain.xml", (">2</cbc", ">2.000000001</cbc"), "Line 1, quantity, 2.000000001, has more digits than"),
        ("plain.xml", (">240.00<", ">99999999999999999999<"), "Line 1, 99999999999999999999, is too large."),
        ("plain.xml", (">KW-2026-118</cbc:ID>\n  <", f">{'9' * 81}</cbc:ID>\n  <"), "The number is longer than 80"),
        ("plain.xml", ('unitCode="HUR"', 'unitCode="HOURS"'), "Line 1 has the unit “HOURS”, no code of three letters."),
        ("credit_note.xml", (">145.20<", ">-145.20<"), "It is a credit note with a negative total"),
        ("exempt_code.xml", ("VATEX-EU-F", "VATEX-" + "X" * 40), "The reason code is longer than 30 characters."),
        ("vat_in_our_currency.xml", (">216.72<", ">-216.72<"), "No rate turns the VAT of 252.00 USD into"),
    ],
)  # fmt: skip
def test_other_arithmetic_and_figures_beyond_the_columns_are_told(name, change, sentence):
    problems = build(sample(name, change)).problems

    if sentence is None:
        assert problems == []
    else:
        assert any(problem.startswith(sentence) for problem in problems), problems
