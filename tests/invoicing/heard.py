"""Mails that left a while ago, and what is heard of them."""

from datetime import timedelta

from config.common import clock
from customers.models import Organization
from invoicing.models import Delivery
from invoicing.services import carrying, tracking
from tests import factories

READER = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0"
LATER = timedelta(hours=1)


def measured(opens=True, links=True):
    """Opens are measured by pixel from now on (there is consent), clicks on links counted."""
    factories.organization()
    Organization.objects.update(track_opens=opens, track_links=links)


def sent(invoice=None, *, days_ago=1, **fields) -> Delivery:
    """A delivery that the mail server took, so many days ago."""
    with clock.at(clock.now() - timedelta(days=days_ago)):
        delivery = factories.queued(invoice, **fields)
        carrying.carry_waiting()
    return Delivery.objects.get(pk=delivery.pk)


def hear(delivery, kind, *, after=LATER, source="Postmark", **fields):
    """One event, so long after the mail was sent."""
    begun = delivery.sent_at or delivery.wire_started_at
    facts = {name: fields.pop(name) for name in ("bounce_kind", "said", "user_agent", "why") if name in fields}
    facts.setdefault("user_agent", READER)
    kept = tracking.record_event(
        delivery, kind=kind, at=begun + after, source=source, facts=tracking.Facts(**facts), **fields
    )
    delivery.refresh_from_db()
    return kept
