"""Is the background worker alive? It signs a row each minute; pages and /healthz/ready read it. Database time."""

from datetime import datetime, timedelta

from django.db.models import Subquery
from django.db.models.functions import Now

from . import clock
from .models import Heartbeat

SILENT_AFTER = timedelta(seconds=130)  # said before a supervisor acts (150 s); a busy pump is quiet for 120 s


def beat(name: str, *, started: bool = False, detail: str = "") -> None:
    """Sign that `name` is alive now; `started` also notes the start of a new life."""
    now = clock.database_now()
    fields = {"beat_at": now, "detail": detail, **({"started_at": now} if started else {})}
    if not Heartbeat.objects.filter(name=name).update(**fields):
        Heartbeat.objects.update_or_create(name=name, defaults=fields, create_defaults={**fields, "started_at": now})


def reads(today) -> dict:
    """What silent_since needs, to be read along with a row: the pulse of the worker, and the database's own time."""
    pulse = Heartbeat.objects.filter(name="worker").values("beat_at")[:1]
    return {"worker_beat_at": Subquery(pulse), "database_now": Now()}


def silent_since(name: str = "worker", *, read=None) -> datetime | None:
    """When `name` was last heard of, if that is too long ago; None while it is well.

    One never heard of has been silent since for ever: datetime.min in UTC. `read`: a row that carries `reads`.
    """
    if read is not None:
        return _silence(read.worker_beat_at, read.database_now)
    beat_at = Heartbeat.objects.filter(name=name).values_list("beat_at", flat=True).first()
    return _silence(beat_at, clock.database_now())


def _silence(beat_at, now) -> datetime | None:
    if beat_at is None:
        return datetime.min.replace(tzinfo=clock.now().tzinfo)
    return None if now - beat_at < SILENT_AFTER else beat_at
