"""What invoicing shows on a customer's profile."""

from config.common import clock
from customers.models import Organization
from invoicing import reports
from invoicing.models import Invoice, Payment

SHOWN = 10


def customer_panel(request, customer) -> dict:
    """The open invoices, the last payments and the credit on account; `aside` and `main` are the templates."""
    open_invoices = list(Invoice.objects.open().filter(customer=customer).order_by("due_on", "pk")[: SHOWN + 1])
    return {
        "aside": "invoicing/_customer_owes.html",
        "main": "invoicing/_customer_invoices.html",
        "invoices": open_invoices[:SHOWN],
        "more": len(open_invoices) > SHOWN,
        "drafts": Invoice.objects.draft().filter(customer=customer).count(),
        "payments": list(Payment.objects.filter(customer=customer).order_by("-received_on", "-pk")[:5]),
        "owes": reports.owed_by([customer.pk]).get(customer.pk, {}),
        "on_account": reports.on_account(customer),
        "today": clock.today(_zone()),
    }


def _zone():
    """The organization's zone decides what is late."""
    return Organization.objects.values_list("time_zone", flat=True).order_by("pk").first() or "UTC"
