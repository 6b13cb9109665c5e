"""Web and worker as one process, with real processes."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.test import override_settings

from config.common import clock, guards, queue
from config.common.management.commands import run as command
from config.common.models import Heartbeat
from config.common.supervising import Child, Supervisor
from tests.processes import children_of, database_url, members, until

pytestmark = pytest.mark.django_db(transaction=True)

needs_proc = pytest.mark.skipif(not Path("/proc").is_dir(), reason="asks /proc for the processes of a session")


@pytest.fixture
def environment():
    """Children work on the database of this test, with the project's own settings."""
    return {**os.environ, "DATABASE_URL": database_url(), "DJANGO_SETTINGS_MODULE": "config.settings"}


@pytest.fixture
def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


# --- manage.py run, from outside ------------------------------------------------------------------------------


@pytest.fixture
def dunlin(environment, free_port, tmp_path):
    """A running `manage.py run` that has welcomed, with what it said."""
    log = tmp_path / "out.log"
    with log.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "run", "--port", str(free_port)],
            cwd=settings.BASE_DIR,
            env=environment,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        process.said, process.port = log.read_text, free_port
        try:
            until(lambda: "Ctrl-C stops" in log.read_text() or process.poll() is not None)
            assert process.poll() is None, log.read_text()
            yield process
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait(40)


@needs_proc
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_says_where_to_go_and_stops_cleanly_leaving_no_child_behind(dunlin, number):
    sessions = children_of(dunlin.pid)
    assert len(sessions) == 2
    assert urllib.request.urlopen(f"http://127.0.0.1:{dunlin.port}/healthz/ready").status == 200

    dunlin.send_signal(number)

    assert dunlin.wait(60) == 0
    assert [members(leader) for leader in sessions] == [[], []]
    said = dunlin.said()
    assert f"Dunlin is running at http://127.0.0.1:{dunlin.port}\n" in said
    assert all(f"{email} " in said and password in said for email, _name, _role, password in settings.DEMO_ACCOUNTS)
    assert "No mail leaves this computer; read it in the outbox" in said
    assert "Traceback" not in said


@needs_proc
def test_when_the_web_server_dies_everything_ends_with_a_failure(dunlin):
    sessions = children_of(dunlin.pid)

    os.kill(sessions[0], signal.SIGKILL)

    assert dunlin.wait(60) == 1
    assert "The web server has ended" in dunlin.said()
    assert [members(leader) for leader in sessions] == [[], []]


@needs_proc
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent is gone")
def test_children_do_not_outlive_a_supervisor_that_was_killed(dunlin):
    sessions = children_of(dunlin.pid)

    dunlin.kill()
    dunlin.wait()

    until(lambda: [members(leader) for leader in sessions] == [[], []])


# --- What refuses to start ------------------------------------------------------------------------------------


def test_a_taken_port_is_told_with_another_to_choose():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        with pytest.raises(CommandError, match=f"Port {port} is taken. .* PORT={port + 1} make run"):
            call_command("run", port=port)


def test_a_database_that_was_not_migrated_is_not_served(free_port):
    recorder = MigrationRecorder(connection)
    newest = MigrationLoader(connection).graph.leaf_nodes("invoicing")[0]
    recorder.record_unapplied(*newest)
    try:
        with pytest.raises(CommandError, match="not applied: 1. Run manage.py migrate first"):
            call_command("run", port=free_port)
    finally:
        recorder.record_applied(*newest)


def test_a_database_whose_guards_are_gone_is_not_served(free_port):
    guards.lift()
    try:
        with pytest.raises(CommandError, match="trigger common_auditevent_no_update is missing"):
            call_command("run", port=free_port)
    finally:
        guards.install()


def test_outside_the_demo_no_account_is_printed(free_port):
    said = []
    run = command.Command()
    run.say, run.web_answers, run.wait_for_worker = said.append, lambda *_: True, lambda *_: None
    supervisor = Supervisor(*command.children("127.0.0.1", free_port, "http://127.0.0.1:1"), say=said.append)

    with override_settings(DEMO=False):
        assert run.welcome(supervisor, "http://127.0.0.1:1") is True

    assert said == ["\nDunlin is running at http://127.0.0.1:1", "Ctrl-C stops.\n"]


# --- The worker's life ----------------------------------------------------------------------------------------


