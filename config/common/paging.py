"""Keyset paging: as fast on the last page as on the first, and no row twice while others are added."""

import base64
import json
from dataclasses import dataclass
from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.db.models import F, Q

from .reading import CountOf

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

    Rows without a value stand last in either direction. A cursor that cannot be read means the first page. One query:
    the count comes along with the rows; a second one only where a page holds rows with and without a value.
    """
    column, descending = order.lstrip("-"), order.startswith("-")
    counted = rows.order_by()[: COUNT_LIMIT + 1]
    backwards = bool(before)
    cursor = _read(before or after, rows.model, column)
    found: list = []
    for part in _parts(rows, column, cursor, descending=descending ^ backwards, backwards=backwards, unique=unique):
        found += part.annotate(counted_along=CountOf(counted))[: size + 1 - len(found)]
        if len(found) > size or (found and not cursor and len(found) == found[0].counted_along):
            break
    count = found[0].counted_along if found else counted.count() if cursor else 0
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


def _parts(rows, column, cursor, *, descending, backwards, unique):
    """The rows beyond the cursor as querysets to be read one after the other: with a value, then without.

    Apart, because an index serves `ORDER BY column DESC` only with the database's own place for nulls, and a range
    of it only where the condition begins with a plain bound.
    """
    by_key = F(unique).desc() if descending else F(unique).asc()
    step = "lt" if descending else "gt"
    if column in ("pk", "id"):
        yield (rows.filter(**{f"pk__{step}": cursor[1]}) if cursor else rows).order_by(by_key)
        return
    by_value = F(column).desc() if descending else F(column).asc()
    is_nullable = _is_nullable(rows.model, column)
    valued = rows.filter(**{f"{column}__isnull": False}) if is_nullable else rows
    valued = valued.order_by(by_value, by_key)
    blank = rows.filter(**{f"{column}__isnull": True}).order_by(by_key)
    value, pk = cursor or (None, None)
    if cursor and value is None:
        yield blank.filter(**{f"pk__{step}": pk})
        if backwards:
            yield valued
        return
    if cursor:
        valued = valued.filter(Q(**{f"{column}__{step}": value}) | Q(**{f"pk__{step}": pk}))
        valued = valued.filter(**{f"{column}__{step}e": value})
    yield valued
    if is_nullable and not backwards:
        yield blank


def ordering(order: str, unique="pk") -> list:
    """The order of a list's pages, for whoever reads it in one go."""
    column, descending = order.lstrip("-"), order.startswith("-")
    by_key = F(unique).desc() if descending else F(unique).asc()
    if column in ("pk", "id"):
        return [by_key]
    by_value = F(column)
    return [by_value.desc(nulls_last=True) if descending else by_value.asc(nulls_last=True), by_key]


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


def _is_nullable(model, column) -> bool:
    *path, name = column.split("__")
    for part in path:
        field = model._meta.get_field(part)
        if field.null:
            return True
        model = field.related_model
    return model._meta.get_field(name).null


def _field(model, column):
    *path, name = column.split("__")
    for part in path:
        model = model._meta.get_field(part).related_model
    return model._meta.get_field(name)
