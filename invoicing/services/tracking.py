"""What was heard of a mail after it left, and what it means for its delivery: facts that move only forward."""

import hashlib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Subquery
from django.utils.translation import gettext as _

from config.common import audit, clock
from config.common.roles import SYSTEM
from customers.models import Contact, Customer, Organization
from customers.services import contacts

from .. import bounces, machines
from ..masking import masked, storable, without_addresses
from ..models import Delivery, TrackingEvent
from .batches import following
from .delivering import bill, move
from .tracked_facts import facts_of, is_news

Kind = TrackingEvent.Kind
WATCHED = {Kind.OPENED: "track_opens", Kind.CLICKED: "track_links"}  # nothing of these without consent
RETURNED = {Kind.BOUNCED, Kind.REJECTED}
REACHED = {Kind.DELIVERED, Kind.OPENED, Kind.CLICKED, Kind.REPLIED, Kind.AUTORESPONDED, Kind.COMPLAINED}
TOLD = {*RETURNED, Kind.COMPLAINED, Kind.OPENED, Kind.CLICKED, Kind.REPLIED}  # the first of each enters the trail
MOST_VISITS = 1000  # of one mail by one way; whoever fetches a link more often is not counted on


@dataclass(frozen=True)
class Facts:
    """What beside its kind is known of an event.

    `bounce_kind` hard or soft; `said` a server's or a reader's words; `why` the rule that says it was a machine;
    `user_agent` of whoever opened or clicked, None where it was not told.
    """

    bounce_kind: str = ""
    said: str = ""
    why: str = ""
    user_agent: str | None = None


def record_event(
    delivery: Delivery,
    *,
    kind: str,
    at: datetime | None,
    source: str,
    event_id: str = "",
    is_machine: bool | None = None,
    facts: Facts | None = None,
    raw: Mapping | None = None,
) -> bool:
    """Keep one event and let the delivery know; False, and nothing written, where it is known already or not wanted.

    In any order and any number of times the end is the same. `is_machine` None: judged here. `raw`, the provider's own
    account, is kept masked. Opens and clicks are not recorded where the customer's tracking is off, whatever the mail
    carried when it was sent, nor of copies. What settles an outcome nobody knew moves the delivery too.
    """
    facts, kind = facts or Facts(), Kind(kind)
    if kind in WATCHED and not is_watched(delivery, kind):
        return False
    key = _key(delivery, kind, at, source, event_id)
    with transaction.atomic():
        row = Delivery.objects.select_for_update().get(pk=delivery.pk)
        if TrackingEvent.objects.filter(dedupe_key=key).exists():
            return False
        why = facts.why or ("" if is_machine is not None else _judged(row, kind, at, facts, raw))
        event = TrackingEvent.objects.create(
            delivery=row,
            kind=kind,
            source=source[:30],
            occurred_at=min(at or clock.now(), clock.now()),
            is_machine=bool(why) if is_machine is None else is_machine,
            why=why,
            said=(storable(facts.said) if kind == Kind.REPLIED else without_addresses(facts.said))[:500],
            dedupe_key=key,
            raw=masked(raw),
        )
        was_settled = _apply(row, event, facts)
    if was_settled:
        following.follow_deliveries([row])
    return True


def record_visit(
    delivery: Delivery, *, method: str, user_agent: str, headers: Mapping, at: datetime, is_staff: bool, source="link"
) -> None:
    """Somebody, or something, fetched the link of a mail (`source` link: a click) or its pixel (pixel: an open)."""
    if delivery.events.filter(source=source)[:MOST_VISITS].count() >= MOST_VISITS:
        return
    lowered = {str(name).lower(): str(value) for name, value in headers.items()}
    visit = machines.Visit(
        method=method, user_agent=user_agent, headers=lowered, age=_age(delivery, at), is_staff=is_staff
    )
    why = machines.judge(visit)
    kind = Kind.OPENED if source == "pixel" else Kind.CLICKED
    record_event(
        delivery,
        kind=kind,
        at=at,
        source=source,
        event_id=uuid.uuid4().hex,
        is_machine=bool(why),
        facts=Facts(why=why),
    )


def settle_by_what_was_heard(delivery: Delivery) -> None:
    """An outcome that has just become unknown, though something was heard of the mail before: that settles it."""
    heard = list(delivery.events.filter(is_machine=False).order_by("occurred_at", "pk")[:MOST_VISITS])
    reached = [event for event in heard if event.kind in REACHED]
    for event in (reached or heard)[:1]:
        _settle_by_evidence(delivery, event)


