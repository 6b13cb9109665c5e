"""What invoicing shows on a customer's profile."""

from django.db.models import F

from config.common.reading import CountOf, ListOf, RowsOf
from config.common.roles import may
from invoicing import reports
from invoicing.models import BillingProfile, Invoice, Payment, Refund
from invoicing.views.figures import today_of

SHOWN = 10
LAST = 5  # payments, refunds
_INVOICE = ("id", "kind", "status", "number", "currency", "due_on", "total", "settled", "amount_due", "billed_at")
_NOTE = ("id", "number", "currency", "amount_due")
_PAYMENT = (
    *("id", "status", "reversal", "currency", "amount", "allocated", "refunded"),
    *("received_on", "method", "reference"),
)
_REFUND = ("id", "payment_id", "credit_note_id", "credit_note_number", "currency", "amount", "paid_on", "reason")


def reads(customer: int) -> dict:
    """What the panel shows of this customer (primary key), read along with the customer's row."""
    invoices = Invoice.objects.filter(customer=customer)
    payments = Payment.objects.filter(customer=customer).order_by("-received_on", "-pk")
    refunds = (
        Refund.objects.filter(customer=customer, reverses=None, reversed_by=None)
        .annotate(credit_note_number=F("credit_note__number"))
        .order_by("-paid_on", "-pk")
    )
    notes = invoices.open().filter(kind="credit_note").order_by("issued_on", "pk")
    return {
        "open_invoices": RowsOf(invoices.open().order_by("due_on", "pk")[: SHOWN + 1], *_INVOICE),
        "draft_count": CountOf(invoices.draft()),
        "last_payments": RowsOf(payments[:LAST], *_PAYMENT),
        "last_refunds": RowsOf(refunds[:LAST], *_REFUND),
        "open_notes": RowsOf(notes[:SHOWN], *_NOTE),
        "owed": ListOf(reports.owed([customer]).values("currency", "owed"), "currency", "owed"),
        "template_chosen": ListOf(
            BillingProfile.objects.filter(customer=customer).values("template__name"), "template__name"
        ),
        "credit_left": ListOf(reports.on_account(customer), "currency", "left"),
    }


def customer_panel(request, customer) -> dict:
    """The open invoices, the last payments and the credit on account; `aside` and `main` are the templates.

    `customer` carries `reads`.
    """
    return {
        "aside": "invoicing/_customer_owes.html",
        "main": "invoicing/_customer_invoices.html",
        "invoices": customer.open_invoices[:SHOWN],
        "more": len(customer.open_invoices) > SHOWN,
        "drafts": customer.draft_count,
        "payments": customer.last_payments,
        "owes": dict(customer.owed),
        "on_account": dict(customer.credit_left),
        "notes": customer.open_notes,
        "refunds": customer.last_refunds,
        "template": next((name for (name,) in customer.template_chosen), ""),
        "may_choose": may(request.user, "customer.write"),
        "may_record": may(request.user, "payment.record"),
        "may_allocate": may(request.user, "payment.allocate"),
        "today": today_of(request),
    }
