from decimal import Decimal

import pytest

from config.common.currency import amount_text, codes, digits, to_decimal, to_minor


@pytest.mark.parametrize(
    ("code", "count"), [("EUR", 2), ("RSD", 2), ("HUF", 2), ("JPY", 0), ("UGX", 0), ("BHD", 3), ("CLF", 4)]
)
def test_digits_are_those_of_iso_4217_and_not_of_habit(code, count):
    assert digits(code) == count


def test_the_codes_on_offer_are_in_use_today():
    offered = codes()

    assert {"EUR", "USD", "JPY", "BHD", "CLF"} <= set(offered)
    assert not {"DEM", "XAU", "XTS", "VEF"} & set(offered)
    assert list(offered) == sorted(set(offered))


@pytest.mark.parametrize(
    ("amount", "code", "minor"),
    [("18240.50", "EUR", 1824050), ("-0.05", "EUR", -5), ("1240000", "JPY", 1240000), ("2107.5", "BHD", 2107500)],
)
def test_an_amount_goes_to_minor_units_and_back(amount, code, minor):
    assert to_minor(Decimal(amount), code) == minor
    assert to_decimal(minor, code) == Decimal(amount)


def test_an_amount_in_decimal_has_exactly_the_digits_of_its_currency():
    assert str(to_decimal(500, "EUR")) == "5.00"
    assert str(to_decimal(500, "JPY")) == "500"
    assert str(to_decimal(500, "KWD")) == "0.500"


@pytest.mark.parametrize(
    ("amount", "code"),
    [
        (Decimal("1.005"), "EUR"),
        (Decimal("0.5"), "JPY"),
        (Decimal("NaN"), "EUR"),
        (Decimal("Infinity"), "EUR"),
        (0.1, "EUR"),
    ],
)
def test_what_the_currency_cannot_say_is_refused_and_not_rounded(amount, code):
    with pytest.raises(ValueError, match=f"digits of {code}"):
        to_minor(amount, code)


@pytest.mark.parametrize(
    ("minor", "code", "locale", "text"),
    [
        (1824050, "EUR", "en", "18,240.50"),
        (1824050, "EUR", "de", "18.240,50"),
        (1240000, "JPY", "en", "1,240,000"),
        (2107500, "BHD", "en", "2,107.500"),
        (0, "RSD", "en", "0.00"),
        (123456789012345678, "EUR", "en", "1,234,567,890,123,456.78"),
        (1000, "EUR", "pt-br", "10,00"),
        (1000, "EUR", "xx", "10.00"),
    ],
)
def test_a_figure_is_grouped_the_way_its_reader_groups(minor, code, locale, text):
    assert amount_text(minor, code, locale) == text


@pytest.mark.parametrize("locale", ["en", "de", "sv"])
def test_a_negative_figure_has_a_true_minus_sign(locale):
    assert amount_text(-500, "JPY", locale) == "\N{MINUS SIGN}500"
