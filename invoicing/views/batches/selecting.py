"""Choosing invoices for a batch: ticked ones or all that match, frozen, and on to the dialog."""

from urllib.parse import urlencode

from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from config.common.views import staff_required

from ...models import BatchOperation, Invoice
from ...services.batches import selecting as service
from ..invoices import InvoiceListView
from ..queue import QueueView

LISTS = {"list": InvoiceListView, "queue": QueueView}


@staff_required("batch.run")
@require_POST
def selecting(request):
    """The address carries the list (`from`) and its filters, the form what is ticked, or `every` of what matches."""
    action = request.POST.get("action", "")
    if action not in BatchOperation.Action.values:
        raise Http404
    place, every = _place(request), request.POST.get("every") == "1"
    selection = service.select_invoices(
        LISTS[place].matching(request) if every else Invoice.objects.filter(pk__in=_ticked(request)),
        by=request.user,
        page=place,
        every=every,
        query=_query(request),
    )
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
