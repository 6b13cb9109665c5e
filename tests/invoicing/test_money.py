"""Rounding and tax, by example and by property."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from invoicing.money import Taxed, convert, line_net, percentage, to_whole, totals


@pytest.mark.parametrize(
    ("amount", "whole"), [("0.5", 1), ("1.5", 2), ("2.5", 3), ("-0.5", -1), ("-2.5", -3), ("2.4999", 2)]
)
def test_halves_are_rounded_away_from_zero(amount, whole):
    assert to_whole(Decimal(amount)) == whole


@pytest.mark.parametrize(
    ("quantity", "price", "digits", "net"),
    [("3", "66.6667", 2, 20000), ("3", "1.005", 2, 302), ("7", "1234", 0, 8638), ("1", "2.1075", 3, 2108)],
)
def test_a_line_is_rounded_once_to_the_digits_of_its_currency(quantity, price, digits, net):
    assert line_net(Decimal(quantity), Decimal(price), digits) == net


def test_a_price_may_be_for_more_than_one():
    assert line_net(Decimal(150), Decimal("12.50"), 2, price_base=Decimal(100)) == 1875


def test_a_price_for_nothing_is_refused():
    with pytest.raises(ValueError, match="more than zero"):
        line_net(Decimal(1), Decimal(1), 2, price_base=Decimal(0))


def test_tax_is_reckoned_on_the_sum_of_a_rate_not_per_line():
    three_lines = [Taxed(net=2, category="S", percent=Decimal("21.0000"))] * 3  # 0.42 each: nothing, line by line

    found = totals(three_lines)

    assert (found.net, found.tax, found.total) == (6, 1, 7)


def test_each_category_and_rate_is_a_group_and_reasons_are_joined():
    rows = [
        Taxed(1000, "S", Decimal(21)),
        Taxed(500, "S", Decimal("9.00")),
        Taxed(-100, "S", Decimal("21.00")),
        Taxed(200, "E", Decimal(0), "Education", "VATEX-EU-132"),
        Taxed(300, "E", Decimal(0), "Health"),
    ]

    groups = totals(rows).groups

    assert [(group.category, group.percent, group.taxable, group.tax) for group in groups] == [
        ("S", Decimal(21), 900, 189),
        ("S", Decimal(9), 500, 45),
        ("E", Decimal(0), 500, 0),
    ]
    assert groups[2].exemption_text == "Education; Health"
    assert groups[2].exemption_code == "VATEX-EU-132"


def test_an_amount_crosses_currencies_with_different_digits():
    assert convert(10_000, Decimal("161.5"), 2, 0) == 16_150
    assert convert(16_150, Decimal("0.0062"), 0, 2) == 10_013


_rows = st.lists(
    st.builds(
        Taxed,
        net=st.integers(-(10**9), 10**12),
        category=st.sampled_from(["S", "Z", "E"]),
        percent=st.sampled_from([Decimal(p) for p in ("0", "5.5", "7", "19", "21", "25")]),
    ),
    min_size=1,
    max_size=30,
)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(_rows)
def test_lines_and_tax_always_add_up(rows):
    found = totals(rows)

    assert found.net == sum(row.net for row in rows) == sum(group.taxable for group in found.groups)
    assert found.tax == sum(percentage(group.taxable, group.percent) for group in found.groups)
    assert found.total == found.net + found.tax
    assert len({(group.category, group.percent) for group in found.groups}) == len(found.groups)
