"""Business time. Services get time as an argument; the edges (views, tasks, commands) ask here."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from django.db import connection
from django.utils import timezone


def now() -> datetime:
    """The present moment, aware, UTC."""
    return timezone.now()


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
