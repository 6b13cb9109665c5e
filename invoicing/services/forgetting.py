"""What is kept for a time alone: the payloads of providers, which a dispute may ask for, and nobody after that."""

from datetime import datetime, timedelta

from ..models import TrackingEvent

RAW_KEPT = timedelta(days=30)
CHUNK = 1000


def forget_raw(*, at: datetime) -> int:
    """Empty the payloads of events heard 30 days before `at` or earlier; how many. The events themselves stay."""
    forgotten = 0
    while old := list(_raw_until(at - RAW_KEPT)[:CHUNK]):
        forgotten += TrackingEvent.objects.filter(pk__in=old).update(raw=None)
    return forgotten


def _raw_until(moment):
    rows = TrackingEvent.objects.filter(received_at__lte=moment, raw__isnull=False)
    return rows.order_by("received_at").values_list("pk", flat=True)
