"""Empty the database after a transactional test.

Django's own flush truncates every table and then does all that follows a migrate: a second or two each time on
PostgreSQL. Few tables hold a row after a test; those alone are emptied, with the guards away for that one transaction.
"""

from functools import cache

from django.db import connection, transaction

from config.common import guards, queue

KEPT = {"django_content_type", "auth_permission"}  # a migrate made them; no test adds to them


def empty_tables():
    """All but what a migrate puts there; the guards are back when it ends, or nothing has changed."""
    if filled := _filled():
        with transaction.atomic(), connection.cursor() as cursor:
            _lift(cursor, filled)
            for table in filled:
                cursor.execute(f"DELETE FROM {_quoted(table)}")
            connection.check_constraints()
            _put_back(cursor, filled)
    queue.equalize_schedules(None)


@cache
def _tables():
    return sorted(set(connection.introspection.django_table_names(only_existing=True, include_views=False)) - KEPT)


def _filled():
    asked = " UNION ALL ".join(f"SELECT '{table}' WHERE EXISTS (SELECT 1 FROM {_quoted(table)})" for table in _tables())
    with connection.cursor() as cursor:
        cursor.execute(asked)
        return [table for (table,) in cursor.fetchall()]


def _quoted(table):
    return connection.ops.quote_name(table)


def _lift(cursor, filled):
    if connection.vendor == "sqlite":
        guards.lift(tables=filled)
    else:
        _switch(cursor, filled, "DISABLE")


def _put_back(cursor, filled):
    if connection.vendor == "sqlite":
        guards.install()
    else:
        _switch(cursor, filled, "ENABLE")


def _switch(cursor, filled, word):
    for table in filled:
        cursor.execute(f"ALTER TABLE {_quoted(table)} {word} TRIGGER USER")
