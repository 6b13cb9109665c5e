"""The only writers of any `.status`.

A model with a status declares TRANSITIONS = {from: {to, …}}. A move is a conditional UPDATE, so of two who try
the same one exactly one succeeds, on SQLite (where row locks do not exist) as on PostgreSQL; the audit event is
left in the same transaction.
"""

from datetime import timedelta

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from . import audit, clock
from .errors import Stale


def advance(obj, to, *, by, action, where=None, after=None, because="", thread=None, silent=False, **fields):
    """Move obj to a state and set the given columns with it; obj carries the new values afterwards.

    `where` narrows the UPDATE (a fence, a flag). Refused with Stale if the row is no longer as obj shows it, or if
    the table has no such arrow. `silent` leaves no event, for moves whose story an append-only row already tells.
    """
    start = obj.status
    if to not in obj.TRANSITIONS.get(start, ()):
        raise Stale(_stale_sentence(obj))
    with transaction.atomic():
        rows = type(obj)._base_manager.filter(pk=obj.pk, status=start, **(where or {}))
        if not rows.update(status=to, **fields):
            obj.refresh_from_db(fields=["status"])
            raise Stale(_stale_sentence(obj))
        obj.status = to
        concrete = {name: value for name, value in fields.items() if not hasattr(value, "resolve_expression")}
        for name, value in concrete.items():
            setattr(obj, name, value)
        if not silent:
            audit.record(
                action,
                obj,
                by=by,
                before={"status": start},
                after={"status": to, **(after or {})},
                reason=because,
                thread=thread,
            )
    return obj


def claim(obj, *, to, worker: str, lease_seconds: int, from_states, **fields) -> bool:
    """Take a row for one worker: status, lease and the next fencing number in one conditional UPDATE.

    Every later write of that worker must repeat `fence`; whoever lost the lease can write nothing. Database time.
    """
    taken = (
        type(obj)
        ._base_manager.filter(pk=obj.pk, status__in=from_states)
        .update(
            status=to,
            worker=worker,
            lease_until=clock.database_now() + timedelta(seconds=lease_seconds),
            fence=F("fence") + 1,
            **fields,
        )
    )
    if taken:
        obj.refresh_from_db()
    return bool(taken)


def _stale_sentence(obj) -> str:
    label = obj.get_status_display() if hasattr(obj, "get_status_display") else obj.status
    return _("%(thing)s is %(status)s by now, so this was not done. Reload the page to see what happened.") % {
        "thing": str(obj),
        "status": label,
    }
