"""Allocations put right, and credit spread: taken back, moved, and one source over several invoices at once."""

from datetime import date

from django.db import transaction
from django.utils.translation import gettext as _

from config.common import audit, roles
from config.common.errors import DomainError, Stale

from ..models import Allocation, Invoice, Payment
from . import allocating

Kind = Allocation.Kind


@transaction.atomic
def take_back(allocation, *, by, on: date | None = None, reason: str = "") -> Allocation:
    """Undo one allocation by a reversing row: its money is credit on account again, its credit free on the note.

    Differences let go together with that payment are owed again too. `on` is the day it counts from; None: the
    allocation's own, as if it had never been. Stale when it is undone already.
    """
    roles.require(by, "payment.allocate")
    _lock(allocation)
    return _take_back(allocation, by=by, on=on, reason=reason)


@transaction.atomic
def move_allocation(allocation, *, to, by, amount: int | None = None, reason: str = "") -> Allocation:
    """Move what was allocated to another invoice of the same customer: the wrong invoice was named.

    `amount` in minor units, None for as much as the other needs; the rest stays on account. Refused as in
    allocating.allocate_payment, and where a difference was let go.
    """
    roles.require(by, "payment.allocate")
    if allocation.kind not in (Kind.PAYMENT, Kind.CREDIT):
        raise DomainError(_("A difference that was let go cannot be moved. Take it back instead."))
    if to.pk == allocation.invoice_id:
        raise DomainError(_("It is allocated to that invoice already. Choose another one."))
    _lock(allocation, to)
    _take_back(allocation, by=by, on=None, reason=reason)
    target = Invoice.objects.get(pk=to.pk)
    allocating.check_settleable(target)
    amount = min(allocation.amount, target.amount_due) if amount is None else amount
    if allocation.payment_id:
        return allocating.allocate_payment(allocation.payment, target, by=by, amount=amount, on=allocation.on)
    return allocating.allocate_credit(allocation.credit_note, target, by=by, amount=amount, on=allocation.on)


@transaction.atomic
def spread(source, *, by, amounts: list[tuple[Invoice, int]], on: date) -> list[Allocation]:
    """Settle several invoices from one payment's credit on account, or from one credit note; all or nothing.

    Amounts are minor units. Refused as in allocating.allocate_payment and allocate_credit.
    """
    roles.require(by, "payment.allocate")
    _check_any(amounts)
    allocating.lock_invoices([invoice for invoice, _amount in amounts] + [source] * isinstance(source, Invoice))
    return [_allocate(source, invoice, by=by, amount=amount, on=on) for invoice, amount in amounts]


@transaction.atomic
def use_credit(invoice, *, by, amounts: list[tuple[Payment | Invoice, int]], on: date) -> list[Allocation]:
    """Settle one invoice from several payments' credit on account and credit notes; all or nothing."""
    roles.require(by, "payment.allocate")
    _check_any(amounts)
    allocating.lock_invoices([invoice, *(source for source, _amount in amounts if isinstance(source, Invoice))])
    for payment in sorted((each for each, _amount in amounts if isinstance(each, Payment)), key=lambda each: each.pk):
        allocating.lock_payment(payment)
    return [_allocate(source, invoice, by=by, amount=amount, on=on) for source, amount in amounts]


def _allocate(source, invoice, *, by, amount, on):
    if isinstance(source, Payment):
        return allocating.allocate_payment(source, invoice, by=by, amount=amount, on=on)
    return allocating.allocate_credit(source, invoice, by=by, amount=amount, on=on)


def _check_any(amounts):
    if not amounts:
        raise DomainError(_("Type how much is used; nothing is allocated yet."))


def _lock(allocation, *others):
    """Every row a change of this allocation touches, invoices before the payment."""
    allocating.lock_invoices(list(filter(None, [allocation.invoice, allocation.credit_note, *others])))
    if allocation.payment_id:
        allocating.lock_payment(allocation.payment)


def _take_back(allocation, *, by, on, reason):
    if allocation.reverses_id:
        raise Stale(_("This was taken back already. Reload the page to see what is allocated now."))
    row = allocating.reverse(allocation, by=by, on=on, reason=reason)
    if allocation.kind == Kind.PAYMENT:
        for other in let_go_with(allocation):
            allocating.reverse(other, by=by, on=on and max(on, other.on), reason=reason)
        words = {"amount": allocation.amount, "invoice": allocation.invoice.number}
        audit.record("payment.taken_back", allocation.payment, by=by, after=words, reason=reason)
    return row


def let_go_with(allocation):
    """Differences on the same invoice that were let go because of the same payment, and still are."""
    return Allocation.objects.filter(
        invoice=allocation.invoice_id,
        payment=allocation.payment_id,
        kind__in=Allocation.LET_GO,
        reverses=None,
        reversed_by=None,
    ).order_by("pk")
