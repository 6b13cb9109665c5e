"""The semantic invoice → what drafting takes."""

from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from django.utils import translation
from django.utils.translation import gettext as _

from config.common.currency import digits, to_minor

from ..einvoice import model
from ..formats import date_text
from ..money import convert, percentage
from .import_figures import LENGTHS, Figures, prove

MOST_LINES, MOST_ADJUSTMENTS = 500, 50  # of one document, in a file as in the editor


@dataclass
class Draft:
    """What one file would become. Sums are minor units, of a credit note positive."""

    kind: str
    fields: dict
    lines: list
    adjustments: list
    net: int
    tax: int
    total: int
    prepaid: int
    due: int
    problems: list[str] = field(default_factory=list)  # why it cannot be made
    remarks: list[str] = field(default_factory=list)  # what a person should know
    said: list[str] = field(default_factory=list)  # lines for the internal note


def build(invoice: model.Invoice, *, own_currency: str, language: str) -> Draft:
    """The draft that says what the file says. `language` is the customer's: the document's own note is written in it.

    `problems` tells what keeps it from being made: other arithmetic than the file's, or a figure no column holds.
    """
    build = Figures(invoice)
    if invoice.is_credit_note and invoice.totals.gross < 0:
        build.problems.append(_("It is a credit note with a negative total, so it asks for money. That is an invoice."))
    for rows, most in ((invoice.lines, MOST_LINES), (invoice.adjustments, MOST_ADJUSTMENTS)):
        if len(rows) > most:
            build.problems.append(_("It has more than %(most)s rows of a kind. Split it up.") % {"most": most})
    try:
        sums = prove(build)
        lines = [_line(build, line) for line in invoice.lines]
        adjustments = [_adjustment(build, row, _("An allowance or charge")) for row in invoice.adjustments]
    except InvalidOperation:
        build.problems.append(_("A figure is too large."))
        sums, lines, adjustments = dict.fromkeys(("net", "tax", "total", "prepaid", "due"), 0), [], []
    is_credit_note = invoice.is_credit_note or build.is_turned
    if build.is_turned:
        build.remarks.append(
            _("An invoice with a negative total: it comes in as a credit note, with the same amounts positive.")
        )
    fields = _fields(build, sums, own_currency)
    with translation.override(language):
        fields["note"] = _document_note(invoice, own_currency, language)
    _references(build)
    return Draft(
        kind="credit_note" if is_credit_note else "invoice",
        fields={**fields, "kind": "credit_note" if is_credit_note else "invoice"},
        lines=lines, adjustments=adjustments, **sums,
        problems=build.problems, remarks=build.remarks, said=build.said,
    )  # fmt: skip


def _line(build, line: model.Line) -> dict:
    what = _("Line %(n)s") % {"n": line.id}
    quantity, price = line.quantity * build.sign, line.price
    if price < 0:  # prices are never negative, quantities may be
        quantity, price = -quantity, -price
    if not line.unit:
        build.remarks.append(_("%(what)s has no unit; it comes in as pieces.") % {"what": what})
    if len(line.unit) > 3:
        build.problems.append(
            _("%(what)s has the unit “%(unit)s”, no code of three letters.") % {"what": what, "unit": line.unit[:20]}
        )
    details = [
        *(line.description.splitlines()),
        *line.notes,
        *(f"{name}: {value}" for name, value in line.attributes),
        *([_("Item number: %(id)s") % {"id": line.seller_item}] if line.seller_item else []),
        *([_("Your item number: %(id)s") % {"id": line.buyer_item}] if line.buyer_item else []),
    ]
    if len(line.name) > LENGTHS["line.name"]:
        details.insert(0, line.name)
    return {
        "name": build.fit(line.name, "line.name", what),
        "details": "\n".join(details),
        "quantity": build.rate(quantity, _("%(what)s, quantity") % {"what": what}),
        "unit": line.unit or "C62",
        "unit_price": build.rate(price, _("%(what)s, price") % {"what": what}),
        "price_base": build.rate(line.price_base, _("%(what)s, price base") % {"what": what}),
        "period_start": line.period.start,
        "period_end": line.period.end,
        "adjustments": [_adjustment(build, row, what) for row in line.adjustments],
        **_tax(build, line.tax, what),
    }


def _adjustment(build, row: model.Adjustment, what) -> dict:
    """Amounts become positive: a negative allowance is a charge, and the other way round."""
    amount = build.minor(row.amount, what) * build.sign
    base = None if row.base is None else build.minor(row.base, what) * build.sign
    is_charge = row.is_charge
    if amount < 0:
        amount, is_charge, base = -amount, not is_charge, None if base is None else -base
    percent = row.percent
    if (base, percent) != (None, None) and not _explains(amount, base, percent):
        build.said.append(
            _("%(what)s: stated as %(percent)s %% of %(base)s")
            % {"what": row.reason or what, "percent": row.percent or "–", "base": row.base or "–"}
        )
        base = percent = None
    found = {
        "is_charge": is_charge, "amount": amount, "base": base, "percent": percent,
        "reason": build.fit(row.reason, "reason", _("The reason of an allowance or charge")),
        "reason_code": build.exact(row.reason_code, "reason_code", _("A reason code")),
    }  # fmt: skip
    return {**found, **_tax(build, row.tax, what)} if row.tax else found


