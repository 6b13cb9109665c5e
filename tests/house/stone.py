"""Raw SQL against rows of stone: what the tests of the guards share."""

from contextlib import contextmanager

import pytest
from django.db import DatabaseError, connection, transaction


def execute(statement, *values):
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.rowcount


@contextmanager
def refused(sentence):
    """The statement fails with this sentence, and the row is as it was."""
    with pytest.raises(DatabaseError, match=sentence), transaction.atomic():
        yield


LOCKED = "The invoice is open, it cannot be edited. Correct it by a credit note."


def table_as_it_stands(table):
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT * FROM "{table}" ORDER BY 1')
        return cursor.fetchall()


def copy_of(table, pk):
    """An INSERT of the same row under another id."""
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT * FROM "{table}" WHERE id = %s', [pk])
        columns = [column[0] for column in cursor.description if column[0] != "id"]
    names = ", ".join(f'"{column}"' for column in columns)
    return f'INSERT INTO "{table}" (id, {names}) SELECT 999999, {names} FROM "{table}" WHERE id = {pk}'
