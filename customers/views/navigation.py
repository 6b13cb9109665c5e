"""What customers bring to the shell of every page."""

from django.urls import reverse
from django.utils.translation import gettext as _

from customers.models import Organization


def ledger(request) -> list[dict]:
    """The ledger's section; what belongs to other apps is known by its address alone."""
    entries = [
        (_("Sales invoices"), "invoicing:list", "file", "/invoices/"),
        (_("Customers"), "customers:list", "users", "/customers/"),
        (_("Payments"), "invoicing:payment_list", "bank", "/payments/"),
    ]
    elsewhere = request.path.startswith(("/invoices/to-be-sent/", "/deliveries/"))
    return [
        {
            "title": _("Ledger"),
            "items": [
                {
                    "label": label,
                    "url": reverse(name),
                    "icon": icon,
                    "current": request.path.startswith(beginning) and not elsewhere,
                }
                for label, name, icon, beginning in entries
            ],
        }
    ]


def facts(request) -> dict:
    """For every page that says whose invoices these are."""
    return {"organization": organization_of(request)}


def organization_of(request) -> Organization | None:
    """Read once a request; None before the installation is set up."""
    if not hasattr(request, "organization"):
        request.organization = Organization.objects.defer("logo").order_by("pk").first()
    return request.organization
