"""The bell: rung after the commit, never twice for one act, and only with ids."""

from datetime import timedelta

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone
from django_q.models import OrmQ, Schedule

from config.common import heartbeats, queue
from config.common.models import Heartbeat

PULSE = "config.common.tasks.heartbeat"


@pytest.mark.django_db(transaction=True)
def test_nothing_rings_before_the_commit(bell):
    with transaction.atomic():
        queue.enqueue(PULSE)
        assert bell._rung == []

    assert bell.rings == [(PULSE,)]


@pytest.mark.django_db(transaction=True)
def test_what_was_rolled_back_never_rings(bell):
    with transaction.atomic():
        queue.enqueue(PULSE)
        transaction.set_rollback(True)

    assert bell.rings == []


@pytest.mark.django_db
def test_the_message_carries_a_name_and_ids_and_nothing_else(real_queue, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        queue.enqueue("invoicing.tasks.carry", 7)

    task = OrmQ.objects.get().task
    assert (task["func"], task["args"], task["kwargs"]) == ("invoicing.tasks.carry", (7,), {})
    assert task["ack_failure"] is True  # read where it is enqueued: a failing task is not offered for ever


@pytest.mark.django_db
def test_the_pulse_is_a_row_with_the_databases_time(worker):
    queue.enqueue(PULSE)

    assert worker() == 1

    assert Heartbeat.objects.get().name == "worker"
    assert heartbeats.silent_since() is None


@pytest.mark.django_db
def test_a_pulse_that_is_too_old_says_since_when():
    heartbeats.beat("worker")
    long_ago = timezone.now() - heartbeats.SILENT_AFTER - timedelta(seconds=1)
    Heartbeat.objects.update(beat_at=long_ago)

    assert heartbeats.silent_since() == long_ago


@pytest.mark.django_db
def test_one_never_heard_of_has_been_silent_for_ever():
    assert heartbeats.silent_since().year == 1


@pytest.mark.django_db
def test_the_schedules_are_those_of_the_settings_after_every_migrate(settings):
    Schedule.objects.create(name="left over", func="x.y", schedule_type=Schedule.MINUTES, minutes=1)
    kept = Schedule.objects.get(name="heartbeat").next_run
    settings.SCHEDULES = {"heartbeat": {"task": PULSE, "minutes": 5}}

    queue.equalize_schedules(sender=apps.get_app_config("common"))

    (only,) = Schedule.objects.all()
    assert (only.name, only.func, only.minutes, only.repeats) == ("heartbeat", PULSE, 5, -1)
    assert only.next_run == kept


@pytest.mark.django_db(transaction=True)
def test_every_schedule_names_a_task_that_exists(settings):
    from django.utils.module_loading import import_string

    call_command("migrate", verbosity=0)

    assert set(Schedule.objects.values_list("name", flat=True)) == set(settings.SCHEDULES)
    assert all(callable(import_string(entry["task"])) for entry in settings.SCHEDULES.values())


@pytest.mark.django_db
def test_only_what_a_dead_cluster_holds_is_offered_again():
    now = timezone.now()
    OrmQ.objects.create(key="dunlin", payload="waiting", lock=now - timedelta(seconds=1))
    OrmQ.objects.create(key="dunlin", payload="held", lock=now + timedelta(seconds=900))

    assert queue.offer_again() == 1

    assert OrmQ.objects.filter(lock__lte=timezone.now()).count() == 2


def test_the_queues_settings_keep_a_task_from_running_twice(settings):
    cluster = settings.Q_CLUSTER

    assert cluster["retry"] > cluster["timeout"]
    assert cluster["queue_limit"] == cluster["workers"]
    assert (cluster["max_attempts"], cluster["ack_failures"], cluster["catch_up"]) == (1, True, False)
    assert settings.CACHES[cluster["cache"]]["BACKEND"].endswith("FileBasedCache")
