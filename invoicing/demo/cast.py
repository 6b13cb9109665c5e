"""Who is in the demo, and what happened between them. Data alone; story.py makes it come true.

Every name can be drawn by the packaged font, every address ends in .example (RFC 2606).
"""

from typing import Any

ORGANIZATION: dict[str, Any] = {
    "legal_name": "Kelpworks Instruments B.V.",
    "trade_name": "Kelpworks Instruments",
    "street": "Maashaven 14",
    "postcode": "3072 AE",
    "city": "Rotterdam",
    "country": "NL",
    "vat_id": "NL859302117B01",
    "registration_no": "24198830",
    "registration_scheme": "0106",
    "email": "receivables@kelpworks.example",
    "phone": "+31 10 555 0140",
    "website": "https://kelpworks.example",
    "language": "en",
    "time_zone": "Europe/Amsterdam",
    "currency": "EUR",
    "track_opens": True,  # in this story everybody has agreed to it
}
ORGANIZATION_EMAILS = [  # address, label, preselected
    ("receivables@kelpworks.example", "Receivables", True),
    ("sales@kelpworks.example", "Sales", False),
]
BANK_ACCOUNTS = [
    {
        "holder": "Kelpworks Instruments B.V.",
        "bank_name": "Getijdenbank",
        "iban": "NL91ABNA0417164300",
        "bic": "ABNANL2A",
        "currency": "",
    },
    {
        "holder": "Kelpworks Instruments B.V.",
        "bank_name": "Tidewater Trust",
        "account_no": "4410 882 016",
        "routing": "021000089",
        "currency": "USD",
    },
]


TEMPLATES: list[tuple[str, dict[str, Any], list[str]]] = [  # name, look, whose it is; all others have the first one
    ("Window envelope", {"layout": "window", "colour": "#0b5c75"}, ["wattwerk", "tuefenbach"]),
    ("Long orders", {"layout": "compact", "colour": "#3b4a1f"}, ["haven"]),
]


def _customer(name, street, postcode, city, country, *contacts, **fields):
    return {
        "name": name,
        "address": {"street": street, "postcode": postcode, "city": city, "country": country},
        "contacts": [
            {"name": person, "email": email, "role": role}
            for (person, email), role in zip(contacts, ("primary", "finance", "other"), strict=False)
        ],
        **fields,
    }


CUSTOMERS = {
    "brightwater": _customer(
        "Brightwater Municipal Utilities District", "400 Weir Street", "55802", "Duluth, MN", "US",
        ("Dagny Halvorsen", "d.halvorsen@brightwatermud.example"), ("Lou Berg", "ap@brightwatermud.example"),
        currency="USD", time_zone="America/Chicago",
    ),
    "hautlanguedoc": _customer(
        "Société Coopérative Agricole des Hauts-Plateaux du Haut-Languedoc et de la Montagne Noire",
        "12 chemin des Sources", "34220", "Saint-Pons", "FR",
        ("Élodie Bérard", "facturation@scahpl.example"), vat_id="FR40303265045",
    ),
    "obidos": _customer(
        "Óbidos Conservas & Azeites, Lda.", "Rua Direita 3", "2510-001", "Óbidos", "PT",
        ("Inês Carvalho", "conta@obidosconservas.example"), vat_id="PT501964843",
    ),
    "lzap": _customer(
        "Łódzkie Zakłady Aparatury Precyzyjnej Sp. z o.o.", "ul. Piotrkowska 250", "90-360", "Łódź", "PL",
        ("Zofia Wójcik", "ksiegowosc@lzap.example"), currency="PLN", vat_id="PL8567346215",
    ),
    "tuefenbach": _customer(
        "Tüfenbach Bootswerft AG", "Seestrasse 41", "9326", "Horn", "CH",
        ("Reto Ammann", "kreditoren@tuefenbach.example"), currency="CHF", language="de", time_zone="Europe/Zurich",
    ),
    "glaronisi": _customer(
        "Γλαρονήσι Θαλάσσιες Μεταφορές Α.Ε.", "Ακτή Μιαούλη 85", "185 38", "Πειραιάς", "GR",
        ("Νίκος Παπαδάκης", "logistirio@glaronisi.example"), vat_id="EL094259216", time_zone="Europe/Athens",
    ),
    "harrow": _customer(
        "Harrow & Pike Ltd", "9 Dock Lane", "PL1 3RE", "Plymouth", "GB",
        ("Ledger desk", "ledger@harrowpike.example"), currency="GBP", time_zone="Europe/London",
    ),
    "thorsmork": _customer(
        "Þórsmörk Jarðvarmi hf.", "Hafnargata 7", "230", "Reykjanesbær", "IS",
        ("Sigríður Jónsdóttir", "bokhald@thorsmork.example"), currency="ISK", time_zone="Atlantic/Reykjavik",
    ),
    "natsumi": _customer(
        "Natsumi O’Neill-Đặng Consulting LLC", "77 Alder Way", "97209", "Portland, OR", "US",
        currency="USD", time_zone="America/Los_Angeles",
    ),
    "wattwerk": _customer(
        "Wattwerk Emden GmbH", "Am Delft 2", "26721", "Emden", "DE",
        ("Jannes Poppinga", "j.poppinga@wattwerk.example"), ("Buchhaltung", "rechnung@wattwerk.example"),
        language="de", vat_id="DE136695976", terms_days=14, discount_percent=2, discount_days=7,
        time_zone="Europe/Berlin",
    ),
    "manama": _customer(
        "Gulf Tide Surveying W.L.L.", "Road 1705, Block 317", "", "Manama", "BH",
        ("Accounts", "accounts@gulftide.example"), currency="BHD", time_zone="Asia/Bahrain",
    ),
    "haven": _customer(
        "Gemeente Havenmond", "Stadhuisplein 1", "3011 AA", "Rotterdam", "NL",
        ("Crediteuren", "crediteuren@havenmond.example"), ("", "nobody@havenmond.example"),
        buyer_reference="HVM-WATER-26", time_zone="Europe/Amsterdam",
    ),
    "devries": _customer(
        "Marijke de Vries", "Grachtkade 5", "1017 AB", "Amsterdam", "NL",
        ("Marijke de Vries", "marijke@devries.example"), kind="consumer", terms_days=14,
    ),
}  # fmt: skip

