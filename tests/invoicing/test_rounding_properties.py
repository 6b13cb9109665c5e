"""Totals and tax of any invoice there can be, reckoned a second time by hand after EN 16931 and compared to the unit.

The second reckoning asks no function of the product: fractions of its own, its own table of digits, its own rounding.
"""

import os
from collections import defaultdict
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from invoicing.models import Invoice
from invoicing.services import crediting, drafting, opening, paying
from tests import factories

WHOLE = bool(os.environ.get("TORTURE"))
FIXED = {"derandomize": True, "database": None, "deadline": None}  # the same invoices for everybody, every day
DIGITS = {"JPY": 0, "CLP": 0, "EUR": 2, "USD": 2, "SEK": 2, "KWD": 3, "TND": 3}
TAXES = [("S", "21"), ("S", "19"), ("S", "7"), ("S", "5.5"), ("S", "0.3333"), ("Z", "0"), ("E", "0"), ("AE", "0")]


# --- Any invoice ----------------------------------------------------------------------------------------------


def figures(most: int, places: int, least: int = 0):
    """Decimals with up to so many digits after the point."""
    return st.integers(least * 10**places, most * 10**places).map(lambda n: Decimal(n).scaleb(-places))


PERCENTS = st.one_of(figures(100, 0), figures(100, 2), figures(30, 4))
QUANTITIES = st.one_of(
    st.integers(1, 500).map(Decimal),
    st.integers(-40, -1).map(Decimal),
    figures(99, 3, 0),
    st.sampled_from([Decimal("0.333"), Decimal("-2.5"), Decimal("0.00000001"), Decimal(0), Decimal("1234567.891")]),
)
PRICES = st.one_of(
    figures(2000, 2),
    figures(50, 4),
    st.sampled_from([Decimal("0.005"), Decimal("1.005"), Decimal("66.6667"), Decimal("0.00000001"), Decimal(0)]),
)
BASES = st.sampled_from([Decimal(1), Decimal(1), Decimal(1), Decimal(100), Decimal(7), Decimal("0.5"), Decimal(1000)])


def adjustments(taxed: bool):
    """An allowance or a charge: an amount in minor units, a percent of what it is on, or a percent of a named base."""
    sized = st.one_of(
        st.fixed_dictionaries({"amount": st.integers(0, 50_000)}),
        st.fixed_dictionaries({"percent": PERCENTS}),
        st.fixed_dictionaries({"percent": PERCENTS, "base": st.integers(0, 900_000)}),
    )
    tax = st.sampled_from(TAXES) if taxed else st.none()
    return st.builds(lambda size, charge, tax: {**size, "is_charge": charge, **tax_of(tax)}, sized, st.booleans(), tax)


def tax_of(tax) -> dict:
    if tax is None:
        return {}
    category, percent = tax
    reason = {"exemption_text": "Teaching"} if category in ("E", "AE") else {}
    return {"tax_category": category, "tax_percent": Decimal(percent), **reason}


LINES = st.builds(
    lambda quantity, price, base, tax, parts: {
        "name": "Part",
        "quantity": quantity,
        "unit_price": price,
        "price_base": base,
        "adjustments": parts,
        **tax_of(tax),
    },
    QUANTITIES,
    PRICES,
    BASES,
    st.sampled_from(TAXES),
    st.one_of(st.just([]), st.lists(adjustments(taxed=False), max_size=2)),
)
INVOICES = st.tuples(
    st.sampled_from(sorted(DIGITS)),
    st.lists(LINES, min_size=1, max_size=6),
    st.one_of(st.just([]), st.lists(adjustments(taxed=True), max_size=3)),
)


# --- The second reckoning -------------------------------------------------------------------------------------


def rounded(amount: Fraction) -> int:
    """To a whole minor unit, a half away from zero."""
    whole = (abs(amount) + Fraction(1, 2)).__floor__()
    return whole if amount >= 0 else -whole


def size_of(part: dict, base: int) -> int:
    if "amount" in part:
        return part["amount"]
    return rounded(Fraction(part.get("base", base)) * Fraction(part["percent"]) / 100)


def signed(part: dict, base: int) -> int:
    return size_of(part, base) if part["is_charge"] else -size_of(part, base)


