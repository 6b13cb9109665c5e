"""What a row of an invoices' spreadsheet can say: one line, and the invoice it belongs to."""

from datetime import date
from decimal import Decimal
from functools import cache

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.utils.translation import override

from config.common import currency
from config.common.sheets.kinds import Column
from config.common.sheets.values import choice, day, email, figure, plain, text

from .. import formats
from ..models import Invoice, Line
from ..models.tax import Category

CUSTOMER = ("customer_number", "customer_vat_id", "customer_email", "customer_name")
TAX = ("tax", "tax_category", "tax_percent")
OF_LINE = {
    "description", "details", "quantity", "unit", "unit_price", "allowance_percent", *TAX, "period_start",
    "period_end",
}  # fmt: skip
DAYS = frozenset({"issued_on", "due_on", "delivered_on", "period_start", "period_end"})

_UNIT_WORDS = {
    "C62": ["unit", "units", "einheit", "einheiten", "x"],
    "H87": ["pc", "piece", "pieces", "stk", "stück", "stueck"],
    "HUR": ["hr", "hrs", "hour", "hours", "std", "stunde", "stunden"],
    "MIN": ["minute", "minutes", "minuten"],
    "DAY": ["d", "tage", "manntag", "pt"],
    "MON": ["monate", "mth"],
    "ANN": ["jahre", "yr", "p.a."],
    "LS": ["flat", "pauschale", "pausch", "psch"],
    "KGM": ["kilo", "kilogramm"],
    "KMT": ["kilometer"],
    "LTR": ["liter", "litre", "litres"],
    "MTR": ["meter", "metre", "metres"],
    "MTK": ["qm", "m2", "sqm"],
    "MTQ": ["cbm", "m3"],
}  # fmt: skip
_CATEGORY_WORDS = {
    "S": ["standard", "normal"],
    "Z": ["zero", "null"],
    "E": ["befreit", "steuerfrei"],
    "AE": ["reverse charge"],
    "K": ["innergemeinschaftlich", "ig"],
    "G": ["ausfuhr"],
    "O": ["nicht steuerbar"],
}


@cache
def _units():
    """{code: its words in every language we ship, one and several}"""
    words: dict[str, list[str]] = {}
    for language, _name in settings.LANGUAGES:
        with override(language):
            for code, word in formats.unit_choices():
                several = formats.unit_text(code, Decimal(2), language)
                words.setdefault(code, list(_UNIT_WORDS.get(code, ()))).extend(filter(None, (word, several)))
    return words


@cache
def _categories():
    words: dict[str, list[str]] = {}
    for language, _name in settings.LANGUAGES:
        with override(language):
            for category in Category:
                words.setdefault(category.value, list(_CATEGORY_WORDS[category])).append(str(category.label))
    return words


def _tax(cell, habits):
    """The name of a rate as it is, or a percent as a figure: 19, 19 % and 0.19 formatted as percent are 19."""
    if isinstance(cell, Decimal):
        return cell
    return " ".join(plain(cell).split())[:60] or None


def _most(name, model=Invoice):
    return model._meta.get_field(name).max_length


