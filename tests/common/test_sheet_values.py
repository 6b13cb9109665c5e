"""What a cell says: figures, days and words, and what the file as a whole tells about them."""

from datetime import date
from decimal import Decimal

import pytest
from django.utils.translation import override

from config.common.sheets.cells import Broken
from config.common.sheets.reading import read_table
from config.common.sheets.values import (
    YES_NO,
    Habits,
    Unreadable,
    choice,
    count,
    day,
    day_orders,
    decimal_signs,
    email,
    figure,
    read_number,
    text,
)  # fmt: skip
from tests.sheet_files import csv_of

POINT, COMMA = Habits(), Habits(comma=True)


@pytest.mark.parametrize(
    ("words", "comma", "value"),
    [
        ("1,234.50", False, "1234.50"), ("1.234,50", True, "1234.50"), ("1 234,5", True, "1234.5"),
        ("1'234.50", False, "1234.50"), ("12.5", True, "12.5"), ("12,5", False, "12.5"), ("1.234", True, "1234"),
        ("1.234", False, "1.234"), ("1,234", False, "1234"), ("-5", False, "-5"), ("\N{MINUS SIGN}5", False, "-5"),
        ("0.125", True, "0.125"), ("-0,125", False, "-0.125"), ("00.125", True, "0.125"),
        (".5", False, "0.5"), ("+7", False, "7"), ("1.", False, "1"),
        ("1,23,4", False, None), ("1.234.5", False, None), ("5-", False, None), ("1e5", False, None), ("", False, None),
        ("NaN", False, None), ("--5", False, None), ("٣", False, None),
    ],
)  # fmt: skip
def test_a_figure_is_read_in_the_way_of_the_file(words, comma, value):
    assert read_number(words, comma=comma) == (None if value is None else Decimal(value))


def refusal(reader, cell, habits=POINT):
    with pytest.raises(Unreadable) as refused:
        reader(cell, habits)
    return str(refused.value)


def test_a_figure_says_what_is_wrong_with_it():
    assert refusal(figure(), "abc") == "This is not a figure. Write it like 1,234.50."
    assert refusal(figure(), "abc", COMMA) == "This is not a figure. Write it like 1.234,50."
    assert refusal(figure(places=2), "1.234") == "It has more than 2 digits after the decimal sign."
    assert refusal(figure(whole=3), "1000") == "That figure is too large."
    assert refusal(figure(least=0, most=100), "101") == "It has to be between 0 and 100."
    assert refusal(count(365), "1.5") == "It has to be a whole number."
    assert "a date here" in refusal(figure(), date(2026, 1, 1))
    assert refusal(figure(), Broken("#REF!", "why")) == "why"
    assert figure()("19 %", POINT) == 19
    assert figure()("", POINT) is None


@pytest.mark.parametrize(
    ("words", "habits", "value"),
    [
        ("2026-04-03", POINT, "2026-04-03"),
        ("3.4.2026", POINT, "2026-04-03"),
        ("03.04.26", POINT, "2026-04-03"),
        ("03/04/2026", Habits(day_first=True), "2026-04-03"),
        ("03/04/2026", Habits(day_first=False), "2026-03-04"),
        ("25/04/2026", POINT, "2026-04-25"),
        ("04/25/2026", POINT, "2026-04-25"),
        ("5/5/2026", POINT, "2026-05-05"),
        ("2026-04-03T00:00:00", POINT, "2026-04-03"),
        (date(2026, 4, 3), POINT, "2026-04-03"),
    ],
)
def test_a_day_is_read(words, habits, value):
    assert day(words, habits) == date.fromisoformat(value)
    assert day("", habits) is None


def test_a_day_says_what_is_wrong_with_it():
    assert refusal(day, "03/04/2026") == "Day or month first? Say so with the columns."
    assert refusal(day, "31.2.2026") == "There is no such day in the calendar."
    assert refusal(day, "next week") == "This is not a date. Write it like 2026-11-20."
    assert refusal(day, "1.1.0026") == "The year cannot be right."
    assert "not a date" in refusal(day, Decimal(45000))


def test_text_email_and_choices():
    assert text(5)("  a  b ", POINT) == "a b"
    assert text(10)(Decimal("10023"), POINT) == "10023"
    assert refusal(text(3), "four") == "It has 4 characters; up to 3 are kept. Shorten it."
    assert refusal(email, "nobody") == "This is not an email address."
    assert choice(lambda: YES_NO)("JA", POINT) == "yes"
    assert refusal(choice(lambda: YES_NO), "?") == "“?” is not known here. Use yes, no."


def rows_of(*cells):
    return read_table(csv_of(["a", "b"], *([cell, "x"] for cell in cells))).rows


def test_the_file_proves_the_order_of_its_days():
    assert day_orders(rows_of("03/04/2026")) == (True, None)
    assert day_orders(rows_of("03/04/2026", "25/04/2026")) == (True, True)
    assert day_orders(rows_of("03/04/2026", "04/25/2026")) == (True, False)
    assert day_orders(rows_of("25/04/2026", "04/25/2026")) == (False, None)
    assert day_orders(rows_of("03.04.2026", "2026-04-03", "4/4/2026")) == (False, None)


def test_the_file_proves_its_decimal_sign_and_otherwise_it_is_the_readers():
    assert decimal_signs(rows_of("1,50", "1.234,50")) == (True, True)
    assert decimal_signs(rows_of("1.50", "1,234.50")) == (True, False)
    assert decimal_signs(rows_of("1", "20.11.2026")) == (False, False)
    assert decimal_signs(rows_of("1.234")) == (True, False)
    with override("de"):
        assert decimal_signs(rows_of("1.234")) == (True, True)
        assert decimal_signs(rows_of("0.125", "1.234")) == (True, False)
