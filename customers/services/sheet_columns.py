"""What a row of a customers' spreadsheet can say, and under which heads files have it."""

from functools import cache

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from config.common import currency
from config.common.sheets.kinds import Column
from config.common.sheets.values import YES_NO, checked, choice, count, email, figure, text
from customers import countries, identifiers
from customers.models import Contact, Customer

CONTACT = {"contact_name", "contact_email", "contact_phone", "contact_role", "contact_gets_invoices"}
ADDRESS = {
    name: f"billing_{name}" for name in ("attention", "street", "street2", "postcode", "city", "region", "country")
}

_KINDS = {
    "business": ["company", "firm", "organisation", "b2b", "geschäft", "geschäftskunde", "firma", "unternehmen"],
    "consumer": ["person", "private", "individual", "b2c", "privat", "privatperson", "privatkunde", "verbraucher"],
}
_ROLES = {
    "primary": ["main", "primary contact", "haupt", "hauptkontakt", "ansprechpartner"],
    "finance": ["finance contact", "accounting", "billing", "buchhaltung", "finanzen", "rechnungswesen"],
    "other": ["sonstige", "andere", "weitere"],
}
_LANGUAGES = {"en": ["english", "englisch", "en-gb", "en-us"], "de": ["german", "deutsch", "de-de", "de-at", "de-ch"]}


@cache
def _countries():
    """{code: its names in the languages we ship, and usual short forms}"""
    also = {
        "GB": ["UK", "Great Britain"],
        "US": ["USA"],
        "NL": ["Holland"],
        "DE": ["D", "BRD"],
        "AT": ["A"],
        "CH": ["CH"],
    }
    return {
        code: [*(countries.name_of(code, language) for language, _name in settings.LANGUAGES), *also.get(code, ())]
        for code in sorted(countries.codes())
    }


def _scheme(value):
    """0088, or what our own pages show: 0088 · GLN (GS1). A spreadsheet that took 0088 for a number left 88."""
    code = value.split("·")[0].strip().upper()
    code = code.zfill(4) if code.isdigit() else code
    if code not in dict(identifiers.SCHEMES):
        raise ValidationError(
            _("No such scheme. Use one of these codes: %(codes)s.") % {"codes": ", ".join(dict(identifiers.SCHEMES))}
        )
    return code


def _registration_scheme(value):
    code = _scheme(value)
    if code >= "1":
        raise ValidationError(_("This scheme is for e-invoice addresses, not for registration numbers."))
    return code


def _length(name):
    return Customer._meta.get_field(name).max_length


