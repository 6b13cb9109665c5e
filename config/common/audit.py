"""The one way a fact enters the trail: in the transaction of the change it tells of."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from . import clock
from .context_vars import request_id, source
from .models import AuditEvent, thread_of
from .roles import System


def record(action: str, obj, *, by, before=None, after=None, reason="", thread=None) -> AuditEvent:
    """Leave one event. `thread` is the thing whose timeline shows it (default: obj itself).

    before and after hold changed fields only; never a secret or a token.
    """
    event = event_for(action, obj, by=by, before=before, after=after, reason=reason, thread=thread)
    event.save(force_insert=True)
    return event


def event_for(action, obj, *, by, before=None, after=None, reason="", thread=None) -> AuditEvent:
    """The event unsaved, for groups that are written in bulk."""
    return AuditEvent(
        actor_type="system" if isinstance(by, System) else "user",
        actor_id=by.pk,
        actor_name=str(by)[:150],
        source=source.get(),
        request_id=request_id.get(),
        action=action,
        object_type=obj._meta.model_name,
        object_id=obj.pk,
        thread=thread_of(thread if thread is not None else obj),
        before=_plain(before or {}),
        after=_plain(after or {}),
        reason=reason,
        # The database's own clock, but for the demo's invented past.
        **({"at": clock.now()} if clock.is_shifted() else {}),
    )


def changes(before: dict, after: dict) -> tuple[dict, dict]:
    """The fields that differ, as (before, after)."""
    names = [name for name in after if before.get(name) != after[name]]
    return {name: before.get(name) for name in names}, {name: after[name] for name in names}


def _plain(value):
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal | UUID):
        return str(value)
    if value is None or isinstance(value, str | int | bool):
        return value
    return str(value)
