"""Every fault test stands on real transactions, real processes and a real mail server on loopback."""

import json
import logging
import sys
import time

import pytest
from django.conf import settings as configured
from django.db import connection

from config.common.supervising import Child
from tests.fire import rig
from tests.fire import sink as sinks
from tests.fire.rig import Crew


def pytest_collection_modifyitems(items):
    """One after the other: each of them wants both cores for itself."""
    for item in items:
        if "/tests/fire/" in str(item.path):
            item.add_marker(pytest.mark.xdist_group("fire"))


@pytest.fixture
def sink(settings):
    """`sink(delay=…, answer=…)` starts a mail server and points this process's settings at it."""
    started = []

    def start(**given):
        server = sinks.Sink(**given)
        server.__enter__()
        started.append(server)
        settings.EMAIL_BACKEND = "invoicing.channels.smtp.WireBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
        return server

    yield start
    for server in started:
        server.__exit__()


@pytest.fixture
def crew(tmp_path):
    """`with crew(job, count, …) as workers:` runs a job of tests/fire/jobs.py in so many processes."""
    made = []

    def crew_of(job, count, **given):
        made.append(job)
        return Crew(job, count, folder=tmp_path / f"crew-{len(made)}", **given)

    return crew_of


@pytest.fixture
def cluster(tmp_path, real_queue):
    """`cluster(mail=url, lease=…, **Q_CLUSTER)` is a django-q2 cluster as a child that can be started and stopped."""
    made = []

    def cluster_of(mail, lease=120, **changes):
        more = {"EMAIL_URL": mail, "FIRE_LEASE": str(lease), "FIRE_TASKS": str(tmp_path / "tasks")}
        more |= {"FIRE_CLUSTER": json.dumps(changes), "DJANGO_SETTINGS_MODULE": "tests.fire.cluster_settings"}
        command = [sys.executable, str(configured.BASE_DIR / "manage.py"), "qcluster"]
        made.append(Child("background worker", command, rig.environment(tmp_path, **more)))
        return made[-1]

    yield cluster_of
    for child in made:
        child.wait_or_kill(0, lambda: True)


@pytest.fixture
def figures(record_property):
    """`figures(sent=99, unknown=1)` is listed at the end of the run, with the database and the seconds it took."""
    began = time.monotonic()

    def note(*more, **measured):
        found = {name: value for each in (*more, measured) for name, value in each.items()}
        words = ", ".join(f"{name} {value}" for name, value in found.items())
        record_property("figures", f"{connection.vendor}: {words}, {time.monotonic() - began:.0f} s")

    return note


@pytest.fixture(autouse=True)
def _a_quiet_server():
    logging.getLogger("mail.log").setLevel(logging.ERROR)