COLUMNS = [
    Column(
        "number", _lazy("Customer number"), text(30),
        ("number", "no", "customer no", "customer id", "account", "debtor", "debtor number", "Kundennummer",
         "Kundennr",
         "Kunden-Nr", "KdNr", "Nummer", "Debitor", "Debitorennummer", "Debitorenkonto"),
        _lazy("Empty: the next free one. Rows with the same number are one customer, each with a contact of its own."),
        ("C-10001", "C-10002"),
    ),
    Column(
        "name", _lazy("Name"), text(160),
        ("customer", "customer name", "company", "company name", "Kunde", "Kundenname", "Firma", "Firmenname",
         "Name1",
         "Bezeichnung"),
        _lazy("As it stands on invoices."), ("Nordlicht Segel GmbH", "Grace Adeyemi"),
    ),
    Column(
        "kind", _lazy("Business or consumer"), choice(lambda: _KINDS), ("type", "customer type", "Kundenart",
        "Art", "Typ"),
        _lazy("“business” or “consumer”. Empty: business."), ("business", "consumer"),
    ),
    Column(
        "billing_attention", _lazy("Attention of"), text(120), ("attention", "attn", "c/o", "zu Händen", "z. Hd."),
        "",
    ),
    Column(
        "billing_street", _lazy("Street"), text(120),
        ("address", "address 1", "address line 1", "street address", "Straße", "Strasse", "Anschrift", "Adresse",
         "Straße und Hausnummer"),
        "", ("Fischmarkt 7", "12 Quay Street"),
    ),
    Column(
        "billing_street2", _lazy("Additional line"), text(120),
        ("address 2", "address line 2", "street 2", "Adresszusatz", "Zusatz", "Name2"), "",
    ),
    Column(
        "billing_postcode", _lazy("Postcode"), text(20),
        ("zip", "zip code", "postal code", "PLZ", "Postleitzahl"), "", ("20457", "BS1 4QE"),
    ),
    Column("billing_city", _lazy("City"), text(80), ("town", "place", "Ort", "Stadt"), "", ("Hamburg", "Bristol")),
    Column(
        "billing_region", _lazy("Region"), text(80), ("state", "province", "county", "Bundesland", "Kanton"), "",
    ),
    Column(
        "billing_country", _lazy("Country"), choice(_countries,
        shown=lambda: _("a code such as DE, or the country's name")),
        ("country code", "Land", "Ländercode", "Länderkürzel"), _lazy("A code such as DE, or the name."), ("DE",
         "GB"),
    ),
    Column(
        "vat_id", _lazy("VAT id"), checked(text(30), identifiers.check_vat_id),
        ("vat", "vat no", "vat number", "vat registration number", "tva", "btw", "USt-IdNr", "USt-ID", "UStID", "UID",
         "Umsatzsteuer-ID", "Umsatzsteuer-Identifikationsnummer"),
        "", ("DE136695976", ""),
    ),
    Column("tax_number", _lazy("Tax number"), text(40), ("tax no", "tax id", "Steuernummer", "Steuer-Nr"), ""),
    Column(
        "registration_no", _lazy("Registration number"), text(60),
        ("company number", "registration no", "commercial register", "Handelsregister", "Handelsregisternummer",
         "HRB", "KVK"),
        "",
    ),
    Column(
        "registration_scheme", _lazy("Registration scheme"), checked(text(60), _registration_scheme),
        ("Registerart", "iso 6523"), _lazy("Four digits of ISO 6523, such as 0106."),
    ),
    Column(
        "language", _lazy("Language"), choice(lambda: {code: _LANGUAGES.get(code, []) for code,
        _name in settings.LANGUAGES}),
        ("lang", "Sprache"), _lazy("Of the documents. Empty: ours."), ("de", "en"),
    ),
    Column(
        "currency", _lazy("Currency"),
        choice(lambda: dict.fromkeys(currency.codes(), ()), shown=lambda: _("a code such as EUR")),
        ("currency code", "Währung", "Waehrung"), _lazy("A code such as EUR. Empty: ours."), ("EUR", "GBP"),
    ),
    Column(
        "terms_days", _lazy("Payment terms, days net"), count(365),
        ("terms", "payment terms", "terms days", "days net", "Zahlungsziel", "Zahlungsziel Tage", "Zahlungsfrist"),
        _lazy("Empty: 30."), (14, 30),
    ),
    Column(
        "discount_percent", _lazy("Cash discount, percent"), figure(places=2, whole=3, least=0, most=100),
        ("cash discount", "Skonto", "Skonto %", "Skonto Prozent", "Skontosatz"), "",
    ),
    Column(
        "discount_days", _lazy("Cash discount within days"), count(365), ("discount days", "Skontotage",
        "Skontofrist"), "",
    ),
    Column(
        "buyer_reference", _lazy("Buyer reference"), text(_length("buyer_reference")),
        ("Leitweg-ID", "your reference", "Käuferreferenz", "Ihr Zeichen", "Kundenreferenz"),
        _lazy("What they want quoted on every invoice, such as a Leitweg-ID."),
    ),
    Column(
        "endpoint_scheme", _lazy("E-invoice address scheme"), checked(text(60), _scheme),
        ("eas", "peppol scheme", "endpoint scheme", "Schema der E-Rechnungsadresse"), _lazy("A code such as 0088."),
    ),
    Column(
        "endpoint_id", _lazy("E-invoice address"), text(80),
        ("peppol id", "peppol", "participant id", "E-Rechnungsadresse", "endpoint"), "",
    ),
    Column(
        "contact_name", _lazy("Contact name"), text(120),
        ("contact", "contact person", "Ansprechpartner", "Kontakt", "Kontaktperson"), "",
        ("Dagny Halvorsen", "Grace Adeyemi"),
    ),
    Column(
        "contact_email", _lazy("Contact email"), email,
        ("email", "e-mail", "mail", "email address", "invoice email", "E-Mail-Adresse", "Rechnungs-E-Mail",
         "Mailadresse"),
        _lazy("Invoices go to this address."), ("ap@nordlicht.example", "grace@adeyemi.example"),
    ),
    Column(
        "contact_phone", _lazy("Contact phone"), text(40), ("phone", "telephone", "tel", "Telefon",
        "Telefonnummer", "Rufnummer"), "",
    ),
    Column(
        "contact_role", _lazy("Contact role"), choice(lambda: {r: [str(Contact.Role(r).label), *w] for r,
        w in _ROLES.items()}),
        ("role", "Rolle", "Funktion"),
        _lazy("primary, finance or other. Empty: primary for the first, other for the rest."),
        ("finance", "primary"),
    ),
    Column(
        "contact_gets_invoices", _lazy("Contact gets invoices"), choice(lambda: YES_NO),
        ("gets invoices", "Erhält Rechnungen", "Rechnungsempfänger"),
        _lazy("yes or no. Empty: yes for primary and finance contacts."), ("yes", "yes"),
    ),
    Column(
        "notes", _lazy("Notes"), text(2000, lines=True), ("note", "comment", "remarks", "Notiz", "Notizen",
        "Bemerkung", "Bemerkungen"),
        _lazy("For colleagues; never on a document."),
    ),
]  # fmt: skip
