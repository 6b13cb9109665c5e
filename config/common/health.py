"""Is everything in place to work? Each part answers "" when it is well, else says what is wrong; never a secret."""

import logging
from collections.abc import Callable

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.utils.module_loading import import_string

from . import guards, heartbeats

logger = logging.getLogger("dunlin.health")


def report() -> dict[str, str]:
    """What each part of settings.READINESS says: {"database": "", "worker": "silent since …"}.

    A part that cannot be asked is not well; why is in the log alone.
    """
    return {name: _ask(name, import_string(path)) for name, path in settings.READINESS.items()}


def _ask(name: str, part: Callable[[], str]) -> str:
    try:
        return part()
    except DatabaseError:
        logger.warning("readiness: %s could not be asked", name, exc_info=True)
        return "the database does not answer"


def database() -> str:
    connection.ensure_connection()
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return ""


def migrations_waiting() -> int:
    """How many migrations the database lacks."""
    executor = MigrationExecutor(connection)
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def migrations() -> str:
    waiting = migrations_waiting()
    return f"{waiting} not applied" if waiting else ""


def database_guards() -> str:
    gone = guards.missing()
    return f"missing: {', '.join(gone)}" if gone else ""


def worker() -> str:
    since = heartbeats.silent_since()
    if since is None:
        return ""
    return "never heard of" if since.year == 1 else f"silent since {since.isoformat(timespec='seconds')}"
