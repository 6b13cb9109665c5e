"""What an email is about: the invoice itself, a reminder of it, or a receipt for what was paid of it."""

from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

from config.common.currency import amount_text

from . import formats
from .models import Invoice

INVOICE, REMINDER, RECEIPT = "invoice", "reminder", "receipt"


@dataclass(frozen=True)
class Received:
    """What a receipt is for: minor units of the invoice's currency, and the day."""

    amount: int
    on: date


def values(invoice: Invoice, received: Received | None, language: str) -> dict[str, str]:
    """The merge fields that only receipts have."""
    if received is None:
        return {}
    money = formats.money_text(received.amount, invoice.currency, language).replace(formats.NBSP, " ")
    return {"amount_paid": money, "paid_on": formats.date_text(received.on, language)}


def setting(kind: str, invoice: Invoice, received: Received | None, document: str, language: str) -> dict:
    """What is laid out otherwise than in the email that brings the invoice; `document` is what the paper calls itself.

    In the active language. A reminder shows the invoice's own figures, a receipt those of the payment.
    """
    if kind == REMINDER:
        return {"heading": _("Reminder: %(document)s") % {"document": document}}
    if kind != RECEIPT or received is None:
        return {}
    left = invoice.total - invoice.prepaid - invoice.settled
    rows = [(_("Total of the invoice"), amount_text(invoice.total, invoice.currency, language))]
    if left:
        rows.append((_("Left to pay"), amount_text(left, invoice.currency, language)))
    return {
        "heading": _("Receipt for %(document)s") % {"document": document},
        "sum": amount_text(received.amount, invoice.currency, language),
        "sum_label": _("Amount paid"),
        "rows": rows,
        "when": _("Paid on %(date)s") % {"date": formats.date_text(received.on, language)},
    }
