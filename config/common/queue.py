"""The bell: the only place that knows django-q2.

The truth is in our own rows; a message carries a dotted name and an id, may be lost, and may ring twice.
"""

import sys

from django.apps import apps
from django.conf import settings
from django.db import transaction
from django.utils import timezone


def enqueue(task: str, *ids: int) -> None:
    """Ring for "app.tasks.name" once the present transaction has committed. Ids only: the payload is a pickle."""
    transaction.on_commit(lambda: _ring(task, *ids))


def _ring(task, *ids):
    from django_q.tasks import async_task

    async_task(task, *ids)


def equalize_schedules(sender, using="default", **kwargs):
    """Make django-q2's schedule rows equal to settings.SCHEDULES, after every migrate."""
    if not apps.is_installed("django_q"):
        return
    from django.db import connections
    from django_q.models import Schedule

    if Schedule._meta.db_table not in connections[using].introspection.table_names():
        return
    rows = Schedule.objects.using(using)
    rows.exclude(name__in=settings.SCHEDULES).delete()
    for name, entry in settings.SCHEDULES.items():
        rows.update_or_create(
            name=name,
            defaults={
                "func": entry["task"],
                "schedule_type": Schedule.MINUTES,
                "minutes": entry["minutes"],
                "repeats": -1,
            },
            create_defaults={
                "func": entry["task"],
                "schedule_type": Schedule.MINUTES,
                "minutes": entry["minutes"],
                "repeats": -1,
                "next_run": timezone.now(),
            },
        )


def offer_again() -> int:
    """Let go of messages that a dead cluster had fetched; how many. Only while no cluster of ours is alive.

    They would come back by themselves, but only after Q_CLUSTER["retry"] seconds.
    """
    from django_q.models import OrmQ

    now = timezone.now()
    return OrmQ.objects.filter(lock__gt=now).update(lock=now)


def at_worker_start(callback):
    """Have this called in every worker process, once it has forked and before its first task."""
    if is_worker_process():
        from django_q.signals import post_spawn

        post_spawn.connect(lambda **kwargs: callback(), weak=False)


def is_worker_process() -> bool:
    """Whether this process is the cluster or one of its children."""
    return "qcluster" in sys.argv
