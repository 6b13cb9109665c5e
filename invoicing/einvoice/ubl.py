"""UBL 2.1 Invoice and CreditNote → the semantic invoice, and a list of what only the file itself keeps."""

from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from config.common.currency import codes

from . import ubl_leftovers, xml
from .model import Invoice, Party, Period, Preceding, Tax, TaxGroup, Totals
from .reading import Ledger, Node
from .ubl_parts import read_adjustments, read_lines, read_party, read_period, read_place, read_references, read_tax
from .xml import Refusal

NAMESPACES = {
    "cac": "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2",
    "cbc": "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2",
}
_ROOTS = {
    "{urn:oasis:names:specification:ubl:schema:xsd:Invoice-2}Invoice": False,
    "{urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2}CreditNote": True,
}
_CONSTANTS = (
    "CustomizationID",
    "ProfileID",
    "ProfileExecutionID",
    "UBLVersionID",
    "UUID",
    "IssueTime",
    "LineCountNumeric",
)


@dataclass(frozen=True)
class Reading:
    invoice: Invoice
    sha256: str
    kept: tuple[str, ...]  # what no field of the invoice holds, in words


def read(content: bytes) -> Reading:
    """Read one file. Refusal with every reason found: unsafe or broken XML, not UBL, or a fact about money, tax or law
    that the semantic invoice cannot hold."""
    root = xml.parse(content)
    if root.tag not in _ROOTS:
        raise Refusal(
            _("This is not a UBL 2.1 invoice or credit note; the file is a “%(name)s”.")
            % {"name": root.tag.rpartition("}")[2][:60]}
        )
    sha256 = xml.fingerprint(root)
    ledger = Ledger(root, NAMESPACES)
    invoice = _read_document(ledger.node(), is_credit_note=_ROOTS[root.tag])
    kept = ubl_leftovers.sort_out(ledger)
    if ledger.problems or invoice is None:
        raise Refusal(*ledger.problems)
    return Reading(invoice, sha256, kept)


def _read_document(top: Node, *, is_credit_note: bool) -> Invoice | None:
    for name in _CONSTANTS:  # of the exchange, not of the invoice
        top.text(f"cbc:{name}")
    _check_type(top, is_credit_note)
    currency = top.text("cbc:DocumentCurrencyCode")
    if currency not in codes():
        top.refuse(_("DocumentCurrencyCode “%(code)s” is not a currency in use."), code=currency[:10])
    accounting_currency = top.text("cbc:TaxCurrencyCode")
    if accounting_currency and accounting_currency not in codes():
        top.refuse(_("TaxCurrencyCode “%(code)s” is not a currency in use."), code=accounting_currency[:10])
    if accounting_currency == currency:
        accounting_currency = ""
    number, issued_on = top.text("cbc:ID"), top.day("cbc:IssueDate")
    if not number:
        top.refuse(_("The invoice number (ID) is missing."))
    if issued_on is None and not top.text("cbc:IssueDate"):
        top.refuse(_("The issue date (IssueDate) is missing."))
    groups, tax, accounting_tax = _read_tax(top, currency, accounting_currency)
    reasons = _reasons(groups)
    lines = read_lines(top, "CreditNoteLine" if is_credit_note else "InvoiceLine", currency, reasons)
    if not lines and not top.ledger.problems:
        top.refuse(_("The file has no lines."))
    delivery = top.one("cac:Delivery")
    representative = top.one("cac:TaxRepresentativeParty")
    invoice = dict(
        number=number,
        issued_on=issued_on,
        is_credit_note=is_credit_note,
        currency=currency,
        accounting_currency=accounting_currency,
        seller=read_party(top.one("cac:AccountingSupplierParty/cac:Party")),
        buyer=_read_buyer(top),
        lines=lines,
        adjustments=read_adjustments(top, currency, taxed=True, reasons=reasons),
        totals=_read_totals(top, currency, tax, accounting_tax),
        tax_groups=groups,
        tax_point=top.day("cbc:TaxPointDate"),
        # BT-9 of a credit note stands with the payment means.
        due_on=top.day("cbc:DueDate") or top.day("cac:PaymentMeans/cbc:PaymentDueDate"),
        buyer_reference=top.text("cbc:BuyerReference"),
        order_number=top.text("cac:OrderReference/cbc:ID"),
        payment_terms="\n".join(text for node in top.all("cac:PaymentTerms") for text in node.texts("cbc:Note")),
        notes=top.texts("cbc:Note"),
        preceding=_read_preceding(top),
        delivered_on=delivery.day("cbc:ActualDeliveryDate") if delivery else None,
        **read_place(delivery),
        period=read_period(top.one("cac:InvoicePeriod")) or Period(),
        tax_representative=read_party(representative) if representative else None,
        references=read_references(top),
    )
    return None if top.ledger.problems else Invoice(**invoice)


