"""Database triggers: opened documents are frozen, the trail and the ledgers are append-only.

They are declared as lists named in settings.DATABASE_GUARDS and (re)installed after every migrate, because on
SQLite a migration that remakes a table drops its triggers without a word. A system check refuses to start when
one is missing. There is no bypass inside a trigger.
"""

from dataclasses import dataclass

from django.conf import settings
from django.db import connections
from django.utils.module_loading import import_string


@dataclass(frozen=True)
class Guard:
    """Refuse an operation on a table when a condition holds.

    `when` is SQL over OLD and NEW with the vendor's "differs" operator written as {differs}. An empty `when`
    always refuses.
    """

    name: str
    table: str
    operation: str  # INSERT, UPDATE, DELETE
    message: str
    when: str = ""

    def sqlite(self) -> list[str]:
        condition = f"WHEN {self.when.format(differs='IS NOT')}" if self.when else ""
        return [
            f'DROP TRIGGER IF EXISTS "{self.name}"',
            f'CREATE TRIGGER "{self.name}" BEFORE {self.operation} ON "{self.table}" {condition} '
            f"BEGIN SELECT RAISE(ABORT, '{self.message}'); END",
        ]

    def postgresql(self) -> list[str]:
        condition = self.when.format(differs="IS DISTINCT FROM") or "TRUE"
        returned = "OLD" if self.operation == "DELETE" else "NEW"
        return [
            f'CREATE OR REPLACE FUNCTION "{self.name}"() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN '
            f"IF {condition} THEN RAISE EXCEPTION '{self.message}' USING ERRCODE = 'check_violation'; END IF; "
            f"RETURN {returned}; END $$",
            f'DROP TRIGGER IF EXISTS "{self.name}" ON "{self.table}"',
            f'CREATE TRIGGER "{self.name}" BEFORE {self.operation} ON "{self.table}" '
            f'FOR EACH ROW EXECUTE FUNCTION "{self.name}"()',
        ]


@dataclass(frozen=True)
class TruncateGuard:
    """PostgreSQL only: SQLite has no TRUNCATE."""

    table: str

    @property
    def name(self):
        return f"{self.table}_no_truncate"

    def sqlite(self):
        return []

    def postgresql(self):
        return [
            f'CREATE OR REPLACE FUNCTION "{self.name}"() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN '
            f"RAISE EXCEPTION '{self.table} cannot be emptied' USING ERRCODE = 'check_violation'; END $$",
            f'DROP TRIGGER IF EXISTS "{self.name}" ON "{self.table}"',
            f'CREATE TRIGGER "{self.name}" BEFORE TRUNCATE ON "{self.table}" '
            f'FOR EACH STATEMENT EXECUTE FUNCTION "{self.name}"()',
        ]


def append_only(table: str) -> list:
    """Rows may be added; never changed or removed."""
    message = f"{table} is append-only"
    return [
        Guard(f"{table}_no_update", table, "UPDATE", message),
        Guard(f"{table}_no_delete", table, "DELETE", message),
        TruncateGuard(table),
    ]


GUARDS = append_only("common_auditevent")


def all_guards() -> list:
    return [guard for path in settings.DATABASE_GUARDS for guard in import_string(path)]


def install(using="default"):
    """Create every guard whose table exists; safe to repeat."""
    connection = connections[using]
    tables = set(connection.introspection.table_names())
    with connection.cursor() as cursor:
        for guard in all_guards():
            if guard.table in tables:
                for statement in getattr(guard, connection.vendor)():
                    cursor.execute(statement)


def lift(using="default", tables=()):
    """Drop every guard, or those of some tables: for a migration that fills a column, and the tests' own clean-up.

    The next migrate puts them back; until then nothing starts.
    """
    connection = connections[using]
    with connection.cursor() as cursor:
        for guard in all_guards():
            if tables and guard.table not in tables:
                continue
            on = f' ON "{guard.table}"' if connection.vendor == "postgresql" else ""
            if getattr(guard, connection.vendor)():
                cursor.execute(f'DROP TRIGGER IF EXISTS "{guard.name}"{on}')


def missing(using="default") -> list[str]:
    """Names of declared guards that the database does not have."""
    connection = connections[using]
    catalogue = (
        "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'"
        if connection.vendor == "postgresql"
        else "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    )
    with connection.cursor() as cursor:
        cursor.execute(catalogue)
        present = {row[0] for row in cursor.fetchall()}
    return [guard.name for guard in all_guards() if getattr(guard, connection.vendor)() and guard.name not in present]


def give_way(sender, using, **kwargs):
    """Before a migrate on SQLite: it remakes tables by renaming them, which triggers that name them forbid.

    They come back right after it; if it fails, nothing starts before the next one has succeeded (checks.py).
    """
    if connections[using].vendor == "sqlite":
        lift(using)


def install_after_migrate(sender, using, **kwargs):
    install(using)
