"""Money received: recorded over one or several invoices, reversed when it never was or was taken back."""

from dataclasses import dataclass
from datetime import date

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from config.common import audit, clock, roles, states
from config.common.errors import DomainError, Stale

from .. import formats
from ..models import Allocation, Invoice, Payment
from . import allocating, letting_go
from .allocating import check_settleable as check_payable

__all__ = ["Share", "check_payable", "pay_invoice", "record_payment", "reverse_payment"]


@dataclass(frozen=True)
class Share:
    """What of a payment goes to one invoice, minor units; `close_as` lets the rest of that invoice go, with a reason.

    amount: None takes what is due at that moment, as far as the payment goes; 0 needs a close_as. close_as: "" (the
    rest stays open) or bank_charge, discount, rounding, write_off. rest: what was seen to be let go by it.
    """

    invoice: Invoice
    amount: int | None
    close_as: str = ""
    reason: str = ""
    rest: int | None = None


def record_payment(
    customer,
    *,
    by,
    currency: str,
    amount: int,
    shares: list[Share],
    paid_on: date,
    received_on: date,
    method: str,
    occasion: str,
    reference="",
    note="",
) -> Payment:
    """Record money a customer paid, and settle invoices with it: full, part, short or over (the rest is on account).

    `amount` is minor units of `currency`; dates are the organization's. `occasion` is the form's token: the same submit
    twice is one payment. Refused with DomainError for an amount that is not positive, shares beyond it or beyond what
    is due, another customer's or currency's invoice, a draft, a void invoice, a credit note, a difference above the
    role's limit; with Stale when an invoice was settled meanwhile. All or nothing.
    """
    roles.require(by, "payment.record")
    _check_figures(amount, shares, currency, paid_on, received_on)
    if same := Payment.objects.filter(occasion=occasion).first():
        return same  # the second click of one submit
    try:
        with transaction.atomic():
            invoices = allocating.lock_invoices([share.invoice for share in shares])
            for invoice in invoices:
                check_payable(invoice)
                allocating.check_fits(Payment(customer=customer, currency=currency), invoice)
            payment = Payment.objects.create(
                customer=customer,
                currency=currency,
                amount=amount,
                paid_on=paid_on,
                received_on=received_on,
                method=method,
                reference=reference,
                note=note,
                occasion=occasion,
                recorded_by_id=by.pk,
                recorded_at=clock.now(),
            )
            words = {"amount": amount, "currency": currency, "received_on": received_on, "reference": reference}
            audit.record("payment.record", payment, by=by, thread=invoices[0] if invoices else None, after=words)
            for invoice in invoices[1:]:
                audit.record("payment.record", payment, by=by, thread=invoice, after=words)
            for invoice, share in zip(invoices, shares, strict=True):
                _settle_share(invoice, share, payment, by=by)
    except IntegrityError:
        same = Payment.objects.filter(occasion=occasion).first()
        if same is None:
            raise
        return same
    return payment


def pay_invoice(invoice, *, by, amount: int, close_as="", reason="", rest=None, **details) -> Payment:
    """record_payment for one invoice: what it does not need stays on account."""
    if same := Payment.objects.filter(occasion=details["occasion"]).first():
        return same  # before the invoice is looked at: this very payment may have settled it
    check_payable(Invoice.objects.get(pk=invoice.pk))
    shares = [Share(invoice, None, close_as, reason, rest)]
    return record_payment(invoice.customer, by=by, currency=invoice.currency, amount=amount, shares=shares, **details)


@transaction.atomic
def reverse_payment(payment, *, by, because: str, on: date, reason: str = "") -> Payment:
    """recorded → reversed: the payment was recorded by mistake, returned by the bank or charged back.

    Everything it settled is open again, differences let go with it too. A mistake counts as if it had never been; money
    that was taken back counts from `on`. Refused with DomainError where some of it was refunded, or without a reason;
    Stale when it is reversed already.
    """
    roles.require(by, "payment.reverse")
    if because not in Payment.Reversal.values:
        raise DomainError(_("Say why the payment is reversed."))
    rows = Allocation.objects.filter(payment=payment, reverses=None, reversed_by=None).select_related("invoice")
    invoices = allocating.lock_invoices(sorted({row.invoice for row in rows}, key=lambda invoice: invoice.pk))
    payment = allocating.lock_payment(payment)
    if payment.status == Payment.Status.REVERSED:
        raise Stale(_("This payment was reversed already. Nothing was done twice."))
    check_not_refunded(payment)
    if on < payment.received_on:
        raise DomainError(_("It cannot have been taken back before it was received. Check the date."))
    undone_on = None if because == Payment.Reversal.MISTAKE else on
    for row in rows.order_by("invoice", "pk"):
        allocating.reverse(row, by=by, on=undone_on and max(undone_on, row.on), reason=reason)
    payment.refresh_from_db()
    states.advance(
        payment,
        "reversed",
        by=by,
        action="payment.reversed",
        where={"allocated": 0, "refunded": 0},
        after={"why": because},
        because=reason,
        thread=invoices[0] if invoices else None,
        reversal=because,
        reversed_on=payment.received_on if undone_on is None else on,
    )
    return payment


def check_not_refunded(payment):
    """DomainError where a part of it was paid back: that is taken back first."""
    if payment.refunded:
        raise DomainError(
            _("%(amount)s of this payment was refunded. Take the refund back first, then reverse the payment.")
            % {"amount": formats.told(payment.refunded, payment.currency)}
        )


def _settle_share(invoice, share, payment, *, by):
    amount = min(invoice.amount_due, payment.on_account) if share.amount is None else share.amount
    if amount:
        allocating.settle(
            invoice,
            by=by,
            kind=Allocation.Kind.PAYMENT,
            amount=amount,
            on=payment.received_on,
            payment=payment,
        )
    if share.close_as and invoice.amount_due:
        letting_go.check_seen(invoice, share.rest)
        letting_go.let_go_of_rest(invoice, by=by, kind=share.close_as, payment=payment, reason=share.reason)


def _check_figures(amount, shares, currency, paid_on, received_on):
    if amount <= 0:
        raise DomainError(_("Type the amount that was paid; it has to be more than zero."))
    if received_on < paid_on:
        raise DomainError(_("The money cannot have been received before it was paid. Check the two dates."))
    typed = [share for share in shares if share.amount is not None]
    if any(share.amount < 0 or (not share.amount and not share.close_as) for share in typed):
        raise DomainError(_("Type how much of it goes to each invoice; it has to be more than zero."))
    if len({share.invoice.pk for share in shares}) < len(shares):
        raise DomainError(_("An invoice stands in the list twice. Name it once."))
    spent = sum(share.amount for share in typed)
    if spent > amount:
        raise DomainError(
            _("The invoices get %(spent)s together, but only %(amount)s was paid. Lower one of them.")
            % {"spent": formats.told(spent, currency), "amount": formats.told(amount, currency)}
        )
