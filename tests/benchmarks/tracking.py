"""What providers tell, taken in through the webhook, against bare rows; and the page of a send with many events.

The events are opens of twenty mails, a request of 20 at a time, as a busy provider posts them.
"""

import base64
import json
import os
import sys
from datetime import timedelta

BATCH = 20
SECRET = "bench:a-long-random-text-for-benchmarks"


def measure(rounds: int, events: int) -> dict:
    """{"webhook": [bare ms, ours ms] an event, "page": [ms with 50 events, ms with `events`]}: CPU."""
    from django.conf import settings
    from django.test import Client
    from django.urls import reverse

    from config.common import clock, queue
    from config.common.models import User
    from customers.models import Organization
    from invoicing.models import Delivery, TrackingEvent

    from .measuring import cost, in_turn

    queue._ring = lambda task, *ids: None
    settings.ANYMAIL = {"WEBHOOK_SECRET": SECRET}
    settings.ALLOWED_HOSTS = ["*"]
    Organization.objects.update(track_opens=True)
    mails = _mails()
    started, told = clock.now() - timedelta(days=1), [0]
    door = Client(headers={"Authorization": "Basic " + base64.b64encode(SECRET.encode()).decode()})

    def event(n):
        about = {"type": "open", "event_id": f"{os.getpid()}-{n}", "timestamp": str(int(started.timestamp()) + n)}
        about |= {"rcpt_meta": {"delivery": str(mails[n % len(mails)].public_id)}, "user_agent": "Thunderbird/128.0"}
        return {"msys": {"track_event": about}}

    def ours():
        def post():
            first, told[0] = told[0], told[0] + BATCH
            body = json.dumps([event(n) for n in range(first, first + BATCH)])
            assert door.post("/webhooks/anymail/sparkpost/tracking/", body, "application/json").status_code == 200

        return cost(post, times=max(1, events // BATCH // rounds)) / BATCH

    def bare():
        def insert():
            for n in range(BATCH):
                told[0] += 1
                row = TrackingEvent(delivery=mails[n], kind="opened", source="bare", occurred_at=started)
                row.dedupe_key = f"bare-{os.getpid()}-{told[0]}"
                row.save(force_insert=True)
                Delivery.objects.filter(pk=row.delivery_id).update(opened_at=started)

        return cost(insert) / BATCH

    few, many = mails[0], mails[1]
    client = Client()
    client.force_login(User.objects.filter(role="manager").first())
    for mail, count in ((few, 50), (many, events)):
        _fill(mail, count, started)

    def page(mail):
        return lambda: cost(lambda: client.get(reverse("invoicing:delivery", args=[mail.pk])), times=3)

    ours()
    page(few)()
    return {
        "webhook": in_turn(bare, ours, rounds=rounds),
        "page": in_turn(page(few), page(many), rounds=rounds),
        "events": events,
    }


def _mails():
    """Twenty that were sent; forged, for the worker's part is measured elsewhere."""
    import uuid

    from config.common import clock
    from invoicing.models import Delivery, DeliveryDocument, Invoice

    invoice = Invoice.objects.exclude(number="").order_by("pk").first()
    found = []
    for _n in range(BATCH):
        key = uuid.uuid4()
        made = Delivery.objects.create(
            public_id=key,
            channel="email",
            status="sent",
            sent_at=clock.now() - timedelta(days=2),
            response="250 ok",
            customer_id=invoice.customer_id,
            recipient="bench@buyers.example",
            recipient_hash=key.hex,
            occasion=key.hex,
            dedupe_key=key.hex,
            message_id=f"<{key}@bench>",
        )
        DeliveryDocument.objects.create(
            delivery=made, invoice=invoice, kind="invoice", channel="email", recipient_hash=key.hex, live=False
        )
        found.append(made)
    return found


def _fill(delivery, count, started):
    from invoicing.models import TrackingEvent

    TrackingEvent.objects.bulk_create(
        TrackingEvent(
            delivery=delivery,
            kind="opened",
            source="fill",
            occurred_at=started + timedelta(seconds=n),
            dedupe_key=f"fill-{delivery.pk}-{n}",
        )
        for n in range(count)
    )


if __name__ == "__main__":
    import django

    django.setup()
    sys.stdout.write(json.dumps(measure(int(os.environ["BENCH_ROUNDS"]), int(os.environ["BENCH_EVENTS"]))))
