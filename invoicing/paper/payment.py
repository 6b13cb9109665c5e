"""How to pay: the block under the totals of an invoice's page, as text in the customer's language."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from config.common.currency import to_decimal

from .. import formats
from ..formats import Figures
from ..models import Invoice
from ..terms import discount_until, promised_discount
from .qr import payment_code


def how_to_pay(invoice: Invoice, paper: dict, say: Figures) -> dict:
    """The block under the totals: until when, to which account, with which discount, and the code to scan."""
    due = invoice.total - invoice.prepaid
    bank = paper.get("bank") or {}
    if due <= 0:
        return {"nothing": True, "instructions": paper.get("payment_instructions", "")}
    iban = "".join((bank.get("iban") or "").split())
    accounts = [
        (_("Account holder"), bank.get("holder")),
        (_("Bank"), bank.get("bank_name")),
        ("IBAN", formats.NBSP.join(iban[at : at + 4] for at in range(0, len(iban), 4))),
        ("BIC", bank.get("bic")),
        (_("Account number"), bank.get("account_no")),
        (_("Routing code"), bank.get("routing")),
        (pgettext("of a bank transfer", "Reference"), invoice.number),
    ]
    return {
        "terms": _terms(invoice, say),
        "discount": _discount(invoice, due, say),
        "account": [(label, value) for label, value in accounts if value] if bank else [],
        "instructions": paper.get("payment_instructions", ""),
        "code": invoice.number
        and payment_code(
            currency=invoice.currency,
            amount=to_decimal(due, invoice.currency),
            holder=bank.get("holder") or "",
            number=iban,
            bic=bank.get("bic") or "",
            reference=invoice.number,
        ),
    }


def _terms(invoice: Invoice, say: Figures) -> str:
    if invoice.due_on:
        return _("Please pay %(amount)s by %(date)s.") % {
            "amount": say.money(invoice.total - invoice.prepaid),
            "date": say.date(invoice.due_on),
        }
    words = ngettext("Payable within %(days)d day.", "Payable within %(days)d days.", invoice.terms_days)
    return words % {"days": invoice.terms_days}


def _discount(invoice: Invoice, due: int, say: Figures) -> str:
    until = discount_until(invoice)
    if until is None:
        return ""
    return _("%(percent)s cash discount if paid by %(date)s: %(amount)s.") % {
        "percent": say.percent(invoice.discount_percent),
        "date": say.date(until),
        "amount": say.money(due - promised_discount(invoice)),
    }
