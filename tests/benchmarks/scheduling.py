"""Finding what is due: the sweeper's one bounded query among few scheduled emails and among many.

The emails are written for it, a few to each invoice of the ledger, and taken away again.
"""

import json
import os
import sys
import uuid
from datetime import UTC, datetime, timedelta

DUE = 150  # readers of emails whose moment has come, whatever else waits
CHUNK = 5_000
AT = datetime(2026, 11, 24, 8, tzinfo=UTC)


def measure(rounds: int, small: int, large: int) -> dict:
    """CPU milliseconds of one look, median of the rounds, each size with DUE of its emails due."""
    from statistics import median

    from django.db import transaction

    found: dict = {"sizes": [small, large]}
    for name, count in (("small", small), ("large", large)):
        with transaction.atomic():
            _schedule(count)
            found[name] = median(_look() for _round in range(rounds))
            transaction.set_rollback(True)
    return found


def _look() -> float:
    from invoicing.services import firing

    from .measuring import cost

    def look():
        assert len(firing.found_due(at=AT)) == DUE

    return cost(look, times=20)


def _schedule(count):
    from django.db import connection

    from invoicing.models import Delivery, DeliveryDocument, Invoice

    invoices = list(Invoice.objects.order_by("pk").values_list("pk", flat=True)[:10_000])
    for first in range(0, count, CHUNK):
        rows = [_row(n) for n in range(first, min(first + CHUNK, count))]
        Delivery.objects.bulk_create(rows)
        DeliveryDocument.objects.bulk_create(
            DeliveryDocument(
                delivery=row,
                invoice_id=invoices[n % len(invoices)],
                kind=row.kind,
                channel=row.channel,
                recipient_hash=row.recipient_hash,
            )
            for n, row in enumerate(rows, start=first)
        )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _row(n):
    """The first DUE are due; the others go out later, one a minute."""
    from invoicing.models import Delivery

    key = uuid.uuid4()
    at = AT + timedelta(minutes=n + 1 - DUE)
    return Delivery(
        public_id=key,
        channel="email",
        occasion=key.hex,
        dedupe_key=key.hex,
        status="scheduled",
        recipient=f"ap{n}@buyers.example",
        recipient_hash=key.hex,
        message_id=f"<{key}@bench>",
        scheduled_on=at.date(),
        scheduled_time=at.time(),
        scheduled_zone="UTC",
        scheduled_at=at,
    )


if __name__ == "__main__":
    import django

    django.setup()
    names = ("BENCH_ROUNDS", "BENCH_SCHEDULED_SMALL", "BENCH_SCHEDULED")
    sys.stdout.write(json.dumps(measure(*(int(os.environ[name]) for name in names))))
