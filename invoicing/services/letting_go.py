"""Short payments: the difference that is let go, named for what it is, within the limit of the role."""

from datetime import date

from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from config.common import audit, edits, roles
from config.common.errors import DomainError, Forbidden, Stale
from config.common.roles import Role

from .. import formats, terms
from ..models import Allocation, WriteOffLimit
from . import allocating

Kind = Allocation.Kind


@transaction.atomic
def let_go(invoice, *, by, kind: str, on: date, reason: str, rest: int | None = None) -> Allocation:
    """Close the rest of an invoice without money, as bank charge, discount taken, rounding or write-off.

    The whole amount due is let go, counting from `on`; `rest`, minor units, is what was seen to be let go. Refused with
    DomainError without a reason; with Forbidden above the role's limit; Stale when it is settled already, or another
    amount is due by now.
    """
    invoice = allocating.lock_invoices([invoice])[0]
    allocating.check_settleable(invoice)
    check_seen(invoice, rest)
    return let_go_of_rest(invoice, by=by, kind=kind, on=on, reason=reason)


def check_seen(invoice, rest: int | None):
    """Stale where another amount would be let go than was seen."""
    if rest is not None and rest != invoice.amount_due:
        raise Stale(
            _("What is due on %(number)s changed meanwhile: %(rest)s would be let go. Look at it again.")
            % {"number": invoice.number, "rest": formats.told(invoice.amount_due, invoice.currency)}
        )


def let_go_of_rest(invoice, *, by, kind, reason, on=None, payment=None) -> Allocation:
    """The same for a locked invoice, with the short payment it belongs to."""
    roles.require(by, "payment.let_go")
    if kind not in Allocation.LET_GO:
        raise DomainError(_("Say what the difference is: bank charge, discount taken, rounding or write-off."))
    if not reason.strip():
        raise DomainError(_("Say in a few words why the difference is let go; the auditor will ask."))
    on = on or payment.received_on
    allocating.check_settleable(invoice)
    paid_on = payment.paid_on if payment else on
    if refusal := beyond_limit(invoice, by=by, kind=kind, due=invoice.amount_due, paid_on=paid_on):
        raise Forbidden(refusal)
    return allocating.settle(
        invoice, by=by, kind=kind, amount=invoice.amount_due, on=on, payment=payment, reason=reason.strip()
    )


def limit_of(role: str, currency: str) -> int | None:
    """The most this role may let go on one invoice, minor units; None: any amount."""
    if role == Role.ADMIN:
        return None
    row = WriteOffLimit.objects.filter(role=role, currency=currency).first()
    if row is not None:
        return row.most
    return None if role == Role.MANAGER else 0


def set_limit(*, by, role: str, currency: str, most: int | None) -> None:
    """The most a clerk or manager may let go at a time, minor units; None takes the limit away again."""
    roles.require(by, "limit.write")
    if most is not None and most < 0:
        raise DomainError(_("A limit is zero or more."))
    with transaction.atomic():
        row = WriteOffLimit.objects.filter(role=role, currency=currency).first()
        before = row.most if row else None
        if most is None:
            if row is None:
                return
            audit.record("limit.removed", row, by=by, before={"most": before, "currency": currency, "role": role})
            row.delete()
            return
        if row and before == most:
            return
        row = edits.fill(row or WriteOffLimit(role=role, currency=currency), {"most": most})
        row.full_clean(validate_unique=False, validate_constraints=False)
        row.save()
        audit.record(
            "limit.set", row, by=by, before={"most": before}, after={"most": most, "currency": currency, "role": role}
        )


def beyond_limit(invoice, *, by, kind: str, due: int, paid_on: date) -> str:
    """Why this person may not let `due` (minor units) of this invoice go, as a sentence; "" where they may."""
    if isinstance(by, roles.System):
        return ""
    before = _let_go_before(invoice)
    if kind == Kind.DISCOUNT and due + before <= terms.cash_discount(invoice, paid_on=paid_on):
        return ""  # promised by the invoice itself
    most = limit_of(by.role, invoice.currency)
    if most is None or due + before <= most:
        return ""
    words = {
        "amount": formats.told(due, invoice.currency),
        "limit": formats.told(most, invoice.currency),
        "before": formats.told(before, invoice.currency),
    }
    if not most:
        return _("Your role may not let anything go in %(currency)s. Leave %(amount)s open, or ask a manager.") % {
            **words,
            "currency": invoice.currency,
        }
    if before:
        return (
            _(
                "%(before)s was let go on this invoice already; with %(amount)s it is more than your role may let go "
                "(%(limit)s). Leave it open, or ask a manager."
            )
            % words
        )
    return _("%(amount)s is more than your role may let go (%(limit)s). Leave it open, or ask a manager.") % words


def _let_go_before(invoice) -> int:
    """What is let go on it and still counts: open again after a reversal, it must not be let go bit by bit."""
    rows = Allocation.objects.filter(invoice=invoice, kind__in=Allocation.LET_GO)
    return rows.aggregate(sum=Sum("amount"))["sum"] or 0