def by_hand(currency: str, lines: list[dict], parts: list[dict]) -> dict:
    """The amounts of EN 16931 by the numbers of their business terms, in minor units; BT-116 and BT-117 by group."""
    minor = 10 ** DIGITS[currency]
    nets, taxable = [], defaultdict(int)
    for line in lines:
        gross = rounded(
            Fraction(line["quantity"]) * Fraction(line["unit_price"]) / Fraction(line["price_base"]) * minor
        )
        net = gross + sum(signed(part, gross) for part in line["adjustments"])
        nets.append(net)
        taxable[line["tax_category"], Fraction(line["tax_percent"])] += net
    of_lines = sum(nets)
    for part in parts:
        taxable[part["tax_category"], Fraction(part["tax_percent"])] += signed(part, of_lines)
    sizes = [signed(part, of_lines) for part in parts]  # less than nothing taken off is something added
    allowances, charges = -sum(size for size in sizes if size < 0), sum(size for size in sizes if size > 0)
    taxes = {group: rounded(amount * group[1] / 100) for group, amount in taxable.items()}  # BR-CO-17, on the sum
    without = of_lines - allowances + charges  # BR-CO-13
    return {
        "BT-131": nets,
        "BT-106": of_lines,  # BR-CO-10
        "BT-107": allowances,  # BR-CO-11
        "BT-108": charges,  # BR-CO-12
        "BT-109": without,
        "BT-110": sum(taxes.values()),  # BR-CO-14
        "BT-112": without + sum(taxes.values()),  # BR-CO-15
        "BT-116": dict(taxable),
        "BT-117": taxes,
    }


def by_the_house(lines, parts, groups, *, net, tax, total) -> dict:
    """The same from what the product stores."""
    return {
        "BT-131": [line.net for line in lines],
        "BT-106": sum(line.net for line in lines),
        "BT-107": sum(part.amount for part in parts if not part.is_charge),
        "BT-108": sum(part.amount for part in parts if part.is_charge),
        "BT-109": net,
        "BT-110": tax,
        "BT-112": total,
        "BT-116": {(group.category, Fraction(group.percent)): group.taxable for group in groups},
        "BT-117": {(group.category, Fraction(group.percent)): group.tax for group in groups},
    }


# --- 10,000 invoices ------------------------------------------------------------------------------------------


@settings(
    max_examples=10_000 if WHOLE else 1_000, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    **FIXED,
)  # fmt: skip
@given(INVOICES)
def test_every_total_is_what_the_standard_says_to_the_last_unit(invoice):
    currency, lines, parts = invoice

    made, whole, found = drafting.reckon(currency, lines, parts)

    house = by_the_house(made, whole, found.groups, net=found.net, tax=found.tax, total=found.total)
    assert house == by_hand(currency, lines, parts)
    figures = [found.net, found.tax, found.total, *(line.net for line in made), *(part.amount for part in whole)]
    assert {type(figure) for figure in figures} == {int}
    assert found.net + found.tax == found.total


# --- Through the database -------------------------------------------------------------------------------------

# What may be opened: no line without a price's worth, no tax that asks the parties for more than these have.
OPENABLE = st.tuples(
    st.sampled_from(sorted(DIGITS)),
    st.lists(
        LINES.filter(lambda line: line["tax_category"] != "AE" and line["quantity"]),
        min_size=1,
        max_size=4,
    ),
    st.lists(adjustments(taxed=True).filter(lambda part: part["tax_category"] != "AE"), max_size=2),
    st.integers(0, 100),
)


@pytest.fixture
def buyer(db):
    return factories.customer()


@settings(
    max_examples=400 if WHOLE else 40, suppress_health_check=list(HealthCheck), **FIXED
)  # fmt: skip
@given(invoice=OPENABLE)
def test_what_is_stored_adds_up_the_total_pays_it_and_its_credit_note_is_its_equal(buyer, clerk, manager, invoice):
    currency, lines, parts, share = invoice
    hand = by_hand(currency, lines, parts)
    assume(0 < hand["BT-112"] < 10**12)
    prepaid = hand["BT-112"] * share // 200
    given = [{**part, "reason": "Agreed"} for part in parts]
    for line in lines:
        line["adjustments"] = [{**part, "reason": "Agreed"} for part in line["adjustments"]]
    draft = drafting.draft_invoice(
        buyer, by=clerk, lines=lines, adjustments=given, currency=currency, prepaid=prepaid, accounting_rate=Decimal(1)
    )
    assume(not opening.problems(draft, on=factories.TODAY))
    opened = Invoice.objects.get(pk=opening.open_invoice(draft, by=clerk, on=factories.TODAY).pk)

    assert house_of(opened) == hand
    assert opened.amount_due == hand["BT-112"] - prepaid  # BR-CO-16

    paying.pay_invoice(
        opened,
        by=clerk,
        amount=opened.amount_due,
        paid_on=factories.TODAY,
        received_on=factories.TODAY,
        method="transfer",
        occasion=f"{opened.pk}",
    )
    paid = Invoice.objects.get(pk=opened.pk)
    assert (paid.status, paid.amount_due) == ("paid", 0)

    note = crediting.draft_credit_note(paid, by=manager)
    assert house_of(note) == hand


def house_of(invoice) -> dict:
    return by_the_house(
        invoice.lines.all(),
        invoice.adjustments.filter(line=None),
        invoice.tax_lines.all(),
        net=invoice.net_total,
        tax=invoice.tax_total,
        total=invoice.total,
    )
