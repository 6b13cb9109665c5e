"""What the rows of a draft are typed with, and how stored rows come to stand in their fields.

What a field cannot show (three allowances on an imported line, a tax rate nobody offers any more) travels along as a
signed choice of its select and comes back unharmed.
"""

from dataclasses import dataclass

from django.core import signing

from config.common.currency import digits

from ..figures import show_decimal, show_money
from ..models import TaxRate
from ..models.tax import Category
from ..money import percentage

KEPT, OWN = "kept:", "own:"
_SALT = "invoicing.editor"


@dataclass(frozen=True)
class Palette:
    """What the rows of one draft are typed with."""

    currency: str
    rates: list[TaxRate]

    @classmethod
    def of(cls, currency):
        return cls(currency=currency, rates=list(TaxRate.objects.current()))

    @property
    def usual(self) -> str:
        """The rate a new row begins with."""
        standard = [rate for rate in self.rates if rate.category == Category.STANDARD]
        found = (standard or self.rates)[:1]
        return str(found[0].pk) if found else ""

    def choice_of(self, row) -> str:
        """The choice for the tax a stored row carries: a rate that is just so, else the row's own values."""
        values = (row.tax_category, row.tax_percent, row.exemption_text, row.exemption_code)
        for rate in self.rates:
            if values == (rate.category, rate.percent, rate.exemption_text, rate.exemption_code):
                return str(rate.pk)
        return OWN + signing.dumps([values[0], str(values[1]), *values[2:]], salt=_SALT)


def unsign(choice: str, prefix: str):
    """What a signed choice holds; None where it is none or somebody altered it."""
    if not choice.startswith(prefix):
        return None
    try:
        return signing.loads(choice.removeprefix(prefix), salt=_SALT)
    except signing.BadSignature:
        return None


def line_initial(line, palette: Palette) -> dict:
    """A stored line as it stands in its form."""
    parts = list(line.adjustments.all())
    gross = line.net - sum(part.signed for part in parts)
    names = ("name", "details", "quantity", "unit", "period_start", "period_end")
    return {
        **{name: getattr(line, name) for name in names},
        "unit_price": show_decimal(line.unit_price, at_least=digits(palette.currency)),
        "price_base": None if line.price_base == 1 else line.price_base,
        "tax": palette.choice_of(line),
        **_adjust_initial(parts, base=gross, palette=palette),
    }


def adjustment_initial(part, *, lines_net: int, palette: Palette) -> dict:
    """A stored allowance or charge of the document as it stands in its form."""
    return {"tax": palette.choice_of(part), **_adjust_initial([part], base=lines_net, palette=palette)}


def _adjust_initial(parts, *, base, palette) -> dict:
    if not parts:
        return {}
    if len(parts) > 1 or not _is_plain(parts[0], base):
        kept = [
            {
                "is_charge": part.is_charge,
                "reason": part.reason,
                "reason_code": part.reason_code,
                "percent": None if part.percent is None else str(part.percent),
                "base": part.base,
                "amount": part.amount,
            }
            for part in parts
        ]
        return {"adjust": KEPT + signing.dumps(kept, salt=_SALT), "adjust_reason": ""}
    [part] = parts
    sign = "+" if part.is_charge else "-"
    if part.percent is None:
        return {"adjust": sign, "adjust_value": show_money(part.amount, palette.currency), "adjust_reason": part.reason}
    return {"adjust": f"{sign}%", "adjust_value": show_decimal(part.percent), "adjust_reason": part.reason}


def _is_plain(part, base) -> bool:
    """Typed anew it would come out the same."""
    if part.reason_code:
        return False
    if part.percent is None:
        return part.base is None
    return part.base == base and part.amount == percentage(base, part.percent)