def _check_type(top, is_credit_note):
    """Codes of UNCL 1001 that say what the house's two kinds say; any other has a meaning of its own in law."""
    code = top.text("cbc:CreditNoteTypeCode" if is_credit_note else "cbc:InvoiceTypeCode")
    wanted = "381" if is_credit_note else "380"
    if code != wanted:
        top.refuse(
            _("The type code is %(code)s. Only 380 (invoice) and 381 (credit note) can be held."), code=code[:10] or "–"
        )


def _read_buyer(top) -> Party:
    buyer = read_party(top.one("cac:AccountingCustomerParty/cac:Party"))
    if not buyer.name:
        top.refuse(_("The customer's name is missing."))
    return buyer


def _read_preceding(top) -> tuple[Preceding, ...]:
    nodes = top.all("cac:BillingReference/cac:InvoiceDocumentReference")
    found = (Preceding(node.text("cbc:ID"), node.day("cbc:IssueDate")) for node in nodes)
    return tuple(reference for reference in found if reference.number)


def _read_tax(top, currency, accounting_currency):
    """(breakdown, tax, tax in the accounting currency): one TaxTotal with subtotals, at most one bare one beside it."""
    groups, tax, accounting_tax = [], None, None
    for node in top.all("cac:TaxTotal"):
        stated_in = node.attribute("cbc:TaxAmount", "currencyID") or currency
        if stated_in == currency and tax is None:
            tax = node.amount("cbc:TaxAmount", currency, required=True)
            groups = [_read_group(each, currency) for each in node.all("cac:TaxSubtotal")]
        elif stated_in == accounting_currency and accounting_tax is None and not node.has("cac:TaxSubtotal"):
            accounting_tax = node.amount("cbc:TaxAmount", accounting_currency)
        else:
            node.refuse(_("The file has several tax totals (TaxTotal) that cannot be told apart."))
    if accounting_currency and accounting_tax is None:
        top.refuse(
            _("The file names %(currency)s as the currency of its VAT but states no VAT total in it."),
            currency=accounting_currency,
        )
    groups = tuple(group for group in groups if group)
    if len({(group.tax.category, group.tax.percent) for group in groups}) < len(groups):
        top.refuse(_("The tax breakdown states one category and rate twice."))
    return groups, Decimal(0) if tax is None else tax, accounting_tax


def _read_group(node, currency) -> TaxGroup | None:
    tax = read_tax(node.one("cac:TaxCategory"), node)
    taxable = node.amount("cbc:TaxableAmount", currency, required=True)
    amount = node.amount("cbc:TaxAmount", currency, required=True)
    node.decimal("cbc:Percent")  # older files repeat the rate here
    return None if tax is None or taxable is None or amount is None else TaxGroup(tax, taxable, amount)


def _reasons(groups) -> dict:
    return {(group.tax.category, group.tax.percent): group.tax for group in groups}


def _read_totals(top, currency, tax, accounting_tax) -> Totals | None:
    node = top.one("cac:LegalMonetaryTotal")
    if node is None:
        top.refuse(_("The totals (LegalMonetaryTotal) are missing."))
        return None
    needed = ("LineExtensionAmount", "TaxExclusiveAmount", "TaxInclusiveAmount", "PayableAmount")
    optional = ("AllowanceTotalAmount", "ChargeTotalAmount", "PrepaidAmount", "PayableRoundingAmount")
    lines, net, gross, due = (node.amount(f"cbc:{name}", currency, required=True) for name in needed)
    allowances, charges, prepaid, rounding = (node.amount(f"cbc:{name}", currency) or Decimal(0) for name in optional)
    if rounding:
        node.refuse(
            _("The amount due is rounded by %(amount)s (PayableRoundingAmount), which cannot be held."), amount=rounding
        )
    if None in (lines, net, gross, due):
        return None
    return Totals(lines, net, tax, gross, due, allowances, charges, prepaid, rounding, accounting_tax)


__all__ = ["Reading", "Refusal", "Tax", "read"]
