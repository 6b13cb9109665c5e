"""Business time. Services get time as an argument; the edges (views, tasks, commands) ask here."""

from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import connection
from django.utils import timezone

_offset: ContextVar[timedelta] = ContextVar("clock_offset", default=timedelta(0))


def now() -> datetime:
    """The present moment, aware, UTC; shifted inside `at`."""
    return timezone.now() + _offset.get()


@contextmanager
def at(moment: datetime):
    """Let business time start at another moment: how the demo gets a past. Leases keep the database's own time."""
    token = _offset.set(moment - timezone.now())
    try:
        yield
    finally:
        _offset.reset(token)


def is_shifted() -> bool:
    return bool(_offset.get())


def today(zone: str) -> date:
    """The calendar day it is now in an IANA time zone (the organization's decides what is due)."""
    return now().astimezone(ZoneInfo(zone)).date()


def database_now() -> datetime:
    """The database's own clock, UTC: leases compare with it, so hosts whose clocks differ agree.

    SQLite has no server: there the one machine's clock is the database's.
    """
    if connection.vendor != "postgresql":
        return datetime.now(UTC)
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cursor.fetchone()[0]
