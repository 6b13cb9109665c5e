"""What stands on the paper: an invoice as the words and figures its page shows, in the customer's language.

Everything here is text already formatted; the template places it and escapes it.
"""

from decimal import Decimal

from django.db.models import prefetch_related_objects
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from config.common.currency import locale_of

from .. import formats
from ..formats import Figures
from ..models import Invoice, InvoiceTemplate
from ..models.tax import Category
from ..models.template import INK
from . import colours
from .payment import how_to_pay

_MARKS = "¹²³⁴⁵⁶⁷⁸⁹"
_CITY_FIRST = {"US", "CA", "AU"}  # city, region and postcode on one line; elsewhere the postcode leads


def sheet(invoice: Invoice, *, seller: dict, buyer: dict, paper: dict) -> dict:
    """Everything the page shows. Call it under `translation.override(invoice.language)`."""
    say = Figures(invoice)
    prefetch_related_objects([invoice], "lines__adjustments")
    tax_lines = list(invoice.tax_lines.all())
    marks = _marks(tax_lines)
    lines = list(invoice.lines.all())
    return {
        "language": invoice.language,
        "draft": invoice.is_draft,
        "credit": invoice.is_credit_note,
        "title": title(invoice),
        "number": invoice.number,
        "currency": invoice.currency,
        "seller": {**seller, "address": ", ".join(address(seller, invoice.language)), "facts": _seller_facts(seller)},
        "buyer": {**buyer, "address": address(buyer, invoice.language)},
        "to_label": _("Credit to") if invoice.is_credit_note else _("Bill to"),
        "dates": _dates(invoice, say),
        "references": _references(invoice, buyer, say),
        "lines": [_line(line, say, marks) for line in lines],
        "totals": _totals(invoice, lines, tax_lines, say, marks, seller),
        "due": say.money(invoice.total - invoice.prepaid),
        "due_label": _("Amount credited") if invoice.is_credit_note else _("Amount due"),
        "accounting": _accounting(invoice),
        "exemptions": _exemptions(tax_lines, marks),
        "payment": None if invoice.is_credit_note else how_to_pay(invoice, paper, say),
        "note": invoice.note,
        "footer": paper.get("footer", ""),
        **_look(paper, seller),
    }


def _look(paper: dict, seller: dict) -> dict:
    """Layout and colours; papers of the first days name none. Small text keeps the ink where the colour is pale."""
    colour, layout = paper.get("colour") or INK, paper.get("layout") or InvoiceTemplate.Layout.CLASSIC.value
    colour = colour if colours.is_colour(colour) else INK
    sender = [seller.get("name") or "", *address({**seller, "country": ""}, "en")]
    return {
        "is_window": layout == InvoiceTemplate.Layout.WINDOW,
        "is_compact": layout == InvoiceTemplate.Layout.COMPACT,
        "colour": colour,
        "text_colour": colour if colours.contrast(colour) >= colours.FOR_TEXT else INK,
        "sender": " · ".join(sender) if layout == InvoiceTemplate.Layout.WINDOW else "",
    }


def title(invoice: Invoice) -> str:
    """What the paper calls itself, in the active language."""
    return {
        Invoice.Kind.INVOICE: pgettext("title on paper", "Invoice"),
        # Translators: German tax law keeps "Gutschrift" for self-billing; a correction is a "Rechnungskorrektur".
        Invoice.Kind.CREDIT_NOTE: pgettext("title on paper", "Credit note"),
        Invoice.Kind.CLAIM: pgettext("title on paper", "Claim"),
    }[Invoice.Kind(invoice.kind)]


def address(party: dict, language: str) -> list[str]:
    """Street to country, a line each, in the order the country writes them."""
    get = lambda key: (party.get(key) or "").strip()  # noqa: E731
    country = locale_of(language).territories.get(get("country"), get("country"))
    if get("country") in _CITY_FIRST:
        state = " ".join(filter(None, [get("region"), get("postcode")]))
        place = [", ".join(filter(None, [get("city"), state]))]
    elif get("country") == "GB":
        place = [get("city"), get("region"), get("postcode")]
    else:
        place = [" ".join(filter(None, [get("postcode"), get("city")])), get("region")]
    return [part for part in [get("street"), get("street2"), *place, country] if part]


def _seller_facts(seller: dict) -> list[str]:
    registered = seller.get("registration_no")
    facts = [
        seller.get("name"),
        registered and _("Registration number %(number)s") % {"number": registered},
        seller.get("vat_id") and _("VAT id %(number)s") % {"number": seller["vat_id"]},
        seller.get("tax_number") and _("Tax number %(number)s") % {"number": seller["tax_number"]},
        seller.get("email"),
        seller.get("phone"),
        (seller.get("website") or "").removeprefix("https://").removeprefix("http://").rstrip("/"),
    ]
    return [fact for fact in facts if fact]


def _dates(invoice: Invoice, say: Figures) -> list[tuple[str, str]]:
    issued = say.date(invoice.issued_on) or _("on opening")
    rows = [(pgettext("on paper", "Issued"), issued)]
    if invoice.due_on and not invoice.is_credit_note:
        rows.append((pgettext("on paper", "Due"), say.date(invoice.due_on)))
    has_period = invoice.period_start or invoice.period_end
    if has_period:
        rows.append((_("Service period"), formats.period_text(invoice.period_start, invoice.period_end, say.language)))
    if invoice.delivered_on:
        rows.append((pgettext("on paper", "Delivered"), say.date(invoice.delivered_on)))
    if not has_period and not invoice.delivered_on and invoice.kind == Invoice.Kind.INVOICE:
        rows.append((_("Date of supply"), issued))  # the law asks for one; where none is given it is the issue date
    return rows


