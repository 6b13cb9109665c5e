"""Keyset paging: as fast on the last page as on the first, and no row twice while others are added."""

import base64
import json
from dataclasses import dataclass
from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.db.models import F, Q

COUNT_LIMIT = 10_000


@dataclass
class Page:
    rows: list
    next: str  # cursor, "" where there is none
    previous: str
    count: int  # counted up to COUNT_LIMIT + 1

    @property
    def count_is_capped(self):
        return self.count > COUNT_LIMIT


def page_of(rows, *, order: str, size: int, after: str = "", before: str = "", unique="pk") -> Page:
    """One page of a queryset ordered by one column ("due_on", "-total") and then by primary key.

    Rows without a value stand last in either direction. A cursor that cannot be read means the first page.
    """
    column, descending = order.lstrip("-"), order.startswith("-")
    count = rows.order_by()[: COUNT_LIMIT + 1].count()
    backwards = bool(before)
    cursor = _read(before or after, rows.model, column)
    ordered = rows.order_by(*_ordering(column, descending, backwards, unique))
    if cursor:
        ordered = ordered.filter(_beyond(column, *cursor, descending=descending ^ backwards, backwards=backwards))
    found = list(ordered[: size + 1])
    more, found = len(found) > size, found[:size]
    if backwards:
        found.reverse()
    has_next = bool(found) and (backwards or more)
    has_previous = bool(found) and (more if backwards else bool(cursor))
    return Page(
        rows=found,
        next=_write(found[-1], column) if has_next else "",
        previous=_write(found[0], column) if has_previous else "",
        count=count,
    )


def _ordering(column, descending, backwards, unique):
    down = descending ^ backwards
    by_key = F(unique).desc() if down else F(unique).asc()
    if column in ("pk", "id"):
        return [by_key]
    nulls = {"nulls_first": True} if backwards else {"nulls_last": True}
    return [F(column).desc(**nulls) if down else F(column).asc(**nulls), by_key]


def _beyond(column, value, pk, *, descending, backwards):
    """Rows that come after the cursor in the direction we read."""
    step = "lt" if descending else "gt"
    if column in ("pk", "id"):
        return Q(**{f"pk__{step}": pk})
    same_then_pk = Q(**{f"pk__{step}": pk})
    if value is None:
        rest = Q(**{f"{column}__isnull": True}) & same_then_pk
        return rest | Q(**{f"{column}__isnull": False}) if backwards else rest
    found = Q(**{f"{column}__{step}": value}) | (Q(**{column: value}) & same_then_pk)
    return found if backwards else found | Q(**{f"{column}__isnull": True})


def _write(row, column) -> str:
    value = row.pk
    if column not in ("pk", "id"):
        value = row
        for part in column.split("__"):
            value = getattr(value, part)
    if isinstance(value, date | datetime):
        value = value.isoformat()
    return base64.urlsafe_b64encode(json.dumps([value, row.pk]).encode()).decode().rstrip("=")


def _read(cursor, model, column):
    if not cursor:
        return None
    try:
        value, pk = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        pk = model._meta.pk.to_python(pk)
        if value is not None and column not in ("pk", "id"):
            value = _field(model, column).to_python(value)
        str(value).encode()  # half of a character is text for Python, but not for a database
    except (ValueError, TypeError, OverflowError, RecursionError, ValidationError):
        return None
    return None if "\0" in str(value) else (value, pk)


def _field(model, column):
    *path, name = column.split("__")
    for part in path:
        model = model._meta.get_field(part).related_model
    return model._meta.get_field(name)
