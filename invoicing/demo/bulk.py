"""Rows written by the thousand: COPY on PostgreSQL, executemany on SQLite. Every constraint and trigger is in force."""

import json
from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

from django.core.management.color import no_style
from django.db import connection, models


class Table:
    """Rows of one model on their way into the database, each a list in the order of its columns."""

    def __init__(self, model):
        self.model = model
        self.fields = [field for field in model._meta.concrete_fields if not field.generated]
        self.rows: list[list] = []
        self._place = {field.attname: at for at, field in enumerate(self.fields)}
        self._blank = [_default(field) for field in self.fields]

    def add(self, **values) -> None:
        """One row: the model's defaults, and these values (by attname; JSON as text)."""
        row = self._blank.copy()
        for name, value in values.items():
            row[self._place[name]] = value
        self.rows.append(row)

    def write(self) -> None:
        """Insert what was added and forget it."""
        if not self.rows:
            return
        names = ", ".join(connection.ops.quote_name(field.column) for field in self.fields)
        table = connection.ops.quote_name(self.model._meta.db_table)
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                    for row in self.rows:
                        copy.write_row(row)
            else:
                places = ", ".join(["%s"] * len(self.fields))
                rows = [[_plain(value) for value in row] for row in self.rows]
                cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({places})", rows)
        self.rows.clear()


def set_sequences(written: Iterable[type[models.Model]]) -> None:
    """Rows came with keys of their own: the next one made by hand takes the next key."""
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), list(written)):
            cursor.execute(statement)


def next_key(model) -> int:
    return (model._base_manager.aggregate(last=models.Max("pk"))["last"] or 0) + 1


def _default(field):
    if field.has_default():
        value = field.get_default()
        return json.dumps(value) if isinstance(value, dict | list) else value
    return None if field.null or not field.empty_strings_allowed else ""


def _plain(value):
    """As Django itself writes it into SQLite."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None).isoformat(sep=" ", timespec="microseconds")
    if isinstance(value, date | Decimal):
        return str(value)
    return value.hex if isinstance(value, UUID) else value