def _explains(amount, base, percent) -> bool:
    """Whether percent of base is the amount; only then both are kept as the way it came about."""
    if base is None or percent is None:
        return False
    return percentage(base, percent) == amount and percent == percent.quantize(Decimal("1.0000")) and percent < 10**5


def _tax(build, tax: model.Tax, what) -> dict:
    return {
        "tax_category": tax.category,
        "tax_percent": build.rate(tax.percent, _("%(what)s, tax rate") % {"what": what}, whole=3, places=4),
        "exemption_text": build.exact(tax.exemption_text, "exemption_text", _("The reason no tax is charged")),
        "exemption_code": build.exact(tax.exemption_code, "exemption_code", _("The reason code")),
    }


def _fields(build, sums, own_currency) -> dict:
    invoice = build.invoice
    fields = {
        "currency": invoice.currency,
        "issued_on": invoice.issued_on,
        "due_on": invoice.due_on,
        "due_typed": invoice.due_on is not None,
        "discount_percent": Decimal(0),  # the customer's usual discount is none the file grants
        "discount_days": 0,
        "delivered_on": invoice.delivered_on,
        "period_start": invoice.period.start,
        "period_end": invoice.period.end,
        "delivery_country": invoice.deliver_to.country[:2],
        "order_number": build.fit(invoice.order_number, "order_number", _("The purchase order number")),
        "source_reference": build.exact(invoice.number, "source_reference", _("The number")),
        "prepaid": sums["prepaid"],
        "accounting_rate": _accounting_rate(build, own_currency),
    }
    if invoice.buyer_reference:
        fields["buyer_reference"] = build.fit(invoice.buyer_reference, "buyer_reference", _("The buyer reference"))
    return fields


def _accounting_rate(build, own_currency) -> Decimal | None:
    """The rate with the fewest digits that gives the file's VAT total in our accounting currency."""
    invoice, stated = build.invoice, build.invoice.totals.tax_in_accounting_currency
    if stated is None or invoice.accounting_currency != own_currency:
        if stated is not None:
            build.remarks.append(
                _("The VAT is stated in %(currency)s too; our books are kept in %(own)s, so it stands in the note.")
                % {"currency": invoice.accounting_currency, "own": own_currency}
            )
        return None
    tax, there = invoice.totals.tax, digits(own_currency)
    try:
        wanted = to_minor(stated, own_currency)
        if not tax and not stated:
            return None
        for places in range(2, 9):
            rate = (stated / tax).quantize(Decimal(1).scaleb(-places)) if tax else Decimal(0)
            if rate > 0 and convert(to_minor(tax, invoice.currency), rate, build.places, there) == wanted:
                return rate
    except (ValueError, InvalidOperation):
        pass
    build.problems.append(
        _("No rate turns the VAT of %(tax)s %(currency)s into the stated %(stated)s %(own)s.")
        % {"tax": tax, "currency": invoice.currency, "stated": stated, "own": own_currency}
    )
    return None


def _document_note(invoice, own_currency, language) -> str:
    """What the paper has to say in words: notes, payment terms, and facts of tax law that have no column."""
    said = [*invoice.notes]
    if invoice.payment_terms:
        said.append(_("Payment terms: %(text)s") % {"text": invoice.payment_terms})
    if invoice.tax_point:
        said.append(_("Tax point date: %(date)s") % {"date": date_text(invoice.tax_point, language)})
    elif code := invoice.period.tax_point_code:
        points = {"3": _("invoice date"), "35": _("delivery date"), "432": _("date of payment")}
        said.append(_("Tax point: %(what)s") % {"what": points.get(code, code)})
    if invoice.accounting_currency not in ("", own_currency):
        said.append(
            _("VAT total in %(currency)s: %(amount)s")
            % {"currency": invoice.accounting_currency, "amount": f"{invoice.totals.tax_in_accounting_currency:f}"}
        )
    if person := invoice.tax_representative:
        parts = (person.name, str(person.address), person.vat_id)
        said.append(_("Tax representative: %(text)s") % {"text": ", ".join(part for part in parts if part)})
    return "\n".join(said)


def _references(build):
    """What people may want to look up, for the internal note."""
    invoice, buyer = build.invoice, build.invoice.buyer
    build.said += [f"{label}: {text}" for label, text in invoice.references]
    if place := ", ".join(part for part in (invoice.deliver_to_name, str(invoice.deliver_to)) if part):
        build.said.append(_("Delivered to: %(place)s") % {"place": place})
    if buyer.trade_name:
        build.said.append(_("Customer's trading name: %(name)s") % {"name": buyer.trade_name})
    for found in buyer.identifiers:
        scheme = f" ({found.scheme})" if found.scheme else ""
        build.said.append(_("Customer's identifier: %(id)s") % {"id": found.value + scheme})
