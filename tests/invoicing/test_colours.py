"""Which colours can be read on white paper."""

from decimal import Decimal

import pytest

from invoicing.paper import colours


@pytest.mark.parametrize(
    ("colour", "ratio"), [("#ffffff", "1.00"), ("#000000", "21.00"), ("#767676", "4.54"), ("#ff0000", "4.00")]
)
def test_contrast_is_what_wcag_says(colour, ratio):
    assert round(colours.contrast(colour), 2) == Decimal(ratio)


def test_three_to_one_is_enough_for_a_title_and_less_is_refused():
    assert colours.refusal("#949494") == ""
    assert "is too light for white paper" in colours.refusal("#959595")


@pytest.mark.parametrize("text", ["", "#0b5c7", "#0B5C75", "red", "#0b5c75;}", "#0b5c75\n", "javascript"])
def test_nothing_but_a_colour_is_one(text):
    assert not colours.is_colour(text)


def test_six_digits_are_one():
    assert colours.is_colour("#0b5c75")