COLUMNS = [
    Column(
        "source_reference", _lazy("Invoice reference"), text(_most("source_reference")),
        ("reference", "invoice", "invoice number", "invoice no", "number", "external number", "document number",
         "Rechnung",
         "Rechnungsnummer", "Rechnungsnr", "Rechnung Nr", "Re-Nr", "Belegnummer", "Beleg", "Referenz"),
        _lazy("Your own. Rows with the same reference are lines of one invoice."), ("R-2041", "R-2041"),
    ),
    Column(
        "customer_number", _lazy("Customer number"), text(30),
        ("customer no", "customer id", "account", "debtor", "Kundennummer", "Kundennr", "Kunden-Nr", "KdNr",
         "Debitor",
         "Debitorennummer"),
        _lazy("Finds the customer; so does one of the next three."), ("C-10001", "C-10001"),
    ),
    Column(
        "customer_vat_id", _lazy("Customer VAT id"), text(30), ("vat id", "vat number", "USt-IdNr", "USt-ID",
        "UID"), "",
    ),
    Column(
        "customer_email", _lazy("Customer email"), email,
        ("email", "e-mail", "contact email", "E-Mail-Adresse", "Mailadresse", "Kunden-E-Mail"), "",
    ),
    Column(
        "customer_name", _lazy("Customer name"), text(160),
        ("customer", "company", "client", "bill to", "Kunde", "Kundenname", "Firma", "Rechnungsempfänger",
         "Empfänger"),
        _lazy("Exactly as it is written here."),
    ),
    Column(
        "issued_on", _lazy("Issue date"), day,
        ("date", "invoice date", "issued", "Datum", "Rechnungsdatum", "Belegdatum", "Ausstellungsdatum"),
        _lazy("Empty: the day it is opened."), (date(2026, 11, 20), date(2026, 11, 20)),
    ),
    Column(
        "due_on", _lazy("Due date"), day, ("due", "payable by", "Fällig", "Fällig am", "Fälligkeit",
        "Fälligkeitsdatum",
         "Zahlbar bis"),
        _lazy("Empty: from the customer's terms."),
    ),
    Column(
        "currency", _lazy("Currency"),
        choice(lambda: dict.fromkeys(currency.codes(), ()), shown=lambda: _("a code such as EUR")),
        ("currency code", "Währung", "Waehrung"), _lazy("Empty: the customer's."), ("EUR", "EUR"),
    ),
    Column(
        "order_number", _lazy("Purchase order"), text(_most("order_number")),
        ("po", "po number", "order", "order number", "Bestellnummer", "Bestellnr", "Bestellung", "Auftragsnummer",
         "Auftrag"),
        "", ("PO-7731", "PO-7731"),
    ),
    Column(
        "buyer_reference", _lazy("Buyer reference"), text(_most("buyer_reference")),
        ("your reference", "Leitweg-ID", "Käuferreferenz", "Ihr Zeichen", "Kundenreferenz"),
        _lazy("Empty: the customer's."),
    ),
    Column(
        "delivered_on", _lazy("Delivery date"), day,
        ("delivered", "supply date", "service date", "Lieferdatum", "Leistungsdatum", "Lieferung am"), "",
    ),
    Column(
        "note", _lazy("Note"), text(2000, lines=True),
        ("notes", "comment", "remarks", "Notiz", "Bemerkung", "Hinweis", "Anmerkung"),
        _lazy("Printed on the invoice."),
    ),
    Column(
        "description", _lazy("Description"), text(_most("name", Line)),
        ("item", "product", "line", "line description", "service", "text", "Beschreibung", "Bezeichnung", "Artikel",
         "Leistung", "Position", "Produkt", "Positionstext"),
        _lazy("Of the line."), ("Calibration of a current meter", "Travel"),
    ),
    Column("details", _lazy("Details"), text(2000, lines=True), ("long text", "Langtext", "Zusatztext",
    "Einzelheiten"), ""),
    Column(
        "quantity", _lazy("Quantity"), figure(), ("qty", "amount of units", "count", "hours", "Menge", "Anzahl",
        "Stunden"),
        _lazy("Empty: 1."), (Decimal("3"), Decimal("42.5")),
    ),
    Column(
        "unit", _lazy("Unit"), choice(_units, shown=lambda: _("a word such as h, day or pcs, or a code such as HUR")),
        ("unit of measure", "uom", "Einheit", "ME", "Mengeneinheit"),
        _lazy("h, day, pcs … or a code of UN/ECE Rec. 20."),
        ("pcs", "km"),
    ),
    Column(
        "unit_price", _lazy("Unit price"), figure(),
        ("price", "net price", "rate", "price per unit", "Einzelpreis", "Preis", "Nettopreis", "Stückpreis", "EP",
         "Einzelpreis netto", "Preis netto"),
        _lazy("Without VAT."), (Decimal("480"), Decimal("0.52")),
    ),
    Column(
        "allowance_percent", _lazy("Allowance, percent"), figure(places=4, whole=3, least=0, most=100),
        ("discount", "discount percent", "discount %", "allowance", "Rabatt", "Rabatt %", "Rabatt Prozent",
         "Nachlass"),
        _lazy("Off this line."), (Decimal("10"), ""),
    ),
    Column(
        "tax", _lazy("Tax"), _tax,
        ("tax rate", "vat", "vat rate", "tax name", "USt", "MwSt", "Steuer", "Steuersatz", "USt-Satz", "MwSt-Satz"),
        _lazy("The name of a tax rate as in AR Settings → Tax rates, or its percent."), ("21%", "21%"),
    ),
    Column(
        "tax_category", _lazy("Tax category"), choice(_categories), ("vat category", "Steuerkategorie", "Steuerart"),
        _lazy("S, Z, E, AE, K, G or O, beside the percent."),
    ),
    Column(
        "tax_percent", _lazy("Tax percent"), figure(places=4, whole=3, least=0, most=100),
        ("vat percent", "vat %", "tax %", "USt %", "MwSt %", "USt Prozent", "MwSt Prozent", "Steuerprozent"), "",
    ),
    Column(
        "period_start", _lazy("Service from"), day,
        ("period from", "period start", "Leistung von", "Leistungszeitraum von", "von"), _lazy("Of the line."),
    ),
    Column(
        "period_end", _lazy("Service until"), day,
        ("period to", "period end", "service to", "Leistung bis", "Leistungszeitraum bis", "bis"),
        _lazy("Of the line."),
    ),
]  # fmt: skip
