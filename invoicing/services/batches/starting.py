"""Making an operation of a selection: one row, answered at once; everything else is the worker's."""

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from config.common import audit, clock, queue, roles
from config.common.addresses import check_address
from config.common.errors import DomainError, Stale

from ... import merge
from ...models import BatchOperation, Delivery, Selection
from .. import proposing, scheduling
from ..mail import link_refusal
from . import checking
from .wishes import Action, Wishes

ACTS = {
    Action.OPEN: ("invoice.open",),
    Action.SEND: ("invoice.send",),
    Action.MARK: ("invoice.mark_as_sent",),
    Action.SUBMIT: ("invoice.send",),
}


def start_operation(
    selection: Selection, *, by, wishes: Wishes, request_id: str, leaves_out: bool = False
) -> BatchOperation:
    """Begin: the worker makes an item of each chosen invoice and carries them out.

    `request_id` is the dialog's own token: the same submit twice is one operation, and both get it. `leaves_out`:
    without what the preflight finds would fail. Refused with Forbidden for the role (or more invoices than it may run
    at once), with DomainError where a subject or reply-to would be missing, with Stale for a selection of yesterday.
    """
    roles.require(by, "batch.run")
    for act in [*ACTS[Action(wishes.action)], *(["invoice.send"] if wishes.mails else [])]:
        roles.require(by, act)
    if wishes.opens:
        roles.require(by, "invoice.open")
    if found := BatchOperation.objects.filter(asked_by_id=by.pk, request_id=request_id).first():
        return found
    _check(wishes)
    if refusal := checking.refusal(selection, by=by, wishes=wishes):
        raise DomainError(refusal)
    if selection.count > checking.MOST_FOR_CLERKS:
        roles.require(by, "batch.run_large")
    try:
        with transaction.atomic():
            return _start(selection, by=by, wishes=wishes, request_id=request_id, leaves_out=leaves_out)
    except IntegrityError:  # the same submit was quicker by a moment
        return BatchOperation.objects.get(asked_by_id=by.pk, request_id=request_id)


def _start(selection, *, by, wishes, request_id, leaves_out) -> BatchOperation:
    newest, now = Delivery.objects.order_by("-pk").values_list("pk", flat=True).first() or 0, clock.now()
    operation = BatchOperation.objects.create(
        **vars(wishes),
        asked_by_id=by.pk,
        request_id=request_id,
        created_at=now,
        started_at=now,
        page=selection.page,
        query=selection.query,
        rows=selection.rows,
        total=selection.count,
        sums=selection.sums,
        seen=newest,
        leaves_out=leaves_out,
    )
    if not Selection.objects.filter(pk=selection.pk, person_id=by.pk).delete()[0]:
        raise Stale(_("This selection was used already, or is too old. Choose the invoices once more."))
    told = {"action": wishes.action, "invoices": selection.count, "send_email": wishes.send_email}
    audit.record("batch.start", operation, by=by, after={**told, "submit_einvoice": wishes.submit_einvoice})
    queue.enqueue("invoicing.tasks.run_batches")
    return operation


def _check(wishes):
    """What was typed into the dialog; the form says the same at the field."""
    for text, check in ((wishes.subject, merge.check_subject), (wishes.message, merge.check)):
        try:
            check(text)
        except ValidationError as error:
            raise DomainError(" ".join(error.messages)) from None
    if refusal := link_refusal(wishes.message, portal_link=wishes.portal_link):
        raise DomainError(refusal)
    for address in [*proposing.split(wishes.cc), *filter(None, [wishes.reply_to])]:
        try:
            check_address(address)
        except ValidationError:
            raise DomainError(
                _("“%(email)s” is no email address. Correct it or take it out.") % {"email": address}
            ) from None
    if wishes.action == Action.MARK and not (wishes.how and wishes.sent_on):
        raise DomainError(_("Say how the invoices were sent, and when."))
    if (wishes.send_on is None) != (wishes.send_at is None):
        raise DomainError(_("Say on which day the emails are to go out, and when."))
    if wishes.zone and (wall := wishes.wall(wishes.zone)):
        scheduling.check_instant(wall, now=clock.now())
    if wishes.action == Action.SEND and not wishes.mails:
        raise DomainError(_("Nothing would be sent. Turn on Send Email or Submit E-Invoice."))
