"""What nobody read: refused where it is about money, tax or law; named where the stored file alone keeps it."""

import re

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .reading import Ledger

# An unread amount, rate or percent changes what is owed, unless it only explains another figure that was read.
_MONEY = re.compile(r"(Amount|Percent|Rate|MultiplierFactorNumeric)$")
_EXPLAINS = (
    ("Price", "AllowanceCharge"),  # how the net price came about
    ("InvoiceLine", "TaxTotal"),
    ("CreditNoteLine", "TaxTotal"),
    ("InvoiceLine", "ItemPriceExtension"),
    ("CreditNoteLine", "ItemPriceExtension"),
    ("PaymentTerms", "Amount"),
    ("PrepaidPayment", "PaidAmount"),  # their sum, PrepaidAmount, was read
)
_NAMED = (  # the first element of the pattern found in the path decides; order matters
    ("AccountingSupplierParty", gettext_lazy("further details of the seller")),
    ("AccountingCustomerParty", gettext_lazy("further details of the customer")),
    ("TaxRepresentativeParty", gettext_lazy("further details of the tax representative")),
    ("PayeeParty", gettext_lazy("further details of the payee")),
    ("CommodityClassification", gettext_lazy("item classification codes")),
    ("StandardItemIdentification", gettext_lazy("standard item numbers")),
    ("OriginCountry", gettext_lazy("countries of origin")),
    ("OrderLineReference", gettext_lazy("order line numbers")),
    ("DocumentReference", gettext_lazy("details of referenced documents")),
    ("Attachment", gettext_lazy("attachments")),
    ("AccountingCost", gettext_lazy("accounting costs of lines")),
    ("PaymentMeans", gettext_lazy("payment means and bank account")),
    ("AllowanceCharge", gettext_lazy("price discounts")),
    ("UBLExtensions", gettext_lazy("extensions and signatures")),
    ("Signature", gettext_lazy("extensions and signatures")),
    ("TaxTotal", gettext_lazy("tax amounts of lines")),
    ("Delivery", gettext_lazy("delivery details")),
    ("PrepaidPayment", gettext_lazy("the list of prepayments")),
)


def sort_out(ledger: Ledger) -> tuple[str, ...]:
    """Words for what stays in the file alone, each once; what must not be lost becomes a problem of the ledger."""
    kept = {}
    for path, text in ledger.unread():
        if "SubInvoiceLine" in path or "SubCreditNoteLine" in path:
            ledger.refuse(_("The file has lines within lines, which cannot be held."))
        elif "WithholdingTaxTotal" in path:
            ledger.refuse(_("The file withholds tax from the amount due, which cannot be held."))
        elif _MONEY.search(path[-1]) and not _is_zero(text) and not _explains(path):
            ledger.refuse(
                _("%(where)s (%(text)s) is about money or tax and cannot be held.")
                % {"where": "/".join(path[-3:]), "text": text[:40]}
            )
        else:
            kept.setdefault(_name(path), None)
    return tuple(kept)


def _is_zero(text) -> bool:
    return not text.strip("+-0.")


def _explains(path) -> bool:
    if "UBLExtensions" in path:
        return True
    return any(_within(path, pattern) for pattern in _EXPLAINS)


def _within(path, pattern) -> bool:
    places = [path.index(name) if name in path else -1 for name in pattern]
    return -1 not in places and places == sorted(places)


def _name(path) -> str:
    for part, label in _NAMED:
        if any(element == part or (part == "DocumentReference" and element.endswith(part)) for element in path):
            # An attached file is more than a detail of the document it belongs to.
            return (
                str(dict(_NAMED)["Attachment"]) if part == "DocumentReference" and "Attachment" in path else str(label)
            )
    return "/".join(path[-2:])
