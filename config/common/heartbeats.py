"""Is the background worker alive? It signs a row each minute; pages and /healthz/ready read it. Database time."""

from datetime import datetime, timedelta

from . import clock
from .models import Heartbeat

SILENT_AFTER = timedelta(seconds=130)  # said before a supervisor acts (150 s); a busy pump is quiet for 120 s


def beat(name: str, *, started: bool = False, detail: str = "") -> None:
    """Sign that `name` is alive now; `started` also notes the start of a new life."""
    now = clock.database_now()
    fields = {"beat_at": now, "detail": detail, **({"started_at": now} if started else {})}
    if not Heartbeat.objects.filter(name=name).update(**fields):
        Heartbeat.objects.update_or_create(name=name, defaults=fields, create_defaults={**fields, "started_at": now})


def silent_since(name: str = "worker") -> datetime | None:
    """When `name` was last heard of, if that is too long ago; None while it is well.

    One never heard of has been silent since for ever: datetime.min in UTC.
    """
    row = Heartbeat.objects.filter(name=name).first()
    if row is None:
        return datetime.min.replace(tzinfo=clock.now().tzinfo)
    return None if clock.database_now() - row.beat_at < SILENT_AFTER else row.beat_at
