"""The figures of a file: what our columns can hold, and the proof that our arithmetic gives the file's own totals."""

from decimal import Decimal

from django.utils.translation import gettext as _

from config.common.currency import digits, to_minor

from ..einvoice import model
from ..money import Taxed, line_net, totals

LIMIT = 10**15  # minor units; far from where 64 bits and 28 digits end
LENGTHS = {
    "source_reference": 80, "buyer_reference": 120, "order_number": 80, "corrects_text": 120, "line.name": 300,
    "reason": 120, "reason_code": 6, "exemption_text": 250, "exemption_code": 30,
}  # fmt: skip


class Figures:
    """Collects while one file is reckoned: problems refuse it, remarks are told, `said` goes into the internal note."""

    def __init__(self, invoice: model.Invoice):
        self.invoice = invoice
        self.places = digits(invoice.currency)
        self.problems, self.remarks, self.said = [], [], []
        # A type 380 that owes money to the customer is a credit note with every sign turned.
        self.is_turned = not invoice.is_credit_note and invoice.totals.gross < 0
        self.sign = -1 if self.is_turned else 1

    def minor(self, amount: Decimal, what: str) -> int:
        try:
            found = to_minor(amount, self.invoice.currency)
        except ValueError:
            self.problems.append(
                _("%(what)s, %(amount)s, has more digits than %(currency)s has.")
                % {"what": what, "amount": amount, "currency": self.invoice.currency}
            )
            return 0
        if abs(found) > LIMIT:
            self.problems.append(_("%(what)s, %(amount)s, is too large.") % {"what": what, "amount": amount})
            return 0
        return found

    def rate(self, value: Decimal, what: str, *, whole=12, places=8) -> Decimal:
        fraction = -int(value.normalize().as_tuple().exponent)
        if fraction > places or abs(value) >= Decimal(10) ** whole:
            self.problems.append(
                _("%(what)s, %(value)s, has more digits than can be held.") % {"what": what, "value": value}
            )
        return value

    def fit(self, text: str, key: str, what: str) -> str:
        """Shortened where its column ends; the whole of it then stands in the internal note."""
        if len(text) <= LENGTHS[key]:
            return text
        self.said.append(f"{what}: {text}")
        self.remarks.append(_("%(what)s is shortened; the internal note holds all of it.") % {"what": what})
        return text[: LENGTHS[key] - 1] + "…"

    def exact(self, text: str, key: str, what: str) -> str:
        if len(text) > LENGTHS[key]:
            self.problems.append(
                _("%(what)s is longer than %(limit)s characters.") % {"what": what, "limit": LENGTHS[key]}
            )
        return text


def prove(build: Figures) -> dict:
    """Reckon with the file's own signs and hold every total against its own. The sums, turned where need be."""
    invoice, stated = build.invoice, build.invoice.totals
    rows, line_sum = [], 0
    for position, line in enumerate(invoice.lines, start=1):
        what = _("Line %(n)s") % {"n": line.id or position}
        parts = sum(_signed(build, row, what) for row in line.adjustments)
        net = line_net(line.quantity, line.price, build.places, price_base=line.price_base, adjusted=parts)
        _same(build, what, net, line.net)
        rows.append(_taxed(net, line.tax))
        line_sum += net
    charges = allowances = 0
    for row in invoice.adjustments:
        signed = _signed(build, row, _("An allowance or charge"))
        assert row.tax is not None  # an allowance or charge of the document is taxed; of a line, its line is
        rows.append(_taxed(signed, row.tax))
        charges, allowances = (charges + signed, allowances) if row.is_charge else (charges, allowances - signed)
    found = totals(rows)
    _same(build, _("The sum of the lines"), line_sum, stated.lines)
    _same(build, _("The sum of the allowances"), allowances, stated.allowances)
    _same(build, _("The sum of the charges"), charges, stated.charges)
    _prove_groups(build, found.groups)
    _same(build, _("Net"), found.net, stated.net)
    _same(build, _("Tax"), found.tax, stated.tax)
    _same(build, _("The total"), found.total, stated.gross)
    prepaid = build.minor(stated.prepaid, _("Prepaid"))
    _same(build, _("The amount due"), found.total - prepaid, stated.due)
    sign = build.sign
    if prepaid * sign < 0:
        build.problems.append(_("The prepaid amount has the wrong sign."))
    elif prepaid * sign > found.total * sign:
        build.problems.append(_("More is prepaid than the total; what was paid too much is a payment, not an invoice."))
    return {
        "net": found.net * sign, "tax": found.tax * sign, "total": found.total * sign, "prepaid": prepaid * sign,
        "due": (found.total - prepaid) * sign,
    }  # fmt: skip


def _prove_groups(build, groups):
    stated = {(group.tax.category, group.tax.percent.normalize()): group for group in build.invoice.tax_groups}
    if not stated and not any(group.tax for group in groups):
        return
    for group in groups:
        what = _("Category %(category)s at %(percent)s %%") % {
            "category": group.category,
            "percent": f"{group.percent:f}",
        }
        theirs = stated.pop((group.category, group.percent), None)
        if theirs is None:
            build.problems.append(_("%(what)s is missing in the file's tax breakdown.") % {"what": what})
            continue
        _same(build, _("%(what)s, taxable") % {"what": what}, group.taxable, theirs.taxable)
        _same(build, _("%(what)s, tax") % {"what": what}, group.tax, theirs.amount)
    for (category, percent), theirs in stated.items():
        if theirs.taxable or theirs.amount:
            what = _("Category %(category)s at %(percent)s %%") % {"category": category, "percent": f"{percent:f}"}
            build.problems.append(_("%(what)s is in the file's tax breakdown, but nothing bears it.") % {"what": what})


def _same(build, what, ours: int, theirs: Decimal):
    before = len(build.problems)
    stated = build.minor(theirs, what)
    if len(build.problems) == before and ours != stated:
        places = Decimal(ours).scaleb(-build.places)
        build.problems.append(
            _("%(what)s: the file says %(theirs)s, its own figures give %(ours)s.")
            % {"what": what, "theirs": f"{theirs:f}", "ours": f"{places:f}"}
        )


def _taxed(net, tax: model.Tax) -> Taxed:
    return Taxed(net, tax.category, tax.percent, tax.exemption_text, tax.exemption_code)


def _signed(build, row: model.Adjustment, what) -> int:
    amount = build.minor(row.amount, what)
    return amount if row.is_charge else -amount
