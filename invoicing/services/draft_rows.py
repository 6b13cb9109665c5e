"""The rows of a draft, built and reckoned: lines, allowances and charges, with their tax copied."""

from django.utils.translation import gettext as _

from config.common.currency import amount_text, digits
from config.common.errors import DomainError

from ..models import Adjustment, Invoice, Line
from ..money import Taxed, Totals, line_net, percentage, totals

MOST = 2**63  # minor units: what a column holds
FROM_TAX = {
    "tax_category": "category",
    "tax_percent": "percent",
    "exemption_text": "exemption_text",
    "exemption_code": "exemption_code",
}


def _copied_tax(row: dict) -> dict:
    tax = row.get("tax")
    copied = {name: getattr(tax, source) for name, source in FROM_TAX.items()} if tax else {}
    return {**copied, **{name: row[name] for name in FROM_TAX if name in row}, "tax": tax}


def _adjustment(row: dict, *, invoice, position, default_base: int, line=None) -> Adjustment:
    percent, base, amount = row.get("percent"), row.get("base"), row.get("amount")
    if amount is None:
        if percent is None:
            raise DomainError(_("An allowance or charge needs an amount or a percentage."))
        base = default_base if base is None else base
        amount = percentage(base, percent)
    is_charge, code = row.get("is_charge", False), row.get("reason_code", "")
    if amount < 0:  # a discount on goods that come back: a charge by its amount, as no percent of it explains it
        is_charge, amount, percent, base, code = not is_charge, -amount, None, None, ""
    taxed = {} if line is not None else _copied_tax(row)
    return Adjustment(
        invoice=invoice,
        line=line,
        position=position,
        is_charge=is_charge,
        reason=row.get("reason", ""),
        reason_code=code,
        percent=percent,
        base=base,
        amount=amount,
        **taxed,
    )


def reckon(currency: str, lines, adjustments=()) -> tuple[list[Line], list[Adjustment], Totals]:
    """What rows (as in change_draft) come to, written nowhere: lines, the document's adjustments, and the totals."""
    made, _of_lines, whole = _built_rows(Invoice(currency=currency), lines, adjustments)
    return made, whole, totals(taxed_rows(made, whole))


def write_rows(invoice, lines, adjustments):
    made, of_lines, whole = _built_rows(invoice, traced(invoice, lines), adjustments)
    parts = [*of_lines, *whole]
    check_size([*(line.net for line in made), *(n for part in parts for n in (part.amount, part.base or 0))])
    Line.objects.bulk_create(made)
    Adjustment.objects.bulk_create(parts)


def check_size(figures):
    if any(abs(figure) >= MOST for figure in figures):
        raise DomainError(_("The lines come to more than an invoice can hold."))


def _built_rows(invoice, lines, adjustments):
    """(lines, their adjustments, the document's), unsaved."""
    places = digits(invoice.currency)
    made, of_lines = [], []
    for position, row in enumerate(lines, start=1):
        own = {name: value for name, value in row.items() if name not in ("adjustments", *FROM_TAX, "tax")}
        line = Line(invoice=invoice, position=position, **own, **_copied_tax(row))
        gross = line_net(line.quantity, line.unit_price, places, price_base=line.price_base)
        parts = [
            _adjustment(part, invoice=invoice, position=n, default_base=gross, line=line)
            for n, part in enumerate(row.get("adjustments", ()), start=1)
        ]
        line.net = gross + sum(part.signed for part in parts)
        made.append(line)
        of_lines += parts
    all_lines = sum(line.net for line in made)
    whole = [
        _adjustment(row, invoice=invoice, position=n, default_base=all_lines)
        for n, row in enumerate(adjustments, start=1)
    ]
    return made, of_lines, whole


def rows_in_words(invoice) -> list[str]:
    """The lines and the document's adjustments, each as a short text: what the trail keeps of them."""
    plain = lambda value: f"{value.normalize():f}"  # noqa: E731
    taxed = lambda row: f"({row.tax_category} {plain(row.tax_percent)}%)"  # noqa: E731
    lines = [
        f"{plain(row.quantity)} {row.unit} × {plain(row.unit_price)} {row.name} {taxed(row)} = "
        f"{amount_text(row.net, invoice.currency)}"
        for row in invoice.lines.all()
    ]
    whole = [
        f"{row.reason} {taxed(row)} = {amount_text(row.signed, invoice.currency)}"
        for row in invoice.adjustments.filter(line=None)
    ]
    return [*lines, *whole]


def taxed_rows(lines, adjustments) -> list[Taxed]:
    """The rows tax is reckoned on: lines (their own allowances within), and the document's adjustments."""
    pairs = [(line.net, line) for line in lines] + [(a.signed, a) for a in adjustments if a.line_id is None]
    return [Taxed(net, row.tax_category, row.tax_percent, row.exemption_text, row.exemption_code) for net, row in pairs]


def traced(invoice, lines) -> list[dict]:
    """Lines of a credit note with the line of the invoice each takes back, by its words, price and tax.

    Whoever edits the draft types lines, not links; so they are found again each time it is saved.
    """
    if invoice.corrects is None or invoice.corrects.is_draft:
        return list(lines)
    left = list(invoice.corrects.lines.all())
    found = []
    for row in lines:
        same = next((line for line in left if _takes_back(row, line)), None)
        if same is not None:
            left.remove(same)
        found.append({**row, "corrects": same})
    return found


def _takes_back(row, line) -> bool:
    if row.get("corrects") is not None:
        return row["corrects"] == line
    own = _copied_tax(row)
    wanted = (row["name"], row["unit_price"], row.get("price_base", 1), own["tax_category"], own["tax_percent"])
    return wanted == (line.name, line.unit_price, line.price_base, line.tax_category, line.tax_percent)
