"""UBL files for tests, and their totals read by other means than ours."""

from decimal import Decimal
from pathlib import Path

from lxml import etree

from config.common.currency import digits

FOLDER = Path(__file__).parent / "samples" / "ubl"
NAMES = sorted(path.name for path in FOLDER.glob("*.xml"))
NS = {
    "cac": "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2",
    "cbc": "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2",
}


def sample(name: str, *changes: tuple[str, str]) -> bytes:
    """The bytes of a sample, with each (old, new) replaced everywhere; a change that changes nothing is a mistake."""
    text = (FOLDER / name).read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return text.encode()


def stated(content: bytes) -> dict:
    """Net, tax, total, prepaid and amount due as the file says them, minor units; signs as in the file."""
    root = etree.fromstring(content)
    currency = root.findtext("cbc:DocumentCurrencyCode", namespaces=NS)

    def minor(path):
        text = root.findtext(path, namespaces=NS) or "0"
        return int((Decimal(text) * 10 ** digits(currency)).to_integral_exact())

    taxes = root.findall("cac:TaxTotal/cbc:TaxAmount", NS)
    tax = next(amount.text for amount in taxes if amount.get("currencyID") == currency)
    total = "cac:LegalMonetaryTotal/cbc:"
    return {
        "net_total": minor(total + "TaxExclusiveAmount"),
        "tax_total": int((Decimal(tax) * 10 ** digits(currency)).to_integral_exact()),
        "total": minor(total + "TaxInclusiveAmount"),
        "prepaid": minor(total + "PrepaidAmount"),
        "amount_due": minor(total + "PayableAmount"),
    }


def as_positive(sums: dict) -> dict:
    """The same sums as a credit note holds them."""
    return {name: abs(amount) for name, amount in sums.items()}
