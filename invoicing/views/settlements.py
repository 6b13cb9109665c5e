"""What settled a document, for its page: money, credit, differences let go; and what could settle it still."""

from django.urls import reverse
from django.utils.translation import gettext as _

from config.common.roles import may

from ..models import Allocation
from ..reports import credit
from .actions import Action, is_payable


def settlements(invoice, person) -> dict:
    """What settled an invoice or what a credit note gave ("settled_by"), "refunds", and "usable" credit or None."""
    rows = invoice.given if invoice.is_credit_note else invoice.allocations
    rows = rows.filter(reverses=None).select_related("invoice", "payment", "credit_note", "reversed_by").order_by("pk")
    refunds = (
        invoice.refunds.filter(reverses=None).select_related("reversed_by").order_by("pk")
        if invoice.is_credit_note
        else []
    )
    return {
        "settled_by": [_settlement(row, person) for row in rows],
        "refunds": [
            {
                "row": row,
                "taken_back": getattr(row, "reversed_by", None),
                "may_take_back": may(person, "payment.refund") and not getattr(row, "reversed_by", None),
            }
            for row in refunds
        ],
        "usable": _usable(invoice, person),
    }


def _settlement(row, person) -> dict:
    taken_back = getattr(row, "reversed_by", None)
    return {
        "row": row,
        "is_let_go": row.kind in Allocation.LET_GO,
        "taken_back": taken_back,
        "menu_id": f"allocation-{row.pk}",
        "menu": [] if taken_back or not may(person, "payment.allocate") else list(_menu(row)),
    }


def _menu(row):
    def to(name):
        return reverse(f"invoicing:{name}", args=[row.pk])

    if row.kind not in Allocation.LET_GO:
        yield Action("move", _("Move to another invoice"), to("moving"), "next", dialog=True)
    yield Action("take_back", _("Take back"), to("taking_back"), "undo", dialog=True)


def _usable(invoice, person) -> dict | None:
    """Credit this invoice could be settled with: {"on_account": minor units, "notes": […], "url"}."""
    if not is_payable(invoice) or not may(person, "payment.allocate"):
        return None
    on_account = sum(each.on_account for each in credit.payments_on_account(invoice.customer, invoice.currency))
    notes = credit.open_notes(invoice.customer, invoice.currency)
    if not on_account and not notes:
        return None
    return {"on_account": on_account, "notes": notes, "url": reverse("invoicing:use_credit", args=[invoice.pk])}
