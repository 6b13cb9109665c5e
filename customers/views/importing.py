"""Customers from a spreadsheet."""

from django.utils.translation import gettext_lazy as _

from config.common.sheets.pages import SheetPages
from customers.services.customers import ACT

PAGES = SheetPages(
    "customers",
    act=ACT,
    namespace="customers",
    words={
        "title": _("Import customers"),
        "lede": _("Bring customers from another program as a spreadsheet. First you see what would be made of it."),
        "crumb": _("Customers"),
        "crumb_url": "customers:list",
        "show": _("Show them in Customers"),
    },
)
