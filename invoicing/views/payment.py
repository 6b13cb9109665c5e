"""The page of one payment: who paid what, what it settles, what was paid back, and what is left."""

from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from config.common.models import AuditEvent
from config.common.roles import may
from config.common.views import staff_required

from .. import presenting, telling
from ..models import Allocation, Payment
from .actions import Action
from .figures import today_of


@staff_required("view")
@require_safe
def payment(request, pk):
    found = get_object_or_404(Payment.objects.select_related("customer", "recorded_by"), pk=pk)
    settles, refunds = _settles(request, found), _refunds(request, found)
    context = {
        "payment": found,
        "settles": settles,
        "refunds": refunds,
        "actions": list(actions(found, request.user)),
        "events": telling.items(_events(found), currency=found.currency, recipients={}),
    }
    return render(request, "invoicing/payment.html", context)


def _settles(request, payment) -> list[dict]:
    """Each allocation once, with what became of it; differences let go with it stand among them."""
    rows = payment.allocations.filter(reverses=None).select_related("invoice", "reversed_by").order_by("pk")
    return [
        {
            "row": row,
            "badges": presenting.badges(row.invoice, today=today_of(request)),
            "is_let_go": row.kind in Allocation.LET_GO,
            "taken_back": getattr(row, "reversed_by", None),
            "menu": list(_row_actions(row, payment, request.user)),
        }
        for row in rows
    ]


def _row_actions(row, payment, person):
    if getattr(row, "reversed_by", None) or not may(person, "payment.allocate"):
        return
    if row.kind == Allocation.Kind.PAYMENT:
        yield _dialog("move", _("Move to another invoice"), "moving", row, "next")
    yield _dialog("take_back", _("Take back"), "taking_back", row, "undo")


def _refunds(request, payment) -> list[dict]:
    rows = payment.refunds.filter(reverses=None).select_related("reversed_by", "recorded_by").order_by("pk")
    allowed = may(request.user, "payment.refund")
    return [
        {
            "row": row,
            "taken_back": getattr(row, "reversed_by", None),
            "may_take_back": allowed and not getattr(row, "reversed_by", None),
        }
        for row in rows
    ]


def actions(payment, person):
    """What its page and its row in the list offer for the payment as a whole, the most expected first."""
    if payment.on_account and may(person, "payment.allocate"):
        yield _dialog("allocate", _("Allocate"), "payment_allocations", payment, "check")
    if payment.on_account and may(person, "payment.refund"):
        yield _dialog("refund", _("Record refund"), "payment_refunds", payment, "undo")
    if payment.status == Payment.Status.RECORDED and may(person, "payment.reverse"):
        yield _dialog("reverse", _("Reverse payment"), "reversing", payment, "stop")


def _dialog(key, label, name, thing, icon):
    return Action(key, label, reverse(f"invoicing:{name}", args=[thing.pk]), icon, dialog=True)


def _events(payment) -> list[AuditEvent]:
    """The payment's own trail; recorded over several invoices it stands in the thread of each, here it is told once."""
    events = AuditEvent.objects.filter(object_type="payment", object_id=payment.pk).order_by("seq")
    told, first = [], True
    for event in events:
        if event.action != "payment.record" or first:
            told.append(event)
        first = first and event.action != "payment.record"
    return told
