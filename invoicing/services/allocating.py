"""What settles an invoice: money, credit, differences let go. The only writer of `settled`.

Every step writes an append-only Allocation and the sums it changes in one transaction, invoices locked in the order of
their keys before payments, so that two clerks wait for each other instead of for ever.
"""

from datetime import date

from django.db import transaction
from django.db.models import F, Max
from django.utils.translation import gettext as _

from config.common import audit, roles, states
from config.common.currency import amount_text
from config.common.errors import DomainError, Stale

from .. import formats
from ..models import Allocation, Invoice, Payment, Refund

Kind = Allocation.Kind


@transaction.atomic
def allocate_payment(payment, invoice, *, by, amount: int, on: date) -> Allocation:
    """Settle an invoice from a payment's credit on account, counting from `on`.

    Refused with DomainError for another currency or customer, for more than is due or on account; Stale when somebody
    was quicker.
    """
    roles.require(by, "payment.allocate")
    invoice = lock_invoices([invoice])[0]
    payment = lock_payment(payment)
    on = max(on, payment.received_on)
    row = settle(invoice, by=by, kind=Kind.PAYMENT, amount=amount, on=on, payment=payment)
    audit.record("payment.allocated", payment, by=by, after={"amount": amount, "invoice": invoice.number})
    return row


@transaction.atomic
def allocate_credit(credit_note, invoice, *, by, amount: int, on: date) -> Allocation:
    """Settle an invoice from an open credit note, counting from `on`. Refused as in allocate_payment."""
    roles.require(by, "payment.allocate")
    invoice, credit_note = lock_invoices([invoice, credit_note])
    check_gives_credit(credit_note, amount)
    return settle(
        invoice, by=by, kind=Kind.CREDIT, amount=amount, on=max(on, credit_note.issued_on), credit_note=credit_note
    )


def check_settleable(invoice):
    """DomainError, or Stale where it is settled by now, when nothing can be allocated to this invoice."""
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


# --- For the other services of money, inside their transaction, on rows they have locked --------------------------


def lock_invoices(invoices, *related: str) -> list[Invoice]:
    """These invoices as they are now, held until the transaction ends; in the order they were given.

    `related` names what they point to and is read along, not held.
    """
    pks = {invoice.pk for invoice in invoices}
    held = Invoice.objects.select_for_update(of=("self",)).select_related(*related or (None,))
    rows = {row.pk: row for row in held.filter(pk__in=pks).order_by("pk")}
    return [rows[invoice.pk] for invoice in invoices]


def lock_payment(payment) -> Payment:
    return Payment.objects.select_for_update().get(pk=payment.pk)


def settle(invoice, *, by, kind, amount: int, on: date, payment=None, credit_note=None, reason="") -> Allocation:
    """Allocate to a locked invoice from a locked source; invoice and source carry the new sums afterwards.

    It counts from `on`, but never from before the invoice was owed: what came earlier was credit until then.
    """
    check_settleable(invoice)
    if amount <= 0:
        raise DomainError(_("Type the amount; it has to be more than zero."))
    if amount > invoice.amount_due:
        raise DomainError(
            _("Only %(due)s is due on %(number)s. Allocate that, or less.")
            % {"due": formats.told(invoice.amount_due, invoice.currency), "number": invoice.number}
        )
    row = Allocation(
        invoice=invoice,
        kind=kind,
        amount=amount,
        on=max(on, _owed_since(invoice)),
        payment=payment,
        credit_note=credit_note,
        reason=reason,
        recorded_by_id=by.pk,
    )
    if kind == Kind.PAYMENT:
        check_fits(payment, invoice)
        _spend_payment(payment, amount)
    elif kind == Kind.CREDIT:
        check_gives_credit(credit_note, amount)
        check_fits(credit_note, invoice)
    row.save(force_insert=True)
    _raise(invoice, amount, by=by, kind=kind, on=row.on)
    if kind == Kind.CREDIT:
        use_credit(credit_note, amount, by=by, on=row.on, after={"invoice": invoice.number})
    return row


def reverse(allocation, *, by, on: date | None = None, reason: str = "") -> Allocation:
    """The reversing row of an allocation whose invoice and source are locked."""
    if allocation.reverses_id or Allocation.objects.filter(reverses=allocation).exists():
        raise Stale(_("This was taken back already. Reload the page to see what is allocated now."))
    row = Allocation.objects.create(
        invoice_id=allocation.invoice_id,
        kind=allocation.kind,
        amount=-allocation.amount,
        on=on or allocation.on,
        payment_id=allocation.payment_id,
        credit_note_id=allocation.credit_note_id,
        reason=reason,
        reverses=allocation,
        recorded_by_id=by.pk,
    )
    invoice = Invoice.objects.get(pk=allocation.invoice_id)
    lower(invoice, allocation.amount, by=by, kind=allocation.kind, because=reason)
    if allocation.kind == Kind.PAYMENT:
        Payment.objects.filter(pk=allocation.payment_id).update(allocated=F("allocated") - allocation.amount)
    elif allocation.kind == Kind.CREDIT:
        note = Invoice.objects.get(pk=allocation.credit_note_id)
        lower(note, allocation.amount, by=by, kind="", because=reason)
    return row