PROBE = ("Turbidity probe TP-40", "6", "C62", "2450")
CALIBRATION = ("On-site calibration", "16", "HUR", "165")
TELEMETRY = ("Telemetry plan, annual", "1", "C62", "4800")
SENSOR = ("Salinity sensor SX-2", "4", "C62", "890")
SERVICE = ("Field service", "2.5", "DAY", "980")
KIT = ("Reagent kit, 100 tests", "12", "C62", "74.50")
KAYAK = ("Pocket conductivity meter", "1", "C62", "149")

# (customer, issued so many days ago or None, terms or None for the customer's, lines, tax, what became of it)
# fates: draft, scheduled, open (not sent), sent, marked, part (sent, partly paid), paid, refused (no such address)
STORY = [
    ("brightwater", 54, 30, [PROBE, CALIBRATION, TELEMETRY], "out", "part"),
    ("wattwerk", 61, None, [SENSOR, CALIBRATION], "reverse", "paid"),
    ("harrow", 58, 30, [KIT], "export", "paid"),
    ("hautlanguedoc", 47, 30, [PROBE], "reverse", "sent"),
    ("devries", 40, None, [KAYAK], "standard", "paid"),
    ("glaronisi", 38, 30, [SENSOR, SERVICE], "reverse", "sent"),
    ("obidos", 33, 30, [KIT, SERVICE], "reverse", "marked"),
    ("wattwerk", 29, None, [TELEMETRY], "reverse", "sent"),
    ("thorsmork", 26, 30, [("Geothermal flow probe", "2", "C62", "185000")], "export", "sent"),
    ("manama", 24, 30, [("Tide gauge TG-9", "1", "C62", "2107.500")], "export", "paid"),
    ("tuefenbach", 21, 30, [SENSOR, KIT], "export", "sent"),
    ("haven", 12, 30, [CALIBRATION, KIT], "standard", "refused"),
    ("brightwater", 9, 30, [SERVICE], "out", "sent"),
    ("devries", 45, None, [KAYAK], "standard", "sent"),
    ("devries", 44, None, [KIT], "standard", "sent"),
    ("hautlanguedoc", 42, 30, [("Flow meter FM-7", "3", "C62", "1820"), KIT], "reverse", "draft"),
    ("obidos", 40, 30, [SENSOR], "reverse", "open"),
    ("brightwater", 37, 30, [PROBE, SERVICE], "out", "draft"),
    ("lzap", 34, 30, [("Czujnik mętności TP-40", "4", "C62", "6295.50")], "reverse", "draft"),
    ("natsumi", 30, 30, [("Advisory report, harbour basin", "1", "C62", "8315.75")], "out", "draft"),
    ("tuefenbach", 30, 30, [("Kalibrierung vor Ort", "8", "HUR", "180"), KIT], "export", "draft"),
    ("glaronisi", 30, 30, [PROBE, CALIBRATION, TELEMETRY], "reverse", "open"),
    ("harrow", 30, 30, [KIT, SENSOR], "export", "draft"),
    ("devries", 14, None, [KAYAK, KIT], "standard", "draft"),
    ("haven", 5, 30, [TELEMETRY], "standard", "open"),
    ("wattwerk", 0, None, [SENSOR], "reverse", "draft"),
    ("lzap", None, 30, [("Kalibracja w zakładzie", "3", "DAY", "3900")], "reverse", "draft"),
    ("manama", None, 45, [("Salinity survey", "2", "DAY", "640.250")], "export", "draft"),
    ("brightwater", None, 30, [CALIBRATION, TELEMETRY], "out", "scheduled"),
]

# What became of the mails to a customer, one thing after the other.
HEARD = {
    "brightwater": ["delivered", "opened", "opened", "clicked", "opened", "replied"],
    "wattwerk": ["delivered", "scanned", "opened", "clicked"],
    "harrow": ["delivered", "opened"],
    "hautlanguedoc": ["delivered", "prefetched"],
    "devries": ["delivered", "opened", "opened", "opened"],
    "glaronisi": ["deferred", "delivered"],
    "thorsmork": ["delivered", "prefetched", "opened"],
    "manama": ["delivered", "opened", "clicked"],
    "tuefenbach": ["bounced"],
}

# One unit of a currency in euros, about; only for the VAT total in the organization's own currency.
EURO_RATES = {"USD": "0.92", "PLN": "0.235", "CHF": "1.05", "GBP": "1.17", "ISK": "0.0068", "BHD": "2.45"}
