"""Firing what is scheduled: each once, never early, with a last look. The minute sweeper rings for it."""

import logging
from datetime import date, datetime

from django.db import OperationalError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from config.common import audit, clock, queue, roles, states
from config.common.errors import DomainError, Stale
from config.common.models import AuditEvent, User
from config.common.roles import SYSTEM

from .. import messages
from ..models import Delivery, Invoice
from . import allocating, readdressing, scheduling, troubled
from .batches import following
from .mail import Reader, told_of
from .opening import open_invoice

logger = logging.getLogger("dunlin.deliveries")

MOST = 200  # rows a round; while more are due the next round is rung for


class TooLate(DomainError):
    """Nobody waits for this email any more; the text says why."""


def due(*, at: datetime):
    """Emails of invoices whose moment has come by `at`, the longest waiting first."""
    rows = Delivery.objects.filter(status="scheduled", scheduled_at__lte=at, kind=Delivery.Kind.INVOICE)
    return rows.order_by("scheduled_at", "pk")


def found_due(*, at: datetime) -> list[tuple[int, str]]:
    """(invoice, occasion) of the rows of one round, by one query that reads no further."""
    return list(due(at=at).values_list("documents__invoice", "occasion")[:MOST])


def fire_due(*, at: datetime) -> int:
    """Queue what is due by `at`, the database's own time, each send in a transaction of its own; how many went.

    A draft is opened and numbered on the day it is then, by the person who scheduled it. Cancelled with its reason is
    what is paid, void or uncollectible by now, failed with its reason what cannot be opened. What was missed while
    nothing ran is caught up: rows wait until they are fired, and leave their state once.
    """
    found = found_due(at=at)
    followed: list[Delivery] = []  # by items of batches: what went out, and what came to an end
    fired = 0
    for invoice, occasion in dict.fromkeys(found):
        try:
            fired += _fire(invoice, occasion, at=at, followed=followed)
        except OperationalError:
            raise  # the database's trouble, not this email's: it still waits, and the next minute tries again
        except Exception as error:
            logger.exception("scheduled email of invoice %s: unexpected", invoice)
            _put_aside(invoice, occasion, at=at, reason=f"Unexpected: {type(error).__name__}: {error}"[:500])
    following.follow_deliveries(followed)
    if len(found) == MOST:
        queue.enqueue("invoicing.tasks.fire_scheduled")
    return fired


@transaction.atomic
def send_now(invoice, *, by, on: date, version: int | None = None) -> list[Delivery]:
    """What is scheduled goes out at once; a draft is opened by `by`, on that day of the organization.

    Refused with Stale when it went out, was cancelled or changed meanwhile; with DomainError saying what hinders it.
    """
    roles.require(by, "invoice.send")
    invoice = _held(invoice.pk) or invoice
    waiting = scheduling.waiting_of(invoice)
    following.hold_operations(waiting)
    readdressing.follow_contacts(waiting)
    _release(invoice, waiting, by=by, opener=by, on=on, version=version)
    following.follow_deliveries(waiting)
    return waiting


@transaction.atomic
def _fire(invoice_pk, occasion, *, at, followed) -> bool:
    """One send, held by its invoice: of two who fire it, or a firing and a move, the second finds nothing to do."""
    invoice = _held(invoice_pk)
    waiting = list(_rows(invoice_pk, occasion, at).select_related("asked_by", "batch_item__operation"))
    if invoice is None or not waiting or _is_called_off(waiting[0]):
        return False
    readdressing.follow_contacts(waiting)
    asker = waiting[0].asked_by
    with override(asker.language if asker else None):
        try:
            with transaction.atomic():
                addresses = [each.recipient for each in waiting]
                troubled.check(invoice.customer_id, addresses, since=waiting[0].created_at)
                _release(invoice, waiting, by=SYSTEM, opener=asker or SYSTEM, on=scheduling.day_of(at))
        except DomainError as refusal:
            to = "cancelled" if isinstance(refusal, TooLate) else "failed"
            scheduling.end(invoice, waiting, to, by=SYSTEM, reason=str(refusal))
            followed += waiting
            return False
    followed += [each for each in waiting if each.batch_item_id]
    return True


