"""Schedule for Later: an email that is checked now and waits for its moment. What happens then stands in firing.py."""

from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from config.common import audit, roles, states
from config.common.errors import DomainError, Stale
from config.common.models import AuditEvent
from customers.models import Organization

from .. import wall_time
from ..models import Delivery, DeliveryDocument, Invoice
from ..wall_time import WallTime
from . import delivering, opening, troubled
from .batches import following
from .completeness import problems
from .mail import Mail, check_mail, told_of

FURTHEST = timedelta(days=366)
SCHEDULED = ("scheduled",)


@transaction.atomic
def schedule_delivery(
    invoice,
    *,
    by,
    mail: Mail,
    wall: WallTime,
    now: datetime,
    version: int | None = None,
    batch_item: int | None = None,
    fallback_reason: str = "",
) -> list[Delivery]:
    """Let one email per reader wait for that local time; a draft is opened and numbered then, by who asked.

    Refused with DomainError for a moment that has passed or is more than a year ahead, a zone there is not, a draft
    that could not be opened on that day, what is void, paid or uncollectible, what check_mail refuses, and
    addresses that mail came back from (unless `anyway`); with Stale when an email to the customer waits already, or the
    draft is not at `version` any more. Repeating the same `occasion` schedules nothing new. `batch_item`: whose item
    follows what becomes of it.
    """
    roles.require(by, "invoice.send")
    readers = check_mail(mail)
    troubled.check(invoice.customer_id, [reader.email for reader in readers], anyway=mail.anyway)
    instant = check_instant(wall, now=now)
    invoice = Invoice.objects.select_for_update().get(pk=invoice.pk)
    if same := delivering.asked_before(invoice, mail, readers):
        if same[0].status in SCHEDULED and same[0].wall_time == wall:
            return same
        raise Stale(delivering.used_already())
    check_schedulable(invoice, by=by, on=day_of(instant), version=version)
    delivering.check_nobody_was_quicker(invoice, mail)
    check_nothing_waits(invoice)
    delivering.lift_mark(invoice, by=by, mail=mail)
    when = {"status": Delivery.Status.SCHEDULED, **_columns(wall, instant)}
    when |= {"batch_item_id": batch_item, "fallback_reason": fallback_reason}
    deliveries = [delivering.new_delivery(invoice, each, by=by, mail=mail, readers=readers, **when) for each in readers]
    Delivery.objects.bulk_create(deliveries)
    DeliveryDocument.objects.bulk_create(delivering.document_of(delivery, invoice) for delivery in deliveries)
    told = told_of(invoice, mail, readers)
    if invoice.is_draft:  # what its fields will say is not known yet
        told["subject"] = mail.subject
    audit.record("delivery.scheduled", invoice, by=by, after={**told, "goes_out": _told(wall)})
    return deliveries


@transaction.atomic
def move_scheduled(invoice, *, by, wall: WallTime, now: datetime, seen: datetime) -> list[Delivery]:
    """Let it wait for another local time. `seen` is the instant it was scheduled for when the person looked.

    Refused like scheduling it; with Stale when it went out, was cancelled, or was moved elsewhere meanwhile. Moving it
    to where it is already changes nothing.
    """
    roles.require(by, "invoice.send")
    instant = check_instant(wall, now=now)
    invoice = Invoice.objects.select_for_update().get(pk=invoice.pk)
    waiting = waiting_of(invoice)
    if _is_at(waiting[0], wall, instant):
        return waiting
    following.hold_operations(waiting)
    check_schedulable(invoice, by=by, on=day_of(instant))
    before = waiting[0].wall_time
    # A plain condition on the rows themselves: of a move and a firing at the same moment exactly one finds them.
    rows = Delivery.objects.filter(pk__in=[each.pk for each in waiting], status="scheduled", scheduled_at=seen)
    if not rows.update(**_columns(wall, instant)):
        raise Stale(_moved_meanwhile(invoice, before))
    audit.record("delivery.moved", invoice, by=by, before={"goes_out": _told(before)}, after={"goes_out": _told(wall)})
    moved = waiting_of(invoice)
    following.follow_deliveries(moved)
    return moved


@transaction.atomic
def cancel_scheduled(invoice, *, by) -> None:
    """It is not sent; a draft stays a draft. Stale when it went out or was cancelled meanwhile."""
    roles.require(by, "invoice.send")
    invoice = Invoice.objects.select_for_update().get(pk=invoice.pk)
    waiting = waiting_of(invoice)
    following.hold_operations(waiting)
    if not end(invoice, waiting, "cancelled", by=by, reason=_("Cancelled by %(who)s.") % {"who": by}):
        raise Stale(_gone())
    following.follow_deliveries(waiting)


def waiting_of(invoice) -> list[Delivery]:
    """What is scheduled for this invoice, a row a reader, To before CC before copies; Stale where nothing is."""
    if found := scheduled_of(invoice):
        return found
    raise Stale(_gone())