def _references(invoice: Invoice, buyer: dict, say: Figures) -> list[tuple[str, str]]:
    corrected = invoice.corrects_text
    if invoice.corrects is not None and invoice.corrects.number:  # a draft has none, the text then says which
        corrected = f"{invoice.corrects.number}, {say.date(invoice.corrects.issued_on)}"
    rows = [
        (_("Corrects invoice"), corrected),
        (_("Your reference"), invoice.buyer_reference),
        (_("Purchase order"), invoice.order_number),
        (_("Customer number"), buyer.get("number", "")),
        (_("Our reference"), invoice.source_reference),
    ]
    return [(label, value) for label, value in rows if value]


def _line(line, say: Figures, marks: dict) -> dict:
    base = Decimal(line.price_base)
    per = base != 1 and _("per %(measure)s") % {"measure": formats.measure_text(base, line.unit, say.language)}
    return {
        "name": line.name,
        "details": line.details,
        "period": formats.period_text(line.period_start, line.period_end, say.language),
        "quantity": formats.measure_text(line.quantity, line.unit, say.language),
        "price": formats.price_text(line.unit_price, say.currency, say.language),
        "per": per or "",
        "tax": _rate(line.tax_category, line.tax_percent, say, marks),
        "amount": say.amount(line.net),
        "adjustments": [_adjustment(adjustment, say, marks) for adjustment in line.adjustments.all()],
    }


def _adjustment(adjustment, say: Figures, marks: dict) -> dict:
    label = adjustment.reason or (_("Charge") if adjustment.is_charge else _("Allowance"))
    if adjustment.percent:
        label = f"{label} {say.percent(adjustment.percent)}"
    tax = _rate(adjustment.tax_category, adjustment.tax_percent, say, marks)
    return {"label": label, "amount": say.amount(adjustment.signed), "tax": tax}


def _rate(category: str, percent: Decimal, say: Figures, marks: dict) -> str:
    shown = "–" if category == Category.OUT_OF_SCOPE else say.percent(percent)
    return f"{shown}{formats.NBSP}{marks[category]}" if category in marks else shown


def _marks(tax_lines) -> dict[str, str]:
    """A footnote mark for each category that charges nothing and says why, where a reader could mix them up."""
    untaxed = [line.category for line in tax_lines if line.category not in (Category.STANDARD, Category.ZERO)]
    if len(tax_lines) < 2:
        return {}
    return dict(zip(dict.fromkeys(untaxed), _MARKS, strict=False))


def _tax_word(seller: dict) -> str:
    return _("VAT") if seller.get("vat_id") else _("Tax")


def _totals(invoice, lines, tax_lines, say, marks, seller) -> list[tuple[str, str]]:
    """Rows above the amount due: (label, amount)."""
    whole = [adjustment for adjustment in invoice.adjustments.all() if adjustment.line_id is None]
    rows = []
    if whole:
        rows.append((_("Sum of lines"), say.amount(sum(line.net for line in lines))))
        for adjustment in whole:
            shown = _adjustment(adjustment, say, marks)
            rows.append((f"{shown['label']} ({_tax_word(seller)} {shown['tax']})", shown["amount"]))
    rows.append((_("Subtotal"), say.amount(invoice.net_total)))
    for tax in tax_lines:
        label = f"{_tax_word(seller)} {_rate(tax.category, tax.percent, say, marks)}"
        if tax.category == Category.OUT_OF_SCOPE:
            label = " ".join(filter(None, [_("Not subject to VAT"), marks.get(tax.category)]))
        rows.append((_("%(tax)s on %(base)s") % {"tax": label, "base": say.amount(tax.taxable)}, say.amount(tax.tax)))
    if invoice.prepaid:
        rows += [(_("Total"), say.amount(invoice.total)), (_("Prepaid"), say.amount(-invoice.prepaid))]
    return rows


def _accounting(invoice: Invoice) -> str:
    if not invoice.accounting_currency or invoice.accounting_tax is None:
        return ""
    told = formats.money_text(invoice.accounting_tax, invoice.accounting_currency, invoice.language)
    if not invoice.accounting_rate:
        return _("VAT total in %(currency)s: %(amount)s") % {"currency": invoice.accounting_currency, "amount": told}
    return _("VAT total in %(currency)s: %(amount)s (1 %(from)s = %(rate)s %(currency)s)") % {
        "currency": invoice.accounting_currency,
        "amount": told,
        "from": invoice.currency,
        "rate": formats.quantity_text(invoice.accounting_rate, invoice.language),
    }


def _exemptions(tax_lines, marks: dict) -> list[str]:
    """Why no tax is charged: the words of the law, then those of the rate where they say more.

    The texts a new installation begins with are among the translated ones, so they follow the customer's language.
    """
    law = {
        Category.EXEMPT: _("Exempt from VAT."),
        Category.REVERSE_CHARGE: _("Reverse charge: the customer accounts for the VAT."),
        Category.INTRA_COMMUNITY: _("Intra-community supply, Article 138 of Directive 2006/112/EC."),
        Category.EXPORT: _("Export, Article 146 of Directive 2006/112/EC."),
        Category.OUT_OF_SCOPE: _("Not subject to VAT."),
    }
    told = []
    for tax in tax_lines:
        if tax.category not in law:
            continue
        words, own = law[tax.category], _(tax.exemption_text) if tax.exemption_text else ""
        says_more = own.rstrip(". ").casefold() not in words.casefold()
        parts = [marks.get(tax.category), words, own if says_more else ""]
        told.append(" ".join(part for part in parts if part))
    return list(dict.fromkeys(told))
