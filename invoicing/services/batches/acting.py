"""What a group of a batch does in its one transaction: open, queue the mail, mark as sent. The very same services as
for a single invoice do it; here is only who gets to them, and what became of each.
"""

from dataclasses import dataclass, replace
from datetime import date

from django.db import transaction
from django.utils.translation import gettext as _

from config.common import clock
from config.common.errors import DomainError, Stale
from customers.models import Organization

from ... import wall_time
from ...models import BatchItem, BatchOperation, Invoice
from .. import completeness, marking, opening_groups, scheduling
from ..delivering_groups import Letter
from ..opening import already_open, changed_meanwhile
from . import following, mailing
from .mailing import Refusal
from .wishes import Action, Wishes, not_meant, of

Status = BatchItem.Status


@dataclass(frozen=True)
class Outcome:
    """What became of one item. WORKING: its mail is queued, and what becomes of that decides."""

    status: str
    reason: str = ""
    mend: str = ""
    opened: bool = False


def act(operation: BatchOperation, items: list[BatchItem], *, by, on: date) -> dict[int, Outcome]:
    """Carry out the act for up to 20 items, in the caller's transaction; outcomes by item.

    `on` is today in the organization's time zone. What a rule refuses is an outcome; anything else is raised, and
    then nothing of the group is done.
    """
    wishes = of(operation)
    invoices = {each.pk: each for each in _invoices(items)}
    mailed = mailing.mailed_before(items)
    outcomes: dict[int, Outcome] = {}
    ready = []
    for item in items:
        if found := _before(item, invoices.get(item.invoice_id), wishes, was_mailed=item.pk in mailed):
            outcomes[item.pk] = found
        else:
            ready.append(item)
    if wishes.action == Action.MARK:
        return outcomes | {item.pk: _mark(item, invoices[item.invoice_id], wishes, by=by, on=on) for item in ready}
    letters, refused = _letters(operation, ready, invoices, wishes)
    outcomes |= refused
    ready = [item for item in ready if item.pk not in refused]
    if wishes.waits:
        mailing.hold([invoices[item.invoice_id].pk for item in ready])
        later = [
            item
            for item in ready
            if item.pk not in mailed
            and not _is_over(item, invoices[item.invoice_id], wishes, since=operation.created_at)
        ]
        for item in later:
            letter = letters.get(item.pk)
            outcomes[item.pk] = _schedule(operation, item, invoices[item.invoice_id], letter, wishes, by=by, on=on)
        ready = [item for item in ready if item not in later]
    opened = _open([item for item in ready if invoices[item.invoice_id].is_draft], invoices, wishes, by=by, on=on)
    outcomes |= opened
    if wishes.mails:
        going = [item for item in ready if item.pk not in opened or opened[item.pk].opened]
        pairs = [(item, replace(letters[item.pk], invoice=invoices[item.invoice_id])) for item in going]
        refusals = mailing.send(pairs, operation=operation, by=by, on=on)
        for item in going:
            refusal, is_new = refusals.get(item.pk), item.pk in opened
            outcomes[item.pk] = _refused(refusal) if refusal else Outcome(Status.WORKING, opened=is_new)
    return outcomes


def _invoices(items):
    pks = [item.invoice_id for item in items]
    return Invoice.objects.filter(pk__in=pks).select_related("customer", "template").prefetch_related("template__texts")


def _before(item, invoice, wishes, *, was_mailed) -> Outcome | None:
    """What can be said before anything is done; None where there is something to do."""
    if invoice is None:
        return Outcome(Status.SKIPPED, _("The draft was deleted meanwhile."))
    if invoice.status == Invoice.Status.VOID:
        return Outcome(Status.SKIPPED, _("It is void."))
    if item.opened_at:  # in an earlier round: what is left is its mail
        return None
    if was_mailed and wishes.action == Action.OPEN and not invoice.is_draft:  # opened when the moment of its mail came
        return None
    if invoice.is_draft and wishes.opens:
        return None if item.version == invoice.version else Outcome(Status.FAILED, changed_meanwhile(), "draft")
    if wishes.action == Action.OPEN:
        return Outcome(Status.SKIPPED, already_open(invoice))
    sentence = not_meant(wishes, status=invoice.status, billed=bool(invoice.billed_at))
    return Outcome(Status.SKIPPED, sentence) if sentence else None