def scheduled_of(invoice) -> list[Delivery]:
    rows = Delivery.objects.filter(documents__invoice=invoice, kind=Delivery.Kind.INVOICE, status__in=SCHEDULED)
    return list(rows.select_related("asked_by").order_by("pk"))


def check_instant(wall: WallTime, *, now: datetime) -> datetime:
    """The moment that is meant, UTC; DomainError where nothing can be scheduled for it."""
    if refusal := instant_refusal(wall, now=now):
        raise DomainError(refusal)
    return wall.instant


def instant_refusal(wall: WallTime, *, now: datetime) -> str:
    """Why nothing can be scheduled for that local time, as a sentence; "" where something can."""
    if not wall_time.is_zone(wall.zone):
        return _("%(zone)s is no time zone. Choose one of those offered.") % {"zone": wall.zone}
    if has_passed(wall, now=now):
        return _("That moment has passed already. Choose a later one, or send it now.")
    if not _is_near(wall, now) or wall.instant > now + FURTHEST:
        return _("That is more than a year ahead. Choose an earlier day.")
    return ""


def has_passed(wall: WallTime, *, now: datetime) -> bool:
    return wall.instant <= now if _is_near(wall, now) else wall.on < now.date()


def check_schedulable(invoice, *, by, on: date, version: int | None = None) -> None:
    """DomainError saying why no email can wait for that day (the organization's), or Stale for a changed draft."""
    if not invoice.is_draft:
        if too_late(invoice):
            raise DomainError(too_late_sentence(invoice))
        return
    roles.require(by, "invoice.credit" if invoice.is_credit_note else "invoice.open")
    if version is not None and version != invoice.version:
        raise Stale(opening.changed_meanwhile())
    if found := problems(invoice, on=on):
        raise DomainError(" ".join(problem.sentence for problem in found))


def check_nothing_waits(invoice) -> None:
    """Stale where an email to the customer is scheduled, under way or of unknown outcome."""
    live = Delivery.objects.live().filter(documents__invoice=invoice, kind="invoice", role="to").order_by("pk")
    if found := live.select_related("asked_by").first():
        raise Stale(delivering.under_way(found))


def too_late(invoice) -> bool:
    """Whether an email that waited for this opened document has lost its point.

    A credit note is often settled by being opened; its customer is to have it all the same.
    """
    return invoice.status in ("void", "uncollectible") or (invoice.status == "paid" and not invoice.is_credit_note)


def too_late_sentence(invoice) -> str:
    return _("%(number)s is %(status)s, so nothing can be scheduled for it.") % {
        "number": invoice.number,
        "status": invoice.get_status_display().lower(),
    }


def day_of(instant: datetime) -> date:
    """The organization's calendar day at a moment."""
    return wall_time.local(instant, own_zone()).date()


def own_zone() -> str:
    """The organization's time zone."""
    return Organization.objects.current().time_zone


def end(invoice, waiting, to: str, *, by, reason: str) -> int:
    """scheduled → cancelled or failed, with its reason in rows and trail; how many rows were still waiting."""
    roles.require(by, "invoice.send")
    rows = Delivery.objects.filter(pk__in=[each.pk for each in waiting])
    ended = states.advance_rows(rows, to, start=SCHEDULED, reason=reason)
    if ended:
        DeliveryDocument.objects.filter(delivery__in=[each.pk for each in waiting]).update(live=False)
        audit.record(f"delivery.{to}", invoice, by=by, reason=reason)
    return ended


def _is_near(wall, now) -> bool:
    """Only those moments are reckoned: the calendar has an end."""
    return abs(wall.on - now.date()) < 2 * FURTHEST


def _columns(wall, instant) -> dict:
    return {
        "scheduled_on": wall.on,
        "scheduled_time": wall.at,
        "scheduled_zone": wall.zone,
        "scheduled_at": instant,
    }


def _is_at(delivery, wall, instant) -> bool:
    return delivery.scheduled_at == instant and delivery.wall_time == wall


def _told(wall) -> str:
    """For the trail, which is read by people of every zone: 2026-11-24 09:00 Asia/Tokyo."""
    return f"{wall.on.isoformat()} {wall.at:%H:%M} {wall.zone}"


def _gone() -> str:
    return _("It is not scheduled any more: it was sent or cancelled meanwhile. Its Email History says which.")


def _moved_meanwhile(invoice, wall) -> str:
    event = AuditEvent.objects.for_thread(invoice).filter(action="delivery.moved").last()
    return _("%(who)s moved it meanwhile to %(date)s, %(time)s in %(place)s. Look at it, then move it again.") % {
        "who": event.actor_name if event else _("Somebody"),
        "date": date_format(wall.on),
        "time": f"{wall.at:%H:%M}",
        "place": wall_time.place_of(wall.zone),
    }
