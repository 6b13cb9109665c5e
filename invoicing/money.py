"""Rounding and tax: pure arithmetic, no ORM.

Amounts are whole minor units of one currency; quantities, prices and percents are Decimal. There is one rounding
point for a line (its net, before its allowances), one for a percentage, and one for tax: per category and rate on
the sum of the group's nets, never per line (EN 16931, BR-S-08 ff., BR-CO-17). Half-up, away from zero.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal

HUNDRED = Decimal(100)
_WIDE = Context(prec=100)  # what is too large for an invoice is told by its limit, not by a crash of the rounding


@dataclass(frozen=True)
class Taxed:
    """A net amount under a tax category and rate: a line, or a document allowance (negative) or charge."""

    net: int
    category: str
    percent: Decimal
    exemption_text: str = ""
    exemption_code: str = ""


@dataclass(frozen=True)
class TaxGroup:
    category: str
    percent: Decimal
    taxable: int
    tax: int
    exemption_text: str
    exemption_code: str


@dataclass(frozen=True)
class Totals:
    net: int
    tax: int
    groups: tuple[TaxGroup, ...]

    @property
    def total(self) -> int:
        return self.net + self.tax


def to_whole(amount: Decimal) -> int:
    """The nearest whole number, halves away from zero."""
    return int(amount.quantize(Decimal(1), rounding=ROUND_HALF_UP, context=_WIDE))


def line_net(
    quantity: Decimal, unit_price: Decimal, digits: int, *, price_base: Decimal = Decimal(1), adjusted=0
) -> int:
    """quantity × unit price ÷ price base in minor units, then its charges less its allowances (`adjusted`, signed).

    ValueError for a price base of zero or less.
    """
    if price_base <= 0:
        raise ValueError("The quantity a price is for has to be more than zero.")
    return to_whole(quantity * unit_price / price_base * Decimal(10) ** digits) + adjusted


def percentage(base: int, percent: Decimal) -> int:
    """That percent of an amount in minor units."""
    return to_whole(base * percent / HUNDRED)


def totals(rows: Iterable[Taxed]) -> Totals:
    """Net, tax and the breakdown per category and rate. Different reasons of one group are joined."""
    groups: dict[tuple[str, Decimal], list[Taxed]] = {}
    for row in rows:
        groups.setdefault((row.category, row.percent.normalize()), []).append(row)
    found = tuple(
        _group(category, percent, members)
        for (category, percent), members in sorted(groups.items(), key=lambda item: (-item[0][1], item[0][0]))
    )
    return Totals(net=sum(group.taxable for group in found), tax=sum(group.tax for group in found), groups=found)


def _group(category, percent, members) -> TaxGroup:
    taxable = sum(member.net for member in members)
    return TaxGroup(
        category=category,
        percent=percent,
        taxable=taxable,
        tax=percentage(taxable, percent),
        exemption_text="; ".join(dict.fromkeys(m.exemption_text for m in members if m.exemption_text)),
        exemption_code=next((m.exemption_code for m in members if m.exemption_code), ""),
    )


def convert(amount: int, rate: Decimal, from_digits: int, to_digits: int) -> int:
    """Minor units of one currency as minor units of another; `rate` is what one major unit is worth there."""
    return to_whole(amount * rate * Decimal(10) ** (to_digits - from_digits))
