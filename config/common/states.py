"""The only writers of any `.status`.

A model with a status declares TRANSITIONS = {from: {to, …}}. A move is a conditional UPDATE, so of two who try
the same one exactly one succeeds, on SQLite (where row locks do not exist) as on PostgreSQL; the audit event is
left in the same transaction.
"""

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from . import audit, clock
from .errors import Stale
from .models import AuditEvent


def advance(obj, to, *, by, action, where=None, after=None, because="", thread=None, silent=False, **fields):
    """Move obj to a state and set the given columns with it; obj carries the new values afterwards.

    `where` narrows the UPDATE (a fence, a flag). Refused with Stale if the row is no longer as obj shows it, or if
    the table has no such arrow. `silent` leaves no event, for moves whose story an append-only row already tells.
    What the database refuses undoes the whole transaction around it: without a savepoint a move costs two statements
    less, and whoever goes on after a refusal has a savepoint of their own.
    """
    start = obj.status
    if to not in obj.TRANSITIONS.get(start, ()):
        raise Stale(_stale_sentence(obj))
    rows = type(obj)._base_manager.filter(pk=obj.pk, status=start, **(where or {}))
    with transaction.atomic(savepoint=False):
        moved = rows.update(status=to, **fields)
        if moved:
            _carry_over(obj, to, fields)
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
    if not moved:
        obj.refresh_from_db(fields=["status"])
        raise Stale(_stale_sentence(obj))
    return obj


def _carry_over(obj, to, fields):
    obj.status = to
    for name, value in fields.items():
        if not hasattr(value, "resolve_expression"):
            setattr(obj, name, value)


def advance_rows(rows, to, *, start, **fields) -> int:
    """Move all rows of a queryset that are in one of the `start` states; how many were. One UPDATE, no event.

    For rows that are themselves the record of what happened, by the thousand. ValueError where the table has no such
    arrow: that is a mistake of the caller, not a race.
    """
    model = rows.model
    for state in start:
        if to not in model.TRANSITIONS.get(state, ()):
            raise ValueError(f"{model._meta.label} has no arrow from {state} to {to}")
    return rows.filter(status__in=start).update(status=to, **fields)


@dataclass(frozen=True)
class Move:
    """One row of a group that moves together: where to, the columns set with it, what its event says beside that."""

    obj: Any
    to: str
    fields: dict
    after: dict


def advance_group(moves: list[Move], *, by, action) -> None:
    """advance() for rows of one model that set the same columns: one UPDATE on PostgreSQL, the events in bulk.

    All or nothing: Stale where any of them is no longer as it shows.
    """
    if not moves:
        return
    for move in moves:
        if move.to not in move.obj.TRANSITIONS.get(move.obj.status, ()):
            raise Stale(_stale_sentence(move.obj))
    with transaction.atomic():
        changed = _update_together(moves) if connection.vendor == "postgresql" else _update_each(moves)
        if changed < len(moves):
            raise Stale(_("Somebody changed one of them at the same moment. Reload the page to see what happened."))
        events = []
        for move in moves:
            before = {"status": move.obj.status}
            for name, value in {"status": move.to, **move.fields}.items():
                setattr(move.obj, name, value)
            after = {"status": move.to, **move.after}
            events.append(audit.event_for(action, move.obj, by=by, before=before, after=after))
        AuditEvent.objects.bulk_create(events)


def _update_each(moves) -> int:
    """One statement, prepared once and run for each."""
    meta, fields = _columns(moves)
    sets = ", ".join(f"{connection.ops.quote_name(field.column)} = %s" for field in fields)
    table, pk = map(connection.ops.quote_name, (meta.db_table, meta.pk.column))
    rows = [
        [
            *(field.get_db_prep_save(_column_value(field, move), connection) for field in fields),
            move.obj.pk,
            move.obj.status,
        ]
        for move in moves
    ]
    with connection.cursor() as cursor:
        cursor.executemany(f"UPDATE {table} SET {sets} WHERE {pk} = %s AND status = %s", rows)
        return cursor.rowcount


def _update_together(moves) -> int:
    """The new values travel as one JSON document, which PostgreSQL reads as a table."""
    quote = connection.ops.quote_name
    meta, fields = _columns(moves)
    rows = [
        {
            "pk": move.obj.pk,
            "was": move.obj.status,
            **{field.column: _column_value(field, move) for field in fields},
        }
        for move in moves
    ]
    types = ", ".join(f"{quote(field.column)} {field.db_type(connection)}" for field in fields)
    sets = ", ".join(f"{quote(field.column)} = new.{quote(field.column)}" for field in fields)
    table = quote(meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} SET {sets} FROM jsonb_to_recordset(%s::jsonb) AS new(pk bigint, was text, {types}) "
            f"WHERE {table}.{quote(meta.pk.column)} = new.pk AND {table}.status = new.was",
            [json.dumps(rows, default=str)],
        )
        return cursor.rowcount


def _columns(moves):
    """The table's meta and the fields that are set; the same for all."""
    meta = type(moves[0].obj)._meta
    return meta, [meta.get_field(name) for name in ("status", *moves[0].fields)]


def _column_value(field, move):
    value = move.to if field.name == "status" else move.fields[field.name]
    return value.pk if field.is_relation and value is not None else value


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
