"""The parts of a UBL document: parties, places, lines, allowances and charges, tax categories, references."""

from decimal import Decimal

from django.utils.translation import gettext as _

from ..models.tax import Category
from .model import Address, Adjustment, Contact, Identifier, Line, Party, Period, Tax
from .reading import Node


def read_party(node: Node | None) -> Party:
    if node is None:
        return Party()
    trade_name, legal_name = node.text("cac:PartyName/cbc:Name"), node.text("cac:PartyLegalEntity/cbc:RegistrationName")
    vat_id, tax_number = _tax_ids(node)
    return Party(
        name=legal_name or trade_name,
        trade_name=trade_name if legal_name and trade_name != legal_name else "",
        identifiers=tuple(
            Identifier(found.own_text(), (found.element.get("schemeID") or "").strip())
            for found in node.all("cac:PartyIdentification/cbc:ID")
        ),
        registration=_identifier(node, "cac:PartyLegalEntity/cbc:CompanyID"),
        vat_id=vat_id,
        tax_number=tax_number,
        endpoint=_identifier(node, "cbc:EndpointID"),
        address=read_address(node.one("cac:PostalAddress")),
        contact=_read_contact(node.one("cac:Contact")),
    )


def _tax_ids(node):
    """The VAT id and the local tax number: the scheme says which is which."""
    vat_id = tax_number = ""
    for scheme in node.all("cac:PartyTaxScheme"):
        if scheme.text("cac:TaxScheme/cbc:ID").upper() == "VAT":
            vat_id = vat_id or scheme.text("cbc:CompanyID")
        else:
            tax_number = tax_number or scheme.text("cbc:CompanyID")
    return vat_id, tax_number


def _identifier(node, path) -> Identifier:
    return Identifier(node.text(path), node.attribute(path, "schemeID"))


def read_address(node: Node | None) -> Address:
    if node is None:
        return Address()
    return Address(
        street=node.text("cbc:StreetName"),
        street2=node.text("cbc:AdditionalStreetName"),
        line3=node.text("cac:AddressLine/cbc:Line"),
        postcode=node.text("cbc:PostalZone"),
        city=node.text("cbc:CityName"),
        region=node.text("cbc:CountrySubentity"),
        country=node.text("cac:Country/cbc:IdentificationCode"),
    )


def _read_contact(node) -> Contact:
    if node is None:
        return Contact()
    return Contact(node.text("cbc:Name"), node.text("cbc:Telephone"), node.text("cbc:ElectronicMail"))


def read_place(delivery: Node | None) -> dict:
    """Where and to whom it was delivered, as fields of Invoice."""
    if delivery is None:
        return {}
    return {
        "deliver_to": read_address(delivery.one("cac:DeliveryLocation/cac:Address")),
        "deliver_to_name": delivery.text("cac:DeliveryParty/cac:PartyName/cbc:Name"),
    }


def read_period(node: Node | None) -> Period | None:
    if node is None:
        return None
    period = Period(node.day("cbc:StartDate"), node.day("cbc:EndDate"), node.text("cbc:DescriptionCode"))
    if period.start and period.end and period.end < period.start:
        node.refuse(_("The period ends (%(end)s) before it begins (%(start)s)."), end=period.end, start=period.start)
    return period


def read_tax(node: Node | None, parent: Node) -> Tax | None:
    """A tax category; refused are categories and schemes that no tax rate of ours can stand for."""
    if node is None:
        parent.refuse(_("The tax category is missing."))
        return None
    category, percent = node.text("cbc:ID"), node.decimal("cbc:Percent")
    scheme = node.text("cac:TaxScheme/cbc:ID")
    if scheme.upper() != "VAT":
        node.refuse(_("The tax is “%(scheme)s”; only VAT can be held."), scheme=scheme[:20] or "–")
    if category not in Category.values:
        node.refuse(_("The tax category “%(category)s” cannot be held."), category=category[:10] or "–")
        return None
    if percent is None:
        if category != Category.OUT_OF_SCOPE:
            node.refuse(_("The rate (Percent) of tax category %(category)s is missing."), category=category)
        percent = Decimal(0)
    if percent and category != Category.STANDARD:
        node.refuse(
            _("Tax category %(category)s bears no tax, but the file says %(percent)s %%."),
            category=category, percent=f"{percent:f}",
        )  # fmt: skip
    if percent < 0:
        node.refuse(_("The tax rate is negative."))
    return Tax(category, percent, node.text("cbc:TaxExemptionReason"), node.text("cbc:TaxExemptionReasonCode"))


def read_adjustments(node: Node, currency, *, taxed: bool, reasons=None) -> tuple[Adjustment, ...]:
    return tuple(
        found
        for each in node.all("cac:AllowanceCharge")
        if (found := _read_adjustment(each, currency, taxed, reasons or {}))
    )