def is_watched(delivery: Delivery, kind: str) -> bool:
    """Whether opens or clicks of this mail may be recorded today: of a To reader whose customer is watched so."""
    if delivery.role != Delivery.Role.TO or delivery.is_manual:
        return False
    column = WATCHED[Kind(kind)]
    theirs = Subquery(Customer.objects.filter(pk=delivery.customer_id or 0).values(column))
    both = Organization.objects.order_by("pk").annotate(theirs=theirs).values_list("theirs", column).first()
    own, ours = both or (None, False)
    return ours if own is None else own


def _key(delivery, kind, at, source, event_id) -> str:
    """Providers without ids of their own: the same kind, mail, reader and moment is the same event."""
    moment = at.isoformat() if at else ""
    parts = [
        source,
        kind,
        str(delivery.public_id),
        event_id or f"{delivery.message_id}\n{delivery.recipient}\n{moment}",
    ]
    return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def _age(delivery, at) -> timedelta | None:
    taken = delivery.sent_at or delivery.wire_started_at
    return at - taken if taken and at else None


def _judged(delivery, kind, at, facts, raw) -> str:
    if kind not in WATCHED:
        return ""
    visit = machines.Visit(user_agent=facts.user_agent, age=_age(delivery, at), told=raw or {})
    return machines.judge(visit)


def _apply(delivery, event, facts) -> bool:
    """The facts, the trail, the contact, and an outcome that is settled by it; whether one was."""
    found = facts_of(delivery, event, bounce_kind=facts.bounce_kind or bounces.HARD)
    told = event.kind in TOLD and is_news(delivery, event, found)
    if found:
        Delivery.objects.filter(pk=delivery.pk).update(**found)
        for name, value in found.items():
            setattr(delivery, name, value)
    if told:
        document = delivery.documents.select_related("invoice").first()
        audit.record(
            f"delivery.{event.kind}",
            delivery,
            by=SYSTEM,
            thread=document.invoice if document else None,
            reason=event.said if event.kind in RETURNED else "",
        )
    _mark_contacts(delivery, event, facts)
    return not event.is_machine and _settle_by_evidence(delivery, event)


def _mark_contacts(delivery, event, facts) -> None:
    rows = Contact.objects.filter(customer=delivery.customer_id, email__iexact=delivery.recipient)
    rows = rows.select_related("customer")
    if event.kind == Kind.COMPLAINED or (event.kind in RETURNED and facts.bounce_kind == bounces.HARD):
        kind = "complained" if event.kind == Kind.COMPLAINED else "bounced"
        for contact in rows:
            contacts.mark_contact(contact, by=SYSTEM, kind=kind, at=event.occurred_at, reason=event.said)
    elif event.kind in REACHED and not event.is_machine:
        for contact in rows.exclude(bounced_at=None):
            contacts.clear_contact(contact, by=SYSTEM, at=event.occurred_at)


def _settle_by_evidence(delivery, event) -> bool:
    """An outcome nobody knew, or one given up: the event says what is true, and so it stands from now on."""
    said = _("%(kind)s, says %(source)s") % {"kind": event.get_kind_display(), "source": event.source}
    if delivery.status == "unknown" and event.kind in RETURNED:
        reason = f"{said}: {event.said}" if event.said else said
        move(delivery, "failed", by=SYSTEM, action="delivery.evidence", after={"response": said}, reason=reason)
        return True
    came_back = delivery.bounce_kind == bounces.HARD or delivery.rejected_at is not None
    lost = delivery.status == "failed" and event.kind in REACHED and not came_back
    handed_over = _handed_over(delivery) if lost else delivery.wire_started_at
    if delivery.status != "unknown" and not (lost and handed_over):
        return False
    move(
        delivery,
        "sent",
        by=SYSTEM,
        action="delivery.evidence",
        after={"response": said},
        sent_at=handed_over,
        response=said,
        reason="",
    )
    bill(delivery, by=SYSTEM, at=handed_over)
    return True


def _handed_over(delivery) -> datetime | None:
    """When it was on the wire: at the last try, or at an earlier one whose outcome nobody knew; None if never."""
    tries = delivery.attempts.filter(result="unknown", wire_started_at__isnull=False).order_by("n")
    return delivery.wire_started_at or tries.values_list("wire_started_at", flat=True).first()
