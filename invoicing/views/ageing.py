"""Reports → Ageing, and the rows behind each of its figures."""

from urllib.parse import urlencode

from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from config.common.currency import to_decimal
from config.common.exports import export_response, is_asked
from config.common.paging import page_of
from config.common.views import staff_required
from customers.views.navigation import organization_of

from ..forms.reports import LABELS, AgedRowsForm, AgeingForm
from ..reports import ageing as report
from ..reports import unallocated
from .figures import today_of

CUSTOMERS_A_PAGE = 50
ROWS_A_PAGE = 50
WIDTH = 600  # units of the drawing


@staff_required("view")
@require_safe
def ageing(request):
    """Per currency: the whole ledger, then the customers of one of them."""
    today = today_of(request)
    form = AgeingForm(request.GET, today=today)
    on = form.day()
    own = organization_of(request).currency  # today_of has made sure that there is one
    ledgers = sorted(report.by_currency(on, today=today), key=lambda aged: (aged.currency != own, aged.currency))
    names = [ledger.currency for ledger in ledgers]
    asked = request.GET.get("currency", "")
    currency = asked if asked in names else (names[0] if names else "")
    if is_asked(request):
        return _export(request, on, today, [currency] if asked in names else names)
    place = place_of(request)
    customers = report.by_customer(
        on, today=today, currency=currency, first=place * CUSTOMERS_A_PAGE, count=CUSTOMERS_A_PAGE + 1
    )
    credit = unallocated.sums(on, today=today)
    context = {
        "form": form,
        "on": on,
        "labels": LABELS.values(),
        "ledgers": [_shown(ledger, on, credit.pop(ledger.currency, 0)) for ledger in ledgers],
        "credit_alone": [(code, minor, _credit_url(on, code)) for code, minor in credit.items()],
        "currency": currency,
        "tabs": [
            {
                "label": name,
                "url": f"?{urlencode({'on': on, 'currency': name})}",
                "count": None,
                "current": name == currency,
            }
            for name in names
        ],
        "customers": [_shown(aged, on) for aged in customers[:CUSTOMERS_A_PAGE]],
        "next": place + 1 if len(customers) > CUSTOMERS_A_PAGE else 0,
        "previous": place - 1 if place else None,
    }
    return render(request, "invoicing/ageing.html", context)


@staff_required("view")
@require_safe
def ageing_rows(request):
    """The invoices behind a figure, with what was owed on them that day."""
    today = today_of(request)
    form = AgedRowsForm(request.GET, today=today)
    on = form.day()
    rows = report.owed_on(on, today=today).select_related("customer")
    if form.is_valid():
        found = form.cleaned_data
        rows = rows.filter(currency=found["currency"]) if found["currency"] else rows
        rows = rows.filter(customer=found["customer"]) if found["customer"] else rows
        rows = report.within(rows, found["bucket"], on=on) if found["bucket"] else rows
    else:
        rows = rows.none()  # more than the figure asked about would pass for what it is made of
    if is_asked(request):
        headers = [header for header, _cell in COLUMNS]
        cells = ([cell(row, on) for _header, cell in COLUMNS] for row in rows.order_by("due_on", "pk").iterator(500))
        return export_response(request, f"ageing-rows-{on}", headers, cells)
    page = page_of(
        rows,
        order="due_on",
        size=ROWS_A_PAGE,
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    for row in page.rows:
        row.late = max((on - row.due_on).days, 0)
    context = {"form": form, "on": on, "page": page, "back": f"{reverse('invoicing:ageing')}?{urlencode({'on': on})}"}
    return render(request, "invoicing/ageing_rows.html", context)


COLUMNS = [
    (gettext_lazy("Invoice"), lambda row, on: row.number),
    (gettext_lazy("Customer"), lambda row, on: row.customer_name),
    (gettext_lazy("Issue date"), lambda row, on: row.issued_on),
    (gettext_lazy("Due date"), lambda row, on: row.due_on),
    (gettext_lazy("Days late"), lambda row, on: max((on - row.due_on).days, 0)),
    (gettext_lazy("Currency"), lambda row, on: row.currency),
    (gettext_lazy("Total"), lambda row, on: to_decimal(row.total, row.currency)),
    (gettext_lazy("Owed on that day"), lambda row, on: to_decimal(row.balance, row.currency)),
]


def place_of(request) -> int:
    """Which page of a report is asked for, from 0."""
    asked = request.GET.get("page", "")
    return int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 6 else 0


def _shown(aged, on, credit=0) -> dict:
    """A row with a link behind each figure, and its bars: geometry only, the words stand beside them."""
    link = {"on": on, "currency": aged.currency, **({"customer": aged.customer} if aged.customer else {})}
    rows = reverse("invoicing:ageing_rows")
    whole, x = max(sum(aged.buckets.values()), 1), 0
    figures = []
    for place, (bucket, minor) in enumerate(aged.buckets.items()):
        width = minor * WIDTH // whole
        url = f"{rows}?{urlencode({**link, 'bucket': bucket})}"
        figures.append(
            {"label": LABELS[bucket], "minor": minor, "url": url, "x": x, "width": width, "shade": f"late-{place}"}
        )
        x += width
    return {
        "aged": aged,
        "figures": figures,
        "total_url": f"{rows}?{urlencode(link)}",
        "credit": credit,
        "minus": -credit,
        "credit_url": _credit_url(on, aged.currency),
        "net": aged.total - credit,
    }


def _credit_url(on, currency) -> str:
    return f"{reverse('invoicing:unallocated')}?{urlencode({'on': on, 'currency': currency})}"


def _export(request, on, today, names):
    """Every customer of these currencies, a row each."""
    headers = [_("Customer"), _("Currency"), *LABELS.values(), _("Total")]

    def cells():
        for currency in names:
            first = 0
            while found := report.by_customer(on, today=today, currency=currency, first=first, count=1_000):
                for aged in found:
                    figures = [to_decimal(minor, currency) for minor in [*aged.buckets.values(), aged.total]]
                    yield [aged.name, currency, *figures]
                first += len(found)

    return export_response(request, f"ageing-{on}", headers, cells())
