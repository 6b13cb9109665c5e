"""Invoices from a spreadsheet, beside those from e-invoice files."""

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.common.sheets.pages import SheetPages


def tabs(request):
    """The two ways in, at one place."""
    pages = [(_("E-invoice files"), reverse("invoicing:import")), (_("Spreadsheet"), reverse("invoicing:sheets"))]
    return [{"label": label, "url": url, "count": None, "current": url == request.path} for label, url in pages]


PAGES = SheetPages(
    "invoices",
    act="invoice.import",
    namespace="invoicing",
    words={
        "title": gettext_lazy("Import"),
        "lede": gettext_lazy(
            "Bring invoices from another program as a spreadsheet, one row a line. First you see what would be made."
        ),
        "crumb": gettext_lazy("Sales invoices"),
        "crumb_url": "invoicing:list",
        "show": gettext_lazy("Show them in Sales invoices"),
        "tabs": tabs,
    },
)
