"""What is scheduled, for many at once: moved, sent now or cancelled, each by itself. One refusal stops no other."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from django.db import OperationalError, transaction
from django.utils.translation import gettext as _

from config.common import roles
from config.common.errors import DomainError, Stale

from ..models import DeliveryDocument, Invoice, Selection
from ..wall_time import WallTime
from . import firing, scheduling
from .batches import selecting

logger = logging.getLogger("dunlin.deliveries")

MOST = 200  # in one go: somebody waits for it, and a draft that is sent now is opened before the answer comes


@dataclass(frozen=True)
class Outcome:
    """What became of one of those that were chosen; `refusal`: why nothing did, as a sentence, "" where it was done."""

    label: str
    invoice: Invoice | None  # None: the draft was deleted meanwhile
    refusal: str = ""


def choose_scheduled(invoices, *, by, every: bool = False, query: str = "") -> Selection:
    """Freeze these invoices, and with each when its email is to go out. Refused like select_invoices."""
    selection = selecting.select_invoices(invoices, by=by, page="scheduled", every=every, query=query)
    waiting = DeliveryDocument.objects.scheduled().filter(invoice__in=[pk for pk, _version in selection.rows])
    seen = {pk: int(at.timestamp()) for pk, at in waiting.values_list("invoice", "delivery__scheduled_at")}
    selection.rows = [(pk, version, seen.get(pk, 0)) for pk, version in selection.rows]
    selection.save(update_fields=["rows"])
    return selection


def move_many(selection: Selection, *, by, on: date, at: time, zone: str, now: datetime) -> list[Outcome]:
    """Let each wait for that local time; a blank zone is that of each one's customer.

    What somebody moved after it was chosen stays where it was moved to. Forbidden refuses all; Stale where the
    selection was used already.
    """

    def move(invoice, _version, seen):
        waiting = scheduling.waiting_of(invoice)[0]
        wall = WallTime(on, at, zone or zone_of(invoice) or waiting.scheduled_zone)
        scheduling.move_scheduled(invoice, by=by, wall=wall, now=now, seen=datetime.fromtimestamp(seen, UTC))

    return _each(selection, move, by=by)


def cancel_many(selection: Selection, *, by) -> list[Outcome]:
    """None of them is sent; drafts stay drafts. Refused like moving them."""
    return _each(selection, lambda invoice, _version, _seen: scheduling.cancel_scheduled(invoice, by=by), by=by)


def send_many(selection: Selection, *, by, on: date) -> list[Outcome]:
    """Each goes out at once; drafts are opened by `by`, on that day of the organization, as they were when chosen."""

    def send(invoice, version, _seen):
        firing.send_now(invoice, by=by, on=on, version=version if invoice.is_draft else None)

    return _each(selection, send, by=by)


def zone_of(invoice) -> str:
    """The time zone of its customer; blank where it has none."""
    return invoice.customer.time_zone if invoice.customer else ""


def _each(selection, act: Callable[[Invoice, int, int], object], *, by) -> list[Outcome]:
    """Each in a transaction of its own, in the order of their keys."""
    roles.require(by, "invoice.send")
    if not Selection.objects.filter(pk=selection.pk, person_id=by.pk).delete()[0]:
        raise Stale(_("This selection was used already, or is too old. Choose the invoices once more."))
    return [_one(pk, version, seen, act) for pk, version, seen in selection.rows]


def _one(pk, version, seen, act) -> Outcome:
    invoice = Invoice.objects.select_related("customer").filter(pk=pk).first()
    if invoice is None:
        return Outcome(_("A draft"), None, _("The draft was deleted meanwhile."))
    label = invoice.number or _("Draft for %(customer)s") % {"customer": invoice.customer_name or _("nobody")}
    try:
        with transaction.atomic():
            act(invoice, version, seen)
    except DomainError as refusal:
        return Outcome(label, invoice, str(refusal))
    except OperationalError:
        raise  # the database's trouble: the next one would meet it too
    except Exception:
        logger.exception("scheduled email of invoice %s: unexpected", pk)
        return Outcome(label, invoice, _("Something unexpected happened, so it stays as it was. Try it by itself."))
    return Outcome(label, invoice)
