"""The banner that says nothing is being sent, on every page, while the background worker is silent."""

from datetime import timedelta

import pytest

from config.common import clock, heartbeats
from config.common.models import Heartbeat
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def page(as_role, clerk):
    factories.organization()
    return lambda: as_role(clerk).get("/customers/").content.decode()


def test_a_worker_that_was_never_heard_of_is_said_not_to_run_yet(page):
    text = page()

    assert "Background worker not running yet" in text
    assert "manage.py qcluster" in text
    assert "0001" not in text


def test_a_silent_worker_is_said_not_to_run_since_it_was_last_heard_of(page):
    heartbeats.beat("worker")
    Heartbeat.objects.update(beat_at=clock.database_now() - timedelta(minutes=10))

    assert "Background worker not running since" in page()


def test_while_the_worker_is_well_nothing_is_said(page):
    heartbeats.beat("worker")

    assert "Background worker" not in page()
