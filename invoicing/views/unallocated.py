"""The rows behind Ageing's unallocated credit: payments and credit notes of which something was left that day."""

from urllib.parse import urlencode

from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from config.common.currency import codes, to_decimal
from config.common.exports import export_response, is_asked
from config.common.views import staff_required
from customers.views.navigation import organization_of

from ..forms.reports import AgeingForm
from ..reports import unallocated as report
from .ageing import place_of
from .figures import today_of

ROWS_A_PAGE = 50
HEADS = [
    gettext_lazy("Date"),
    gettext_lazy("Credit"),
    gettext_lazy("Reference"),
    gettext_lazy("Customer"),
    gettext_lazy("Currency"),
    gettext_lazy("Left on that day"),
]


@staff_required("view")
@require_safe
def unallocated(request):
    """In one currency, the oldest first."""
    today = today_of(request)
    form = AgeingForm(request.GET, today=today)
    on = form.day()
    asked = request.GET.get("currency", "")
    currency = asked if asked in codes() else organization_of(request).currency
    rows = report.rows(on, today=today, currency=currency)
    if is_asked(request):
        cells = (_cells(row, currency) for row in map(_shown, rows.iterator(500)))
        return export_response(request, f"unallocated-credit-{currency}-{on}", HEADS, cells)
    place = place_of(request)
    first = place * ROWS_A_PAGE
    found = list(map(_shown, rows[first : first + ROWS_A_PAGE + 1]))
    context = {
        "form": form,
        "on": on,
        "currency": currency,
        "rows": found[:ROWS_A_PAGE],
        "next": place + 1 if len(found) > ROWS_A_PAGE else 0,
        "previous": place - 1 if place else None,
        "back": f"{reverse('invoicing:ageing')}?{urlencode({'on': on, 'currency': currency})}",
    }
    return render(request, "invoicing/unallocated.html", context)


def _shown(found) -> dict:
    row = dict(zip(report.COLUMNS, found, strict=True))
    is_payment = row["kind_"] == "payment"
    return {
        "day": row["day"],
        "kind": _("Payment") if is_payment else _("Credit note"),
        "reference": row["reference_"],
        "who": row["who"],
        "language": row["language_"],
        "left": row["left"],
        "url": reverse("invoicing:payment" if is_payment else "invoicing:detail", args=[row["pk_"]]),
    }


def _cells(row, currency) -> list:
    return [row["day"], row["kind"], row["reference"], row["who"], currency, to_decimal(row["left"], currency)]
