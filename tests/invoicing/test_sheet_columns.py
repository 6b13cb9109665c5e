"""The columns of an invoices' spreadsheet."""

import pytest

from config.common.sheets.values import Habits, Unreadable
from invoicing.services.sheet_columns import COLUMNS, CUSTOMER, DAYS, OF_LINE, TAX

READ = {column.key: column.read for column in COLUMNS}


def test_the_groups_name_columns_that_there_are():
    assert len(READ) == len(COLUMNS)
    assert {*CUSTOMER, *TAX, *OF_LINE, *DAYS} <= READ.keys()


@pytest.mark.parametrize(
    ("word", "code"),
    [
        ("h", "HUR"),
        ("Std.", "HUR"),
        ("hours", "HUR"),
        ("HUR", "HUR"),
        ("Stk", "H87"),
        ("pcs", "H87"),
        ("Tage", "DAY"),
        ("days", "DAY"),
        ("km", "KMT"),
        ("m²", "MTK"),
        ("%", "P1"),
        ("Pauschale", "LS"),
        ("Monat", "MON"),
        ("unit", "C62"),
    ],
)
def test_a_unit_is_known_by_code_and_by_the_words_of_our_languages(word, code):
    assert READ["unit"](word, Habits()) == code


@pytest.mark.parametrize(
    ("word", "code"), [("s", "S"), ("Reverse charge", "AE"), ("Ausfuhr", "G"), ("Zero rated", "Z")]
)
def test_a_tax_category_is_known_by_code_and_word(word, code):
    assert READ["tax_category"](word, Habits()) == code


def test_an_unknown_word_is_told():
    with pytest.raises(Unreadable, match="is not known here"):
        READ["unit"]("Dings", Habits())
    with pytest.raises(Unreadable, match="a code such as EUR"):
        READ["currency"]("Taler", Habits())
