"""The page of one batch operation: what was asked for, how far it is, and what became of each invoice."""

from itertools import chain

from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_safe

from config.common.currency import to_decimal
from config.common.exports import export_response, is_asked, moment
from config.common.templatetags.dunlin import grouped
from config.common.views import staff_required

from ... import progress
from ...filters_batches import ItemFilter
from ...models import BatchItem
from ...presenting import signed
from .asked import chosen_in, settings_of, story_of
from .moving import address, head_of
from .rows import dress, operations, page_of_items, row_of

PAGE = 50


@staff_required("view")
@require_safe
def batch(request, pk):
    """HTMX gets the rows, `format=csv` and `format=xlsx` all that fit as a file."""
    operation = get_object_or_404(operations(), pk=pk)
    dress([operation])
    outcome = request.GET.get("outcome", "")
    statuses = [status for status in progress.ORDER if status == outcome] or progress.ORDER
    filterset = ItemFilter(request.GET, queryset=BatchItem.objects.filter(operation=pk), request=request)
    if is_asked(request):
        return _export(request, operation, filterset.qs, statuses)
    is_searched = bool(request.GET.get("q"))
    page = page_of_items(
        filterset.qs,
        statuses=statuses,
        size=PAGE,
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
        count=None if is_searched else sum(operation.counts.get(status, 0) for status in statuses),
    )
    tabs = _tabs(request, operation, statuses)
    context = {
        **head_of(request, operation, on_page=True),
        "page": page,
        "rows": [row_of(item, back=address(pk)) for item in page.rows],
        "filter": filterset,
        "tabs": tabs,
        "kept": {"outcome": outcome} if len(statuses) == 1 else {},
        "is_filtered": is_searched or len(statuses) == 1,
        "noun": ngettext("invoice", "invoices", page.count),
    }
    if request.htmx.target == "rows":
        return render(request, "invoicing/_batch_items.html", context)
    context |= {"settings": settings_of(operation), "chosen": chosen_in(operation), "events": story_of(operation)}
    return render(request, "invoicing/batch.html", context)


def _tabs(request, operation, statuses) -> list[dict]:
    """The outcomes that occur, and the one asked for; they keep the search and count all there are."""
    query = request.GET.copy()
    for gone in ("after", "before", "format", "outcome"):
        query.pop(gone, None)
    asked = statuses[0] if len(statuses) == 1 else ""
    entries = [("", _("All"), sum(operation.counts.values()))]
    entries += [
        (status.value, str(status.label), operation.counts.get(status, 0))
        for status in progress.ORDER
        if operation.counts.get(status) or status == asked
    ]
    found = []
    for status, label, n in entries:
        kept = query.copy()
        if status:
            kept["outcome"] = status
        count = grouped(n)
        found.append({"label": label, "url": f"?{kept.urlencode()}", "count": count, "current": status == asked})
    return found


COLUMNS = [
    (gettext_lazy("Invoice"), lambda item: item.invoice.number or item.label if item.invoice else item.label),
    (gettext_lazy("Customer number"), lambda item: _of_customer(item, "number")),
    (gettext_lazy("Customer"), lambda item: item.invoice.customer_name if item.invoice else ""),
    (gettext_lazy("Outcome"), lambda item: item.get_status_display()),
    (gettext_lazy("Reason"), lambda item: item.reason),
    (gettext_lazy("Attempts"), lambda item: item.tries),
    (gettext_lazy("Currency"), lambda item: item.invoice.currency if item.invoice else ""),
    (gettext_lazy("Amount"), lambda item: _amount(item)),
    (moment(gettext_lazy("Opened at")), lambda item: item.opened_at),
    (moment(gettext_lazy("Finished at")), lambda item: item.finished_at),
]


def _of_customer(item, name):
    return getattr(item.invoice.customer, name) if item.invoice and item.invoice.customer else ""


def _amount(item):
    invoice = item.invoice
    return to_decimal(signed(invoice, invoice.total), invoice.currency) if invoice else None


def _export(request, operation, items, statuses):
    """Exactly the filtered rows in the order of the page, read a few hundred at a time."""
    own = ("label", "status", "reason", "tries", "opened_at", "finished_at")
    needed = ("number", "kind", "customer__number", "customer_name", "currency", "total")
    rows = items.select_related("invoice__customer").only(*own, *(f"invoice__{name}" for name in needed)).order_by("pk")
    found = chain.from_iterable(rows.filter(status=status).iterator(chunk_size=500) for status in statuses)
    cells = ([cell(item) for _header, cell in COLUMNS] for item in found)
    return export_response(request, str(operation), [header for header, _cell in COLUMNS], cells)
