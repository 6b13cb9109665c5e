"""A real worker beside busy people on one database: nobody is turned away, nothing is lost."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from django.db import connection
from django.urls import reverse

from config.common import queue
from invoicing.models import Delivery, Invoice, OutboxMessage
from invoicing.services import delivering
from tests import factories
from tests.processes import database_url

pytestmark = pytest.mark.django_db(transaction=True)

PEOPLE, ROUNDS = (6, 40) if os.environ.get("TORTURE") else (4, 5)
ROOT = Path(__file__).parents[2]


@pytest.fixture
def real_worker(monkeypatch, tmp_path, settings):
    """A django-q2 cluster of two workers in a process of its own, on this test's database; yields its log."""
    monkeypatch.undo()  # the bell of the other tests: here the queue itself is rung
    settings.EMAIL_BACKEND = "invoicing.channels.outbox.OutboxBackend"
    log = tmp_path / "worker.log"
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DATABASE_URL": database_url(),
        "DUNLIN_VAR": str(tmp_path),
        "DUNLIN_MEDIA": str(settings.MEDIA_ROOT),
    }
    with log.open("wb") as output:
        worker = subprocess.Popen(
            [sys.executable, "manage.py", "qcluster"], cwd=ROOT, env=environment, stdout=output, stderr=output
        )
        try:
            yield log
        finally:
            worker.terminate()
            try:
                worker.wait(30)
            except subprocess.TimeoutExpired:
                worker.kill()
                worker.wait()


def test_web_and_worker_share_one_database_without_turning_anyone_away(real_worker, clerk, as_role):
    buyer = factories.customer()
    errors, statuses = [], []

    def person(n):
        browser = as_role(clerk)
        try:
            for _round in range(ROUNDS):
                draft = factories.draft(buyer, by=clerk)
                delivering.open_and_send(
                    draft, by=clerk, on=factories.TODAY, mail=factories.mail(f"a{n}@harbour.example")
                )
                statuses.append(browser.get(reverse("invoicing:queue")).status_code)
                factories.payment(Invoice.objects.get(pk=draft.pk), 4200, by=clerk)
                statuses.append(browser.get(reverse("home")).status_code)
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    people = [threading.Thread(target=person, args=(n,)) for n in range(PEOPLE)]
    for thread in people:
        thread.start()
    for thread in people:
        thread.join()
    deadline = time.monotonic() + 120
    while Delivery.objects.filter(status__in=["queued", "sending"]).exists() and time.monotonic() < deadline:
        time.sleep(0.5)

    assert errors == []
    assert set(statuses) == {200}
    sends = PEOPLE * ROUNDS
    assert sorted(Invoice.objects.values_list("seq", flat=True)) == list(range(1, sends + 1))
    assert Delivery.objects.filter(status="sent").count() == OutboxMessage.objects.count() == sends
    assert OutboxMessage.objects.values("message_id").distinct().count() == sends
    assert Invoice.objects.filter(billed_at=None).count() == 0
    assert "locked" not in real_worker.read_text()
    assert queue._ring.__module__ == "config.common.queue"
