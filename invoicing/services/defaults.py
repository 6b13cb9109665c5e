"""What a new installation begins with: data alone, written by settings.set_up."""

from decimal import Decimal

SERIES = {
    "invoice": "INV-{year}-{number:05}",
    "credit_note": "CN-{year}-{number:05}",
    "claim": "CL-{year}-{number:05}",
}

TEMPLATES = {
    "en": {
        "name": "Standard",
        "subject": "{number} from {organization}",
        "message": (
            "Hello,\n\n"
            "thank you for working with us. You will find {number} attached as a PDF.\n\n"
            "Kind regards\n"
            "{organization}"
        ),
        "payment_instructions": "Please quote the document number with your payment.",
        "footer": "",
    },
    "de": {
        "name": "Standard (Deutsch)",
        "subject": "{number} von {organization}",
        "message": (
            "Guten Tag,\n\n"
            "vielen Dank für die gute Zusammenarbeit. {number} finden Sie als PDF im Anhang.\n\n"
            "Mit freundlichen Grüßen\n"
            "{organization}"
        ),
        "payment_instructions": "Bitte geben Sie bei der Zahlung die Belegnummer an.",
        "footer": "",
    },
}

# Standard and first reduced VAT rate by country, as of 2025. Only what a new installation offers; a manager edits them.
VAT_PERCENT = {
    "AT": ("20", "10"), "BE": ("21", "6"), "BG": ("20", "9"), "CH": ("8.1", "2.6"), "CY": ("19", "9"),
    "CZ": ("21", "12"), "DE": ("19", "7"), "DK": ("25",), "EE": ("24", "9"), "ES": ("21", "10"),
    "FI": ("25.5", "14"), "FR": ("20", "5.5"), "GB": ("20", "5"), "GR": ("24", "13"), "HR": ("25", "13"),
    "HU": ("27", "5"), "IE": ("23", "13.5"), "IT": ("22", "10"), "LT": ("21", "9"), "LU": ("17", "8"),
    "LV": ("21", "12"), "MT": ("18", "5"), "NL": ("21", "9"), "NO": ("25", "15"), "PL": ("23", "8"),
    "PT": ("23", "6"), "RO": ("21", "11"), "SE": ("25", "12"), "SI": ("22", "9.5"), "SK": ("23", "5"),
}  # fmt: skip

# (name, category, exemption text, VATEX code)
RATES_WITHOUT_TAX = [
    ("Zero rated", "Z", "", ""),
    ("Reverse charge", "AE", "Reverse charge: the customer accounts for the VAT.", "VATEX-EU-AE"),
    ("Intra-community supply", "K", "Intra-community supply, Article 138 of Directive 2006/112/EC.", "VATEX-EU-IC"),
    ("Export outside the EU", "G", "Export, Article 146 of Directive 2006/112/EC.", "VATEX-EU-G"),
    ("Out of scope of VAT", "O", "Not subject to VAT.", "VATEX-EU-O"),
]  # fmt: skip


def tax_rates(country: str) -> list[dict]:
    """The rates offered first in a country; one without percents known gets those that charge nothing."""
    charged = [
        {"name": f"{percent}%", "category": "S", "percent": Decimal(percent)}
        for percent in VAT_PERCENT.get(country, ())
    ]
    free = [
        {"name": name, "category": category, "percent": Decimal(0), "exemption_text": text, "exemption_code": code}
        for name, category, text, code in RATES_WITHOUT_TAX
    ]
    return charged + free