def _release(invoice, waiting, *, by, opener, on, version=None) -> None:
    """The last look; then a draft is opened, and the email queued."""
    if not invoice.is_draft and scheduling.too_late(invoice):
        raise TooLate(
            _("%(number)s is %(status)s by now, so its scheduled email was not sent.")
            % {"number": invoice.number, "status": invoice.get_status_display().lower()}
        )
    if invoice.customer_id != waiting[0].customer_id:
        raise DomainError(
            _("The draft is for %(customer)s by now, whom this email was not written to. Send it from the invoice.")
            % {"customer": invoice.customer_name or _("nobody")}
        )
    if invoice.is_draft:
        _check_opener(by, opener, invoice)
        invoice = open_invoice(invoice, by=opener, on=on, version=version)
    rows = Delivery.objects.filter(pk__in=[each.pk for each in waiting])
    frozen = {"sender": messages.sender_of(invoice), "language": invoice.language}
    if not states.advance_rows(rows, "queued", start=scheduling.SCHEDULED, queued_at=clock.now(), **frozen):
        raise Stale(_("It is not scheduled any more."))
    readers = [Reader(each.recipient, each.role) for each in waiting]
    audit.record("delivery.queued", invoice, by=by, after=told_of(invoice, waiting[0], readers, on=on))
    queue.enqueue("invoicing.tasks.carry", waiting[0].pk)


def _is_called_off(delivery) -> bool:
    """Its batch operation was cancelled, and stopping it has not come to this one yet."""
    return delivery.batch_item is not None and delivery.batch_item.operation.cancelled_at is not None


def _check_opener(by, opener, invoice):
    if not roles.may(opener, "invoice.credit" if invoice.is_credit_note else "invoice.open"):
        raise DomainError(
            _("%(who)s scheduled it and may not open documents any more, so it was neither opened nor sent.")
            % {"who": opener}
        )
    if by is not opener and invoice.is_credit_note and (stranger := _changed_since(invoice)):
        raise DomainError(
            _(
                "%(who)s, who may not open credit notes, changed this one after it was scheduled, so it was neither "
                "opened nor sent. Look at it, and open it or schedule it again."
            )
            % {"who": stranger}
        )


def _changed_since(note) -> User | None:
    """Who changed a draft credit note after it was scheduled and may open none: else a clerk would write one figure
    into what a manager has approved, and it would be opened in the manager's name.
    """
    events = AuditEvent.objects.for_thread(note)
    scheduled = events.filter(action="delivery.scheduled").last()
    changes = events.filter(action="invoice.change", actor_type="user", seq__gt=scheduled.seq if scheduled else 0)
    people = User.objects.filter(pk__in=changes.order_by().values("actor_id")).order_by("pk")
    return next((person for person in people if not roles.may(person, "invoice.credit")), None)


@transaction.atomic
def _put_aside(invoice_pk, occasion, *, at, reason):
    """What fires with an error would do so every minute, and keep others waiting: it becomes a problem people see."""
    invoice = _held(invoice_pk)
    if invoice is not None:
        scheduling.end(invoice, list(_rows(invoice_pk, occasion, at)), "failed", by=SYSTEM, reason=reason)


def _rows(invoice_pk, occasion, at):
    return due(at=at).filter(documents__invoice=invoice_pk, occasion=occasion).order_by("pk")


def _held(pk) -> Invoice | None:
    """The invoice, and what it corrects, until the transaction ends; None where it was deleted."""
    invoice = Invoice.objects.filter(pk=pk).select_related("corrects").first()
    return allocating.lock_invoices([invoice, *filter(None, [invoice.corrects])])[0] if invoice else None