def _letters(operation, items, invoices, wishes) -> tuple[dict[int, Letter], dict[int, Outcome]]:
    """The mail of each item, and who cannot have one; a draft without a customer is left to opening to refuse."""
    letters: dict[int, Letter] = {}
    refused: dict[int, Outcome] = {}
    if not wishes.mails:
        return letters, refused
    organization = Organization.objects.current()
    contacts = mailing.contacts_of([invoices[item.invoice_id] for item in items])
    for item in items:
        invoice = invoices[item.invoice_id]
        if invoice.customer is None:
            continue
        found = mailing.letter_of(
            invoice,
            wishes=wishes,
            contacts=contacts.get(invoice.customer_id, []),
            organization=organization,
            occasion=f"batch-{operation.pk}-{item.pk}",
            item=item,
        )
        if isinstance(found, Refusal):
            refused[item.pk] = _refused(found)
        else:
            letters[item.pk] = found
    return letters, refused


def _open(items, invoices, wishes: Wishes, *, by, on) -> dict[int, Outcome]:
    if not items:
        return {}
    by_invoice = {item.invoice_id: item for item in items}
    outcomes = {}
    found = opening_groups.open_invoices(
        [invoices[item.invoice_id] for item in items],
        by=by,
        on=on,
        versions={item.invoice_id: item.version for item in items},
        makes_pdfs=not wishes.mails,
    )
    for each in found:
        item = by_invoice[each.pk]
        if each.invoice is not None:
            invoices[each.pk] = each.invoice
            outcomes[item.pk] = Outcome(Status.DONE, opened=True)
        else:
            outcomes[item.pk] = Outcome(Status.SKIPPED if each.is_late else Status.FAILED, each.refusal, each.field)
    return outcomes


def _is_over(item, invoice, wishes, *, since) -> bool:
    """What is tried again after its moment goes out at once, and so does what the workers get to too late.

    `since`: when it was asked for. What had passed by then already is refused.
    """
    wall = wishes.wall(invoice.customer.time_zone) if invoice.customer else None
    if wall is None or not wall_time.is_zone(wall.zone) or not scheduling.has_passed(wall, now=clock.now()):
        return False
    return item.tries > 1 or not scheduling.has_passed(wall, now=since)


def _schedule(operation, item, invoice, letter, wishes, *, by, on) -> Outcome:
    if letter is None:  # a draft without a customer, whose zone nobody knows either
        found = completeness.problems(invoice, on=on)
        return Outcome(Status.FAILED, " ".join(each.sentence for each in found), found[0].field)
    wall = wishes.wall(invoice.customer.time_zone)
    try:
        with transaction.atomic():
            scheduling.schedule_delivery(
                invoice,
                by=by,
                mail=replace(letter.mail, occasion=f"{letter.mail.occasion}-{item.tries}", seen=operation.seen),
                wall=wall,
                now=clock.now(),
                version=item.version if invoice.is_draft else None,
                batch_item=item.pk,
                fallback_reason=letter.fallback_reason,
            )
    except Stale as refusal:
        return Outcome(Status.FAILED, str(refusal), "history")
    except DomainError as refusal:
        return Outcome(Status.FAILED, str(refusal), "draft" if invoice.is_draft else "")
    return Outcome(Status.SCHEDULED, following.goes_out(wall), "history")


def _mark(item, invoice, wishes, *, by, on) -> Outcome:
    try:
        with transaction.atomic():
            marking.mark_as_sent(
                invoice,
                by=by,
                how=wishes.how,
                sent_on=wishes.sent_on,
                on=on,
                note=wishes.note,
                version=item.version if invoice.is_draft else None,
            )
    except Stale as refusal:
        return Outcome(Status.FAILED, str(refusal), "history")
    except DomainError as refusal:
        return Outcome(Status.FAILED, str(refusal), "draft" if invoice.is_draft else "")
    return Outcome(Status.DONE, opened=invoice.is_draft)


def _refused(refusal: Refusal) -> Outcome:
    return Outcome(Status.NEEDS_ATTENTION if refusal.asks else Status.FAILED, refusal.sentence, refusal.mend)
