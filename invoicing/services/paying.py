"""Money received. The only writer of `settled`, and of what payments have allocated."""

from datetime import date

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from config.common import audit, roles, states
from config.common.currency import amount_text
from config.common.errors import DomainError, Stale

from ..models import Allocation, Invoice, Payment


def record_payment(
    invoice, *, by, amount: int, paid_on: date, received_on: date, method: str, occasion: str, reference="", note=""
) -> Payment:
    """Record money a customer paid for an open invoice: full, part, or over (the rest is credit on account).

    `amount` is minor units of the invoice's currency. `occasion` is the form's token: the same submit twice is one
    payment. Refused with DomainError for a draft, a void invoice, a credit note or an amount that is not positive; with
    Stale when the invoice was settled meanwhile. The invoice is paid when its amount due is 0.
    """
    roles.require(by, "payment.record")
    if amount <= 0:
        raise DomainError(_("Type the amount that was paid; it has to be more than zero."))
    if received_on < paid_on:
        raise DomainError(_("The money cannot have been received before it was paid. Check the two dates."))
    try:
        with transaction.atomic():
            invoice = Invoice.objects.select_for_update().get(pk=invoice.pk)
            check_payable(invoice)
            payment = Payment.objects.create(
                customer_id=invoice.customer_id,
                currency=invoice.currency,
                amount=amount,
                paid_on=paid_on,
                received_on=received_on,
                method=method,
                reference=reference,
                note=note,
                occasion=occasion,
                recorded_by_id=by.pk,
            )
            audit.record(
                "payment.record",
                payment,
                by=by,
                thread=invoice,
                after={
                    "amount": amount,
                    "currency": invoice.currency,
                    "received_on": received_on,
                    "reference": reference,
                },
            )
            _allocate(payment, invoice, min(amount, invoice.amount_due), by=by)
    except IntegrityError:
        same = Payment.objects.filter(occasion=occasion).first()
        if same is None:
            raise
        return same  # the second click of one submit
    return payment


def check_payable(invoice):
    """DomainError, or Stale where it is paid by now, when no payment can be recorded for this invoice."""
    if invoice.is_draft:
        raise DomainError(_("A draft cannot be paid. Open it first."))
    if invoice.is_credit_note:
        raise DomainError(_("A credit note is not paid by the customer; it is allocated to an invoice or refunded."))
    if invoice.status == Invoice.Status.VOID:
        raise DomainError(_("%(number)s is void, so nothing is owed on it.") % {"number": invoice.number})
    if invoice.status == Invoice.Status.PAID:
        raise Stale(
            _("%(number)s is already paid in full. If this is another payment, record it on an open invoice.")
            % {"number": invoice.number}
        )


def _allocate(payment, invoice, amount: int, *, by):
    """Settle `amount` of the invoice from the payment: allocation, both sums and the status in one transaction."""
    Allocation.objects.create(payment=payment, invoice=invoice, amount=amount)
    Payment.objects.filter(pk=payment.pk).update(allocated=F("allocated") + amount)
    payment.refresh_from_db(fields=["allocated"])
    if amount == invoice.amount_due:
        states.advance(
            invoice,
            "paid",
            by=by,
            action="invoice.paid",
            where={"total": F("prepaid") + F("settled") + amount},
            settled=F("settled") + amount,
        )
        return
    settled = Invoice.objects.filter(
        pk=invoice.pk, status=invoice.status, total__gt=F("prepaid") + F("settled") + amount
    ).update(settled=F("settled") + amount)
    if not settled:
        raise Stale(_("Somebody recorded a payment at the same moment. Look at the amount due and try again."))
    audit.record(
        "invoice.part_paid",
        invoice,
        by=by,
        after={"settled": amount, "rest": amount_text(invoice.amount_due - amount, invoice.currency)},
    )