def check_gives_credit(credit_note, amount: int):
    """DomainError when that much cannot be taken from this credit note."""
    if not credit_note.is_credit_note or credit_note.status == Invoice.Status.VOID:
        raise DomainError(_("Only an open credit note gives credit."))
    if credit_note.is_draft:
        raise DomainError(_("This credit note is a draft. Open it first."))
    if amount > credit_note.amount_due:
        raise DomainError(
            _("Only %(rest)s is left on %(number)s.")
            % {"rest": formats.told(credit_note.amount_due, credit_note.currency), "number": credit_note.number}
        )


def use_credit(credit_note, amount: int, *, by, on: date, after: dict):
    """Take credit from a locked credit note: it is settled when nothing is left of it."""
    _raise(credit_note, amount, by=by, kind="", on=on, after=after)


def lower(document, amount: int, *, by, kind, because=""):
    """Take `amount` out of what settled a document; a paid one is open again."""
    credit = {"settled_by_credit": F("settled_by_credit") - amount} if kind == Kind.CREDIT else {}
    if document.status == Invoice.Status.PAID:
        states.advance(
            document,
            "open",
            by=by,
            action="invoice.reopened",
            after={"taken_back": amount},
            because=because,
            settled=F("settled") - amount,
            settled_on=None,
            **credit,
        )
    else:
        changed = Invoice.objects.filter(pk=document.pk, status=document.status, settled__gte=amount)
        if not changed.update(settled=F("settled") - amount, **credit):
            raise Stale(_("Somebody changed it at the same moment. Look at it again and repeat what you did."))
        audit.record("invoice.taken_back", document, by=by, after={"taken_back": amount}, reason=because)
    _refresh(document)


def _raise(document, amount, *, by, kind, on, after=None):
    credit = {"settled_by_credit": F("settled_by_credit") + amount} if kind == Kind.CREDIT else {}
    words = {"settled": amount, **({"by": kind} if kind not in ("", Kind.PAYMENT) else {}), **(after or {})}
    if amount == document.amount_due:
        states.advance(
            document,
            "paid",
            by=by,
            action="invoice.paid",
            where={"total": F("prepaid") + F("settled") + amount},
            after=words,
            settled=F("settled") + amount,
            settled_on=max(on, _last_day(document) or on),
            **({"uncollectible_on": None} if document.status == Invoice.Status.UNCOLLECTIBLE else {}),
            **credit,
        )
    else:
        rows = Invoice.objects.filter(
            pk=document.pk, status=document.status, total__gt=F("prepaid") + F("settled") + amount
        )
        if not rows.update(settled=F("settled") + amount, **credit):
            raise Stale(_("Somebody recorded a payment at the same moment. Look at the amount due and try again."))
        rest = amount_text(document.amount_due - amount, document.currency)
        audit.record("invoice.part_paid", document, by=by, after={**words, "rest": rest})
    _refresh(document)


def _last_day(document):
    """The latest day anything counts from that settled it so far: as of an earlier one it was not settled yet."""
    rows = Allocation.objects.filter(credit_note=document) if document.is_credit_note else document.allocations.all()
    days = [rows.aggregate(last=Max("on"))["last"]]
    if document.is_credit_note:
        days.append(Refund.objects.filter(credit_note=document).aggregate(last=Max("paid_on"))["last"])
    return max(filter(None, days), default=None)


def _owed_since(invoice) -> date:
    """Issued, or open again since money that had settled it went back: on no day more settles it than it came to."""
    back = invoice.allocations.filter(reverses__isnull=False, on__gt=F("reverses__on"))
    return max(filter(None, [invoice.issued_on, back.aggregate(last=Max("on"))["last"]]))


def _refresh(document):
    document.refresh_from_db(fields=["settled", "settled_by_credit", "settled_on", "amount_due", "status"])


def check_fits(source, invoice):
    """DomainError where a payment or credit note is of another currency or customer than the invoice."""
    if source.currency != invoice.currency:
        raise DomainError(
            _("%(number)s is in %(theirs)s and this is %(ours)s; money of one currency settles no invoice of another.")
            % {"number": invoice.number, "theirs": invoice.currency, "ours": source.currency}
        )
    if source.customer_id != invoice.customer_id:
        raise DomainError(
            _("%(number)s is another customer's invoice. Choose one of the same customer.") % {"number": invoice.number}
        )


def _spend_payment(payment, amount):
    """The payment's part of an allocation or a refund: never more than is on account."""
    if payment.status == Payment.Status.REVERSED:
        raise Stale(_("This payment was reversed meanwhile, so there is nothing to allocate."))
    if amount > payment.on_account:
        raise DomainError(
            _("Only %(rest)s of this payment is on account.")
            % {"rest": formats.told(payment.on_account, payment.currency)}
        )
    rows = Payment.objects.filter(pk=payment.pk, status="recorded", amount__gte=F("allocated") + F("refunded") + amount)
    if not rows.update(allocated=F("allocated") + amount):
        raise Stale(_("Somebody used this payment at the same moment. Look at what is left of it and try again."))
    payment.refresh_from_db(fields=["allocated", "refunded"])