@pytest.fixture
def supervisor(environment, real_queue):
    """Watches a real worker, impatiently; what it said is in `.said`."""
    said = []
    worker = Child("background worker", [sys.executable, str(settings.BASE_DIR / "manage.py"), "qcluster"], environment)
    web = Child("web server", [sys.executable, "-c", "import time; time.sleep(600)"], environment)
    supervisor = Supervisor(
        web=web, worker=worker, say=said.append, silent_after=timedelta(seconds=20), ring_every=0.5, grace=3
    )
    supervisor.said = said
    web.start()
    worker.start()
    try:
        watch(supervisor, supervisor.worker_has_answered)
        yield supervisor
    finally:
        supervisor.stop()


def watch(supervisor, condition, within=150.0):
    until(lambda: (supervisor.watch_worker(), condition())[1], within)


@needs_proc
def test_a_worker_that_died_is_started_again_and_its_orphans_are_gone(supervisor):
    first = supervisor.worker.process.pid

    os.kill(first, signal.SIGKILL)
    watch(supervisor, lambda: supervisor.worker.process.pid != first and supervisor.worker_has_answered())

    assert members(first) == []
    assert supervisor.said[0] == "The background worker has ended (exit code -9); starting it again."


def _idle_workers(cluster):
    (sentinel,) = children_of(cluster)
    return children_of(sentinel)[:2]


@needs_proc
def test_a_worker_that_only_looks_alive_is_replaced_and_work_goes_on_at_once(supervisor):
    first = supervisor.worker.process.pid
    for pid in _idle_workers(first):
        os.kill(pid, signal.SIGSTOP)

    watch(supervisor, lambda: supervisor.worker.process.pid != first and supervisor.worker_has_answered())

    assert members(first) == []
    assert "The background worker has given no sign of life for" in supervisor.said[0]


@needs_proc
def test_work_goes_on_after_all_idle_workers_were_killed(supervisor):
    """Mostly django-q2 never works again then, for they held the lock of its pipe; sometimes it recovers by itself."""
    for pid in _idle_workers(supervisor.worker.process.pid):
        os.kill(pid, signal.SIGKILL)
    killed_at = clock.database_now()

    watch(supervisor, lambda: Heartbeat.objects.filter(beat_at__gt=killed_at + timedelta(seconds=2)).exists())


def test_each_death_doubles_the_wait_before_the_next_start(environment):
    said = []
    broken = Child("background worker", [sys.executable, "-c", "raise SystemExit(3)"], environment)
    web = Child("web server", [sys.executable, "-c", "import time; time.sleep(600)"], environment)
    supervisor = Supervisor(web=web, worker=broken, say=said.append)
    broken.start()

    waits = []
    for _ in range(3):
        broken.process.wait()
        supervisor.watch_worker()
        waits.append(round(supervisor._restart_at - time.monotonic()))
        supervisor._restart_at = time.monotonic()
        supervisor.watch_worker()
    supervisor.stop()

    assert waits == [1, 2, 4]
    assert said == ["The background worker has ended (exit code 3); starting it again."] * 3


def test_a_worker_that_will_not_stop_is_killed_with_its_whole_session(environment):
    deaf = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)"
    )
    said = []
    worker = Child("background worker", [sys.executable, "-c", deaf], environment)
    web = Child("web server", [sys.executable, "-c", "import time; time.sleep(600)"], environment)
    supervisor = Supervisor(web=web, worker=worker, say=said.append, grace=1)
    web.start()
    worker.start()
    time.sleep(0.5)

    supervisor.stop()

    assert said == ["The background worker did not stop by itself and was killed."]
    assert worker.exit_code() == -signal.SIGKILL


def test_while_the_database_cannot_be_asked_no_worker_is_blamed(environment, monkeypatch):
    from django.db import OperationalError

    def down(*args, **kwargs):
        raise OperationalError("the server closed the connection")

    worker = Child("background worker", [sys.executable, "-c", "import time; time.sleep(600)"], environment)
    supervisor = Supervisor(web=worker, worker=worker, silent_after=timedelta(seconds=0), ring_every=0)
    worker.start()
    monkeypatch.setattr(Heartbeat.objects, "filter", down)
    first = worker.process.pid

    supervisor.watch_worker()

    assert worker.process.pid == first
    assert worker.exit_code() is None
    supervisor.stop()


def test_messages_a_dead_cluster_had_fetched_are_offered_again_at_once(real_queue):
    from django.utils import timezone
    from django_q.models import OrmQ

    queue.enqueue("config.common.tasks.heartbeat")
    OrmQ.objects.update(lock=timezone.now() + timedelta(seconds=900))

    assert queue.offer_again() == 1

    assert OrmQ.objects.filter(lock__lte=timezone.now()).count() == 1
