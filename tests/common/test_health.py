"""What monitors are told."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.urls import reverse

from config.common import guards, health, heartbeats
from config.common.models import Heartbeat
from invoicing.models import Delivery
from tests import factories

pytestmark = pytest.mark.django_db

WELL = {"database": "ok", "migrations": "ok", "guards": "ok", "worker": "ok", "deliveries": "ok", "balances": "ok"}


def ready(client):
    response = client.get(reverse("healthz_ready"))
    return response.status_code, response.json()


def test_a_process_that_answers_is_alive_whatever_else_is_wrong(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        response = client.get(reverse("healthz_live"))

    assert (response.status_code, response.content) == (200, b"ok\n")


def test_ready_when_every_part_is_in_place(client):
    heartbeats.beat("worker")

    assert ready(client) == (200, {"ready": True, "parts": WELL})


def test_not_ready_before_the_worker_was_ever_heard_of(client):
    assert ready(client) == (503, {"ready": False, "parts": {**WELL, "worker": "never heard of"}})


def test_not_ready_when_the_worker_fell_silent(client):
    heartbeats.beat("worker")
    Heartbeat.objects.update(beat_at=Heartbeat.objects.get().beat_at - timedelta(minutes=10))

    status, said = ready(client)

    assert status == 503
    assert said["parts"]["worker"].startswith("silent since 2")


def test_not_ready_with_a_guard_gone(client):
    heartbeats.beat("worker")
    guards.lift()

    status, said = ready(client)

    assert status == 503
    assert "invoicing_invoice_frozen" in said["parts"]["guards"]


def test_not_ready_with_a_migration_waiting(client):
    heartbeats.beat("worker")
    newest = MigrationLoader(connection).graph.leaf_nodes("invoicing")[0]
    MigrationRecorder(connection).record_unapplied(*newest)

    status, said = ready(client)

    assert status == 503
    assert said["parts"]["migrations"].endswith("not applied")


def test_not_ready_when_a_delivery_has_waited_too_long(client):
    heartbeats.beat("worker")
    delivery = factories.queued()
    assert ready(client)[0] == 200
    Delivery.objects.filter(pk=delivery.pk).update(queued_at=delivery.created_at - timedelta(minutes=16))

    status, said = ready(client)

    assert status == 503
    assert said["parts"]["deliveries"].startswith("one has waited since 2")


def test_what_waits_for_a_later_try_is_not_late(client):
    heartbeats.beat("worker")
    delivery = factories.queued()
    Delivery.objects.filter(pk=delivery.pk).update(
        queued_at=delivery.created_at - timedelta(hours=5), not_before=delivery.created_at + timedelta(hours=1)
    )

    assert ready(client)[0] == 200


def test_a_database_that_does_not_answer_is_told_without_its_secrets(client, monkeypatch):
    def down():
        raise DatabaseError("could not connect to postgres://dunlin:secret@db/dunlin")

    monkeypatch.setattr(health, "database", down)

    response = client.get(reverse("healthz_ready"))

    assert response.status_code == 503
    assert response.json()["parts"]["database"] == "the database does not answer"
    assert "secret" not in response.content.decode()


def test_monitors_need_neither_sign_in_nor_https(client, settings):
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_REDIRECT_EXEMPT = [r"^healthz/"]

    assert client.get("/healthz/live").status_code == 200
    assert client.get("/healthz/ready").status_code == 503
    assert client.post("/healthz/live").status_code == 405
    assert client.get("/accounts/login/").status_code == 301


def test_no_answer_is_kept_by_a_cache_on_the_way(client):
    assert "no-store" in client.get(reverse("healthz_ready"))["Cache-Control"]


# --- Who is told what -----------------------------------------------------------------------------------------

ELSEWHERE = [
    {"REMOTE_ADDR": "203.0.113.9"},
    {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "203.0.113.9"},  # through a proxy on this machine
    {"REMOTE_ADDR": "127.0.0.1", "HTTP_FORWARDED": "for=203.0.113.9"},
    {"REMOTE_ADDR": ""},  # a socket without an address
]


@pytest.mark.parametrize("where", ELSEWHERE, ids=str)
def test_strangers_hear_yes_or_no_and_nothing_else(client, where):
    answer = client.get(reverse("healthz_ready"), **where)

    assert (answer.status_code, answer.json()) == (503, {"ready": False})


@pytest.mark.parametrize("where", [{"REMOTE_ADDR": "127.0.0.1"}, {"REMOTE_ADDR": "::1"}], ids=str)
def test_this_machine_is_told_what_is_wrong(client, where):
    assert client.get(reverse("healthz_ready"), **where).json()["parts"]["worker"] == "never heard of"


def test_an_admin_is_told_what_is_wrong_and_others_are_not(admin, manager, as_role):
    address, where = reverse("healthz_ready"), {"REMOTE_ADDR": "203.0.113.9"}

    assert as_role(admin).get(address, **where).json()["parts"]["worker"] == "never heard of"
    assert as_role(manager).get(address, **where).json() == {"ready": False}
