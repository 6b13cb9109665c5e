"""What a new installation begins with: data alone, written by settings.set_up."""

from decimal import Decimal

CLERKS_LET_GO = Decimal(5)  # of a short payment, in units of the organization's currency
SERIES = {
    "invoice": "INV-{year}-{number:05}",
    "credit_note": "CN-{year}-{number:05}",
    "claim": "CL-{year}-{number:05}",
}

TEMPLATE = "Standard"
TEMPLATES = {  # its words, by language
    "en": {
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

# By kind, the default first: {language: name, subject, message}. Of a name the English one is kept.
EMAIL_TEMPLATES: dict[str, list[dict]] = {
    "reminder": [
        {
            "name": "Friendly reminder",
            "en": (
                "Friendly reminder: {number}",
                "Hello,\n\n"
                "this is a friendly reminder that {number} was due on {due_date}. "
                "According to our records {amount_due} is still open.\n\n"
                "Perhaps it slipped through: we would be glad to receive your payment in the next few days. "
                "If you have paid already, please take no notice of this message; and if something is wrong with the "
                "invoice, just reply and we will look into it.\n\n"
                "Kind regards\n"
                "{organization}",
            ),
            "de": (
                "Freundliche Erinnerung: {number}",
                "Guten Tag,\n\n"
                "wir möchten Sie freundlich daran erinnern, dass {number} am {due_date} fällig war. "
                "Nach unseren Unterlagen sind noch {amount_due} offen.\n\n"
                "Vielleicht ist die Rechnung untergegangen: Über Ihre Zahlung in den nächsten Tagen freuen wir uns. "
                "Haben Sie schon bezahlt, ist diese Nachricht gegenstandslos; und stimmt etwas nicht, antworten Sie "
                "einfach, wir sehen es uns an.\n\n"
                "Mit freundlichen Grüßen\n"
                "{organization}",
            ),
        },
        {
            "name": "Second reminder",
            "en": (
                "Second reminder: {number}, {days_late} days overdue",
                "Hello,\n\n"
                "we have not yet received your payment for {number}. It was due on {due_date}, which is {days_late} "
                "days ago, and {amount_due} is still open.\n\n"
                "Please pay this amount within the next seven days. If there is a reason why you cannot, or if you do "
                "not agree with the invoice, please let us know by replying to this message.\n\n"
                "If your payment is on its way already, thank you; there is nothing more to do.\n\n"
                "Kind regards\n"
                "{organization}",
            ),
            "de": (
                "Zweite Erinnerung: {number}, seit {days_late} Tagen überfällig",
                "Guten Tag,\n\n"
                "für {number} haben wir bisher keine Zahlung erhalten. Sie war am {due_date} fällig, das ist "
                "{days_late} Tage her, und es sind noch {amount_due} offen.\n\n"
                "Bitte zahlen Sie diesen Betrag innerhalb der nächsten sieben Tage. Sollte das nicht möglich sein oder "
                "sind Sie mit der Rechnung nicht einverstanden, antworten Sie bitte auf diese Nachricht.\n\n"
                "Ist Ihre Zahlung schon unterwegs, danken wir Ihnen; dann ist nichts weiter zu tun.\n\n"
                "Mit freundlichen Grüßen\n"
                "{organization}",
            ),
        },
        {
            "name": "Last reminder",
            "en": (
                "Last reminder: {number}, {amount_due} overdue",
                "Hello,\n\n"
                "despite our earlier reminders {number} has not been paid. It was due on {due_date} and is now "
                "{days_late} days overdue; {amount_due} is open.\n\n"
                "This is our last reminder. If we do not receive the full amount within seven days of this message, "
                "we will have to take further steps, which may add interest and the costs of collection.\n\n"
                "If you need to talk about it, please reply today.\n\n"
                "Kind regards\n"
                "{organization}",
            ),
            "de": (
                "Letzte Mahnung: {number}, {amount_due} überfällig",
                "Guten Tag,\n\n"
                "trotz unserer Erinnerungen ist {number} nicht bezahlt. Die Rechnung war am {due_date} fällig und ist "
                "seit {days_late} Tagen überfällig; offen sind {amount_due}.\n\n"
                "Dies ist unsere letzte Mahnung. Geht der volle Betrag nicht innerhalb von sieben Tagen nach dieser "
                "Nachricht ein, müssen wir weitere Schritte einleiten; dabei können Verzugszinsen und Kosten der "
                "Beitreibung hinzukommen.\n\n"
                "Möchten Sie mit uns darüber sprechen, antworten Sie bitte noch heute.\n\n"
                "Mit freundlichen Grüßen\n"
                "{organization}",
            ),
        },
    ],
    "receipt": [
        {
            "name": "Receipt",
            "en": (
                "Thank you for your payment of {amount_paid}",
                "Hello,\n\n"
                "thank you: on {paid_on} we received {amount_paid} for {number}. Please keep this message as your "
                "receipt.\n\n"
                "Left to pay on this invoice: {amount_due}.\n\n"
                "Kind regards\n"
                "{organization}",
            ),
            "de": (
                "Vielen Dank für Ihre Zahlung über {amount_paid}",
                "Guten Tag,\n\n"
                "vielen Dank: Am {paid_on} haben wir {amount_paid} für {number} erhalten. Bitte bewahren Sie diese "
                "Nachricht als Zahlungsbestätigung auf.\n\n"
                "Auf dieser Rechnung noch offen: {amount_due}.\n\n"
                "Mit freundlichen Grüßen\n"
                "{organization}",
            ),
        },
    ],
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