def _read_adjustment(node, currency, taxed, reasons) -> Adjustment | None:
    indicator = node.text("cbc:ChargeIndicator")
    if indicator not in ("true", "false", "1", "0"):
        node.refuse(_("It cannot be told whether an AllowanceCharge is an allowance or a charge."))
    amount = node.amount("cbc:Amount", currency, required=True)
    tax = _with_reason(read_tax(node.one("cac:TaxCategory"), node), reasons) if taxed else None
    if amount is None or (taxed and tax is None):
        return None
    return Adjustment(
        is_charge=indicator in ("true", "1"),
        amount=amount,
        base=node.amount("cbc:BaseAmount", currency),
        percent=node.decimal("cbc:MultiplierFactorNumeric"),
        reason=node.text("cbc:AllowanceChargeReason"),
        reason_code=node.text("cbc:AllowanceChargeReasonCode"),
        tax=tax,
    )


def read_lines(top: Node, name: str, currency: str, reasons: dict) -> tuple[Line, ...]:
    """All lines; `reasons` are the taxes of the breakdown, where the reason of an exemption stands."""
    nodes = top.all(f"cac:{name}")
    quantity = "CreditedQuantity" if name == "CreditNoteLine" else "InvoicedQuantity"
    found = []
    for position, node in enumerate(nodes, start=1):
        node.where = _("Line %(n)s: ") % {"n": node.text("cbc:ID")[:20] or position}
        found.append(_read_line(node, f"cbc:{quantity}", currency, reasons))
    return tuple(line for line in found if line)


def _read_line(node, quantity_path, currency, reasons) -> Line | None:
    item, price_node = node.one("cac:Item"), node.one("cac:Price")
    if item is None or price_node is None or not node.text(quantity_path):
        node.refuse(_("the item, the quantity or the price is missing."))
        return None
    quantity = node.decimal(quantity_path)
    unit = node.attribute(quantity_path, "unitCode")
    price, base, base_unit = _read_price(price_node, currency)
    if base_unit and unit and base_unit != unit:
        node.refuse(
            _("the price is per %(base)s, the quantity in %(unit)s; this cannot be reckoned."),
            base=base_unit,
            unit=unit,
        )
    if len(item.all("cac:ClassifiedTaxCategory")) > 1:
        node.refuse(_("it has more than one tax category."))
    tax = _with_reason(read_tax(item.one("cac:ClassifiedTaxCategory"), node), reasons)
    net = node.amount("cbc:LineExtensionAmount", currency, required=True)
    adjustments = read_adjustments(node, currency, taxed=False)
    period = read_period(node.one("cac:InvoicePeriod")) or Period()
    if None in (quantity, price, net, tax):
        return None
    return Line(
        id=node.text("cbc:ID"),
        name=item.text("cbc:Name"),
        quantity=quantity,
        unit=unit,
        price=price,
        price_base=base,
        net=net,
        tax=tax,
        description="\n".join(item.texts("cbc:Description")),
        notes=node.texts("cbc:Note"),
        period=period,
        adjustments=adjustments,
        seller_item=item.text("cac:SellersItemIdentification/cbc:ID"),
        buyer_item=item.text("cac:BuyersItemIdentification/cbc:ID"),
        attributes=tuple(
            (each.text("cbc:Name"), each.text("cbc:Value")) for each in item.all("cac:AdditionalItemProperty")
        ),
    )


def _read_price(node, currency):
    """(net price, the quantity it is for, that quantity's unit). The net price counts, not how it came about."""
    price = node.amount("cbc:PriceAmount", currency, required=True)
    base = node.decimal("cbc:BaseQuantity")
    if base is not None and base <= 0:
        node.refuse(_("the quantity the price is for (BaseQuantity) has to be more than zero."))
        base = None
    return price, Decimal(1) if base is None else base, node.attribute("cbc:BaseQuantity", "unitCode")


def _with_reason(tax, reasons):
    """The breakdown's tax of the same category and rate says why; the line's own where the breakdown does not."""
    stated = reasons.get((tax.category, tax.percent)) if tax else None
    return stated if stated and (stated.exemption_text or stated.exemption_code) else tax


def read_references(top: Node) -> tuple[tuple[str, str], ...]:
    """Facts for people's eyes: (what it is, its text)."""
    single = (
        (_("Contract"), "cac:ContractDocumentReference/cbc:ID"),
        (_("Project"), "cac:ProjectReference/cbc:ID"),
        (_("Sales order"), "cac:OrderReference/cbc:SalesOrderID"),
        (_("Despatch advice"), "cac:DespatchDocumentReference/cbc:ID"),
        (_("Receiving advice"), "cac:ReceiptDocumentReference/cbc:ID"),
        (_("Tender or lot"), "cac:OriginatorDocumentReference/cbc:ID"),
        (_("Accounting cost"), "cbc:AccountingCost"),
        (_("Payment reference"), "cac:PaymentMeans/cbc:PaymentID"),
        (_("Payee"), "cac:PayeeParty/cac:PartyName/cbc:Name"),
    )
    found = [(label, text) for label, path in single if (text := top.text(path))]
    for node in top.all("cac:AdditionalDocumentReference"):
        parts = (node.text("cbc:ID"), *node.texts("cbc:DocumentDescription"))
        found.append((_("Supporting document"), ", ".join(part for part in parts if part)))
    return tuple(found)
