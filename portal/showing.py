"""What a customer sees of one invoice: its paper as words and figures, and how it stands today. Nothing here writes."""

import copy
from dataclasses import dataclass
from datetime import date

from babel.numbers import get_group_symbol
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from config.common.currency import locale_of
from invoicing import documents
from invoicing.formats import NBSP, Figures
from invoicing.models import Invoice
from invoicing.paper.payment import how_to_pay
from invoicing.paper.sheet import sheet
from invoicing.snapshots import parties
from invoicing.terms import discount_until


@dataclass(frozen=True)
class Standing:
    """How it stands, in a customer's words. `kind` of the badge; `sentence` below the figure."""

    text: str
    kind: str
    sentence: str


def page_of(invoice: Invoice, *, on: date) -> dict:
    """Everything the page shows of an opened invoice. Call it under `translation.override` of its reader's language.

    What is to be paid is what is left of it today, in the figure, in the bank details and in the code to scan.
    """
    seller, buyer, paper = parties(invoice)
    say = Figures(invoice)
    page = sheet(invoice, seller=seller, buyer=buyer, paper=paper)
    left = copy.copy(invoice)  # never saved
    left.prepaid += invoice.settled
    asks = not invoice.is_credit_note and invoice.amount_due > 0
    return {
        **page,
        "name": seller.get("trade_name") or seller.get("name") or "",
        "logo": documents.logo_of(paper),
        "email": seller.get("email") or "",
        "standing": standing_of(invoice, on=on),
        "figure": invoice.amount_due if asks else invoice.total,
        "rest": _rest(invoice, say) or [(_("Total"), say.money(invoice.total))],
        "payment": _payment(how_to_pay(left, paper, say), invoice, say, on=on) if asks else None,
    }


def _payment(told: dict, invoice, say, *, on) -> dict:
    """How to pay, each detail also as a banking app takes it: (label, as it reads, as it is copied).

    Once its last day is over, the cash discount is no offer any more; the paper goes on telling what was promised.
    """
    until = discount_until(invoice)
    discount = told.get("discount", "") if until and on <= until else ""
    rows = [
        (label, value, value.replace(NBSP, "" if label == "IBAN" else " "))
        for label, value in told.get("account") or []
    ]
    if rows:
        amount = say.amount(invoice.amount_due)
        group = get_group_symbol(locale_of(say.language))
        rows.append((_("Amount"), say.money(invoice.amount_due), amount.replace(group, "")))
    return {**told, "discount": discount, "copied": rows}


def standing_of(invoice: Invoice, *, on: date) -> Standing:
    """Lateness is said softly: the reader may have paid this morning."""
    say = Figures(invoice)
    if invoice.is_credit_note:
        told = _("Credited to you on %(date)s.") % {"date": say.date(invoice.issued_on)}
        return Standing(pgettext("title on paper", "Credit note"), "line", told)
    if invoice.status == Invoice.Status.PAID:
        by_credit = invoice.settled_by_credit >= invoice.settled > 0
        text = pgettext("an invoice", "Settled") if by_credit else pgettext("an invoice", "Paid")
        told = _("Settled on %(date)s. Nothing is left to pay.") % {"date": say.date(invoice.settled_on)}
        return Standing(text, "ok", told if invoice.settled_on else _("Nothing is left to pay."))
    due = _("Due on %(date)s.") % {"date": say.date(invoice.due_on)} if invoice.due_on else ""
    late = (on - invoice.due_on).days if invoice.due_on else 0
    if late > 0:
        return Standing(ngettext("%(n)d day overdue", "%(n)d days overdue", late) % {"n": late}, "warn", due)
    if invoice.settled:
        return Standing(pgettext("an invoice", "Partly paid"), "live", due)
    return Standing(pgettext("an invoice", "Open"), "line", due)


def _rest(invoice, say) -> list[tuple[str, str]]:
    """The last rows of the totals, where something was taken off: what, and what that leaves."""
    if invoice.is_credit_note or not (invoice.settled or invoice.prepaid):
        return []
    paid = invoice.settled - invoice.settled_by_credit
    rows = [] if invoice.prepaid else [(_("Total"), say.amount(invoice.total))]  # else the paper says it already
    if invoice.settled_by_credit:
        rows.append((_("Credited"), say.amount(-invoice.settled_by_credit)))
    if paid:
        rows.append((_("Paid so far"), say.amount(-paid)))
    return [*rows, (_("Amount due"), say.money(invoice.amount_due))]
