"""Money given back, as a clerk records it: of a payment's credit on account, or of a credit note."""

from datetime import date

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from config.common import audit, roles
from config.common.errors import DomainError, Stale

from .. import formats
from ..models import Payment, Refund
from . import allocating


def refund_payment(
    payment, *, by, amount: int, paid_on: date, method: str, reason: str, occasion: str, reference=""
) -> Refund:
    """Record that credit on account was paid back; `amount` in minor units of the payment's currency.

    What settles an invoice is not on account: take it back there first. Refused with DomainError for more than is on
    account or without a reason. The same `occasion` twice is one refund.
    """
    return _refund(
        {"payment": payment},
        by=by,
        amount=amount,
        paid_on=paid_on,
        method=method,
        reason=reason,
        occasion=occasion,
        reference=reference,
    )


def refund_credit(
    credit_note, *, by, amount: int, paid_on: date, method: str, reason: str, occasion: str, reference=""
) -> Refund:
    """Record that what a credit note owes the customer was paid back. Refused as in refund_payment."""
    return _refund(
        {"credit_note": credit_note},
        by=by,
        amount=amount,
        paid_on=paid_on,
        method=method,
        reason=reason,
        occasion=occasion,
        reference=reference,
    )


@transaction.atomic
def take_back_refund(refund, *, by, reason: str = "") -> Refund:
    """Undo a refund that was recorded by mistake, by a reversing row. Stale when it is undone already."""
    roles.require(by, "payment.refund")
    if refund.credit_note_id:
        note = allocating.lock_invoices([refund.credit_note])[0]
    else:
        payment = allocating.lock_payment(refund.payment)
    if refund.reverses_id or Refund.objects.filter(reverses=refund).exists():
        raise Stale(_("This refund was taken back already. Nothing was done twice."))
    row = Refund.objects.create(
        payment_id=refund.payment_id,
        credit_note_id=refund.credit_note_id,
        customer_id=refund.customer_id,
        currency=refund.currency,
        amount=-refund.amount,
        paid_on=refund.paid_on,
        method=refund.method,
        reference=refund.reference,
        reason=reason or refund.reason,
        reverses=refund,
        occasion=f"back-{refund.pk}",
        recorded_by_id=by.pk,
    )
    if refund.credit_note_id:
        allocating.lower(note, refund.amount, by=by, kind="", because=reason)
    else:
        Payment.objects.filter(pk=payment.pk).update(refunded=F("refunded") - refund.amount)
        audit.record("payment.refund_taken_back", payment, by=by, after={"amount": refund.amount}, reason=reason)
    return row


def _refund(source, *, by, amount, paid_on, method, reason, occasion, reference):
    roles.require(by, "payment.refund")
    if amount <= 0:
        raise DomainError(_("Type the amount that was paid back; it has to be more than zero."))
    if not reason.strip():
        raise DomainError(_("Say in a few words why the money is paid back."))
    if same := Refund.objects.filter(occasion=occasion).first():
        return same
    try:
        with transaction.atomic():
            return _write(source, by, amount, paid_on, method, reason.strip(), occasion, reference)
    except IntegrityError:
        same = Refund.objects.filter(occasion=occasion).first()
        if same is None:
            raise
        return same


def _write(source, by, amount, paid_on, method, reason, occasion, reference):
    kind, thing = next(iter(source.items()))
    if kind == "payment":
        thing = allocating.lock_payment(thing)
        rest, earliest = thing.on_account, thing.received_on
        if amount > rest:
            raise DomainError(
                _("Only %(rest)s of this payment is on account; the rest settles invoices. Take it back there first.")
                % {"rest": formats.told(rest, thing.currency)}
            )
    else:
        thing = allocating.lock_invoices([thing])[0]
        allocating.check_gives_credit(thing, amount)
        earliest = thing.issued_on
    if paid_on < earliest:
        raise DomainError(_("The money cannot have been paid back before that day: %(day)s.") % {"day": earliest})
    row = Refund.objects.create(
        **{kind: thing},
        customer_id=thing.customer_id,
        currency=thing.currency,
        amount=amount,
        paid_on=paid_on,
        method=method,
        reference=reference,
        reason=reason,
        occasion=occasion,
        recorded_by_id=by.pk,
    )
    words = {"amount": amount, "currency": thing.currency, "paid_on": paid_on, "reference": reference}
    if kind == "payment":
        rows = Payment.objects.filter(
            pk=thing.pk, status="recorded", amount__gte=F("allocated") + F("refunded") + amount
        )
        if not rows.update(refunded=F("refunded") + amount):
            raise Stale(_("Somebody used this payment at the same moment. Look at what is left of it and try again."))
        audit.record("payment.refunded", thing, by=by, after=words, reason=reason)
    else:
        audit.record("credit.refunded", thing, by=by, after=words, reason=reason)
        allocating.use_credit(thing, amount, by=by, on=paid_on, after={"refund": row.pk})
    return row
