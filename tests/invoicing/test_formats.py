"""Dates, amounts, quantities and units as the customer's language writes them."""

from datetime import date
from decimal import Decimal

import pytest
from django.utils.translation import override

from invoicing import formats

DAY = date(2026, 10, 3)


@pytest.mark.parametrize(("language", "expected"), [("en", "3 October 2026"), ("de", "3. Oktober 2026")])
def test_a_month_is_a_word_so_that_nobody_swaps_it_with_the_day(language, expected):
    assert formats.date_text(DAY, language) == expected


def test_no_date_is_no_text():
    assert formats.date_text(None, "en") == ""
    assert formats.period_text(None, None, "en") == ""


def test_a_period_names_both_ends_and_one_day_is_one_day():
    end = date(2026, 12, 31)

    assert formats.period_text(DAY, end, "en") == "3 October 2026 – 31 December 2026"
    assert formats.period_text(DAY, DAY, "en") == "3 October 2026"
    assert formats.period_text(DAY, None, "en") == "3 October 2026 –"
    assert formats.period_text(None, end, "de") == "– 31. Dezember 2026"


@pytest.mark.parametrize(
    ("minor", "currency", "language", "expected"),
    [
        (2190000, "USD", "en", "USD\xa021,900.00"),
        (2190000, "EUR", "de", "EUR\xa021.900,00"),
        (375000, "JPY", "en", "JPY\xa0375,000"),
        (4538000, "KWD", "en", "KWD\xa04,538.000"),
        (-100, "EUR", "de", "EUR\xa0−1,00"),
    ],
)
def test_an_amount_has_its_currencys_own_digits(minor, currency, language, expected):
    assert formats.money_text(minor, currency, language) == expected


@pytest.mark.parametrize(
    ("price", "currency", "expected"),
    [("2450", "EUR", "2,450.00"), ("0.0375", "EUR", "0.0375"), ("125000", "JPY", "125,000"), ("1.5", "KWD", "1.500")],
)
def test_a_unit_price_keeps_the_digits_it_needs(price, currency, expected):
    assert formats.price_text(Decimal(price), currency, "en") == expected


@pytest.mark.parametrize(
    ("quantity", "expected"), [("6.00000000", "6"), ("1250", "1,250"), ("0.333", "0.333"), ("-2", "−2"), ("0", "0")]
)
def test_a_quantity_has_no_idle_zeros(quantity, expected):
    assert formats.quantity_text(Decimal(quantity), "en") == expected


def test_a_percent_is_spaced_as_the_language_wants_it():
    assert formats.percent_text(Decimal("19.0000"), "en") == "19%"
    assert formats.percent_text(Decimal("7.5"), "de") == "7,5\xa0%"


def test_a_unit_is_a_word_in_the_right_plural():
    assert formats.measure_text(Decimal(1), "DAY", "en") == "1\xa0day"
    assert formats.measure_text(Decimal("1.5"), "DAY", "en") == "1.5\xa0days"
    assert formats.measure_text(Decimal(2), "DAY", "de") == "2\xa0Tage"
    assert formats.measure_text(Decimal(3), "P1", "en") == "3\xa0%"


def test_a_bare_count_has_no_unit_and_an_unknown_unit_keeps_its_code():
    assert formats.measure_text(Decimal(6), "C62", "en") == "6"
    assert formats.measure_text(Decimal(6), "NIU", "en") == "6\xa0NIU"


def test_every_unit_on_offer_has_a_word_in_both_languages():
    for language in ("en", "de"):
        with override(language):
            choices = formats.unit_choices()

        assert all(word for _code, word in choices)
        assert len({code for code, _word in choices}) == len(choices)
