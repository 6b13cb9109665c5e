"""The providers' own words go after thirty days; what they said stays."""

from datetime import timedelta

import pytest

from config.common import clock
from invoicing.models import TrackingEvent
from invoicing.services import forgetting
from tests.invoicing.heard import hear, sent

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def test_payloads_are_emptied_after_thirty_days_and_the_events_stay():
    delivery = sent()
    hear(delivery, "delivered", raw={"event": "delivered"})
    kept = TrackingEvent.objects.values("kind", "occurred_at", "dedupe_key").get()
    now = clock.database_now()

    assert forgetting.forget_raw(at=now + 29 * DAY) == 0
    assert TrackingEvent.objects.get().raw == {"event": "delivered"}
    assert forgetting.forget_raw(at=now + 31 * DAY) == 1
    assert forgetting.forget_raw(at=now + 31 * DAY) == 0

    assert TrackingEvent.objects.get().raw is None
    assert TrackingEvent.objects.values("kind", "occurred_at", "dedupe_key").get() == kept
    delivery.refresh_from_db()
    assert delivery.delivered_at is not None


def test_many_go_a_chunk_at_a_time(monkeypatch, django_assert_num_queries):
    delivery = sent()
    for n in range(5):
        hear(delivery, "deferred", raw={"n": n}, event_id=str(n))
    monkeypatch.setattr(forgetting, "CHUNK", 2)
    now = clock.database_now()

    with django_assert_num_queries(3 * 2 + 1):
        assert forgetting.forget_raw(at=now + 31 * DAY) == 5


def test_an_event_heard_again_after_its_words_are_forgotten_is_still_known():
    delivery = sent()
    assert hear(delivery, "delivered", raw={"event": "delivered"}, event_id="e1")
    forgetting.forget_raw(at=clock.database_now() + 31 * DAY)

    assert not hear(delivery, "delivered", raw={"event": "delivered"}, event_id="e1")
    assert TrackingEvent.objects.count() == 1
