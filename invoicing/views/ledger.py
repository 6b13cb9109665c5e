"""The number ledger: every series with its first and last number, and the live proof that none is missing."""

from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from config.common.currency import to_decimal
from config.common.exports import export_response, is_asked
from config.common.paging import page_of
from config.common.views import staff_required

from .. import presenting
from ..forms.settings import kind_label
from ..models import Counter, Invoice
from ..services import proving

COLUMNS = [
    (gettext_lazy("No."), lambda row: row.seq),
    (gettext_lazy("Number"), lambda row: row.number),
    (gettext_lazy("Issue date"), lambda row: row.issued_on),
    (gettext_lazy("Customer"), lambda row: row.customer_name),
    (gettext_lazy("State"), presenting.state_text),
    (gettext_lazy("Currency"), lambda row: row.currency),
    (gettext_lazy("Total"), lambda row: to_decimal(presenting.signed(row, row.total), row.currency)),
]

OVERVIEW = [
    gettext_lazy("For"),
    gettext_lazy("Year"),
    gettext_lazy("First"),
    gettext_lazy("Last"),
    gettext_lazy("Documents"),
    gettext_lazy("Missing"),
    gettext_lazy("Next"),
]


@staff_required("view")
@require_safe
def ledger(request):
    """Counted anew with each look: first, last, how many, and what is missing between them."""
    counters = [
        {
            "counter": counter,
            "kind": kind_label(counter.series.kind),
            "first": _text(counter, counter.first),
            "last": _text(counter, counter.last),
            "next": _text(counter, counter.next_no),
        }
        for counter in proving.counted()
    ]
    if is_asked(request):
        return export_response(request, "number-ledger", OVERVIEW, map(_overview_cells, counters))
    is_whole = not any(row["counter"].missing for row in counters)
    return render(
        request, "invoicing/ledger.html", {"counters": counters, "is_whole": is_whole, "proof": proving.last_proof()}
    )


@staff_required("view")
@require_safe
def counter(request, pk):
    """Every document of one counter in the order of its numbers, void ones too."""
    found = get_object_or_404(proving.counted(), pk=pk)
    rows = Invoice.objects.filter(counter=found)
    if is_asked(request):
        cells = ([cell(row) for _header, cell in COLUMNS] for row in rows.order_by("seq").iterator(500))
        return export_response(request, f"numbers-{found.pk}", [header for header, _cell in COLUMNS], cells)
    page = page_of(
        rows, order="seq", size=100, after=request.GET.get("after", ""), before=request.GET.get("before", "")
    )
    context = {
        "counter": found,
        "kind": kind_label(found.series.kind),
        "page": page,
        "rows": list(map(_shown, page.rows)),
    }
    return render(request, "invoicing/ledger_counter.html", context)


def _shown(row) -> tuple:
    return row, presenting.badges(row, today=row.issued_on)[0], presenting.signed(row, row.total)


def _overview_cells(row) -> list:
    counter = row["counter"]
    counted = [counter.number_of, counter.missing or 0]  # a series that gave no number yet misses none
    return [row["kind"], counter.year or None, row["first"], row["last"], *counted, row["next"]]


def _text(counter: Counter, seq) -> str:
    return counter.series.text(counter.year, seq) if seq and counter.year else (str(seq) if seq else "–")


def navigation(request) -> list[dict]:
    """The reports' section at the side of every page."""
    offered = [(_("Ageing"), "invoicing:ageing", "hourglass"), (_("Number ledger"), "invoicing:ledger", "hash")]
    items = [
        {"label": label, "url": reverse(name), "icon": icon, "current": request.path.startswith(reverse(name))}
        for label, name, icon in offered
    ]
    return [{"title": _("Reports"), "items": items}]
