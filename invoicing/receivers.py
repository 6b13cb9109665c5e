"""What anymail hears from the mail provider, told to our own words; and what an upgrade brings along."""

import logging
from datetime import UTC, datetime

from anymail.signals import inbound, tracking
from django.db import DEFAULT_DB_ALIAS, connection
from django.dispatch import receiver

from config.common.roles import SYSTEM
from customers.models import Organization

from .bounces import HARD, SOFT, bounce_kind
from .inbound import read
from .models import EmailTemplate
from .services import email_templates, tracing
from .services import tracking as service
from .services.tracking import Facts

logger = logging.getLogger("dunlin.tracking")

KINDS = {  # anymail's word: ours
    "queued": "queued",
    "sent": "sent",
    "rejected": "rejected",
    "failed": "rejected",
    "bounced": "bounced",
    "deferred": "deferred",
    "delivered": "delivered",
    "autoresponded": "autoresponded",
    "opened": "opened",
    "clicked": "clicked",
    "complained": "complained",
}
# Refused because of what came back from that address before: it is the address, not the mail.
ABOUT_THE_ADDRESS = {"bounced", "invalid", "spam"}


@receiver(tracking)
def heard(sender, event, esp_name, **kwargs):
    """One event of a provider. What is not about a mail of ours, or of a kind we keep nothing of, is let go."""
    kind = KINDS.get(event.event_type)
    delivery = tracing.find_delivery(
        public_id=(event.metadata or {}).get("delivery", ""),
        message_id=event.message_id or "",
        recipient=event.recipient or "",
    )
    if kind is None or delivery is None:
        logger.info("%s event of %s: nothing of ours", event.event_type, esp_name)
        return
    told = _plain(event.esp_event)
    service.record_event(
        delivery,
        kind=kind,
        at=event.timestamp,
        source=esp_name,
        event_id=event.event_id or "",
        facts=Facts(bounce_kind=_hardness(kind, event, told), said=_said(event), user_agent=event.user_agent),
        raw=told,
    )


@receiver(inbound)
def answered(sender, event, esp_name, **kwargs):
    """A mail came in. An answer to one of ours is kept with it; all else is somebody's mailbox, not ours."""
    if event.message is None:
        return
    answer = read(event.message)
    delivery = tracing.answered_delivery(answer.ids) if answer.ids else None
    if delivery is None:
        logger.info("a mail came in by %s: it answers none of ours", esp_name)
        return
    service.record_event(
        delivery,
        kind=answer.kind,
        at=event.timestamp or _moment(event.message.date),
        source=esp_name,
        event_id=event.event_id or str(event.message.get("Message-ID", "")),
        facts=Facts(bounce_kind=answer.bounce_kind, said=answer.said),
    )


def upgraded(sender, using=DEFAULT_DB_ALIAS, plan=(), **kwargs):
    """After migrations of ours: an installation of earlier days gets the templates that a new one begins with."""
    ours = any(migration.app_label == sender.label and not backwards for migration, backwards in plan)
    if not ours or using != DEFAULT_DB_ALIAS:
        return
    if EmailTemplate._meta.db_table in connection.introspection.table_names() and Organization.objects.exists():
        email_templates.set_up(by=SYSTEM)


def _hardness(kind, event, told) -> str:
    if kind == "bounced":
        return bounce_kind(told, reject_reason=event.reject_reason)
    return HARD if kind == "rejected" and event.reject_reason in ABOUT_THE_ADDRESS else SOFT


def _moment(written: datetime | None) -> datetime | None:
    """The Date of a mail; one that says no zone (-0000) is meant as UTC."""
    return written.replace(tzinfo=UTC) if written and written.tzinfo is None else written


def _said(event) -> str:
    return str(event.mta_response or event.description or "")


def _plain(esp_event) -> dict:
    """A form as a dict of its first values, JSON as it is."""
    if hasattr(esp_event, "getlist"):
        return {name: esp_event.get(name) for name in esp_event}
    return esp_event if isinstance(esp_event, dict) else {}
