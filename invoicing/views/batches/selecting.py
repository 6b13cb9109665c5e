"""Choosing invoices for a batch: ticked ones or all that match, frozen, and on to the dialog."""

from urllib.parse import urlencode

from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from config.common.views import staff_required

from ...models import BatchOperation, Invoice
from ...services.batches import selecting as service
from ...services.scheduling_many import choose_scheduled
from ..invoices import InvoiceListView
from ..queue import QueueView
from ..scheduled import ScheduledView

LISTS = {"list": InvoiceListView, "queue": QueueView, "scheduled": ScheduledView}
DIALOGS = {"move": "scheduled_moving", "send": "scheduled_sending", "cancel": "scheduled_cancelling"}


@staff_required("batch.run")
@require_POST
def selecting(request):
    """The address carries the list (`from`) and its filters, the form what is ticked, or `every` of what matches."""
    place, every, action = _place(request), request.POST.get("every") == "1", request.POST.get("action", "")
    if action not in (DIALOGS if place == "scheduled" else BatchOperation.Action.values):
        raise Http404
    chosen = LISTS[place].matching(request) if every else Invoice.objects.filter(pk__in=_ticked(request))
    frozen = {"by": request.user, "every": every, "query": _query(request)}
    if place == "scheduled":
        return redirect(f"invoicing:{DIALOGS[action]}", choose_scheduled(chosen, **frozen).pk)
    selection = service.select_invoices(chosen, page=place, **frozen)
    return redirect(f"{reverse('invoicing:batch_new', args=[selection.pk])}?{urlencode({'action': action})}")


@staff_required("batch.run")
@require_safe
def matching(request):
    """How many invoices match the filters of a list, and what they come to; two bounded queries."""
    rows = LISTS[_place(request)].matching(request)
    count = rows.values("pk")[: service.MOST + 1].count()
    too_many = count > service.MOST
    sums = {} if too_many else service.sums_of(rows)
    context = {"count": count, "sums": list(sums.items()), "most": service.MOST if too_many else 0}
    return render(request, "invoicing/_bulk_matching.html", context)


def _place(request) -> str:
    place = request.GET.get("from", "")
    return place if place in LISTS else "list"


def _ticked(request) -> list[str]:
    return [pk for pk in request.POST.getlist("chosen") if pk.isascii() and pk.isdigit() and len(pk) < 19]


def _query(request) -> str:
    query = request.GET.copy()
    query.pop("from", None)
    return query.urlencode()
