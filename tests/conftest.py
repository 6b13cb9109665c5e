"""What every test stands on: the database and its guards, the bell, and people of each role."""

import contextvars
import os
import shutil

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client, TransactionTestCase
from django.utils.module_loading import import_string

from config.common import guards, queue
from config.common.models import User
from config.common.roles import Role
from tests.emptying import empty_tables
from tests.fire.sink import CANNED_PDF


def pytest_unconfigure(config):
    from tests import settings

    shutil.rmtree(settings.ROOM, ignore_errors=True)


def pytest_terminal_summary(terminalreporter):
    """What the fault tests measured, for docs/performance.md."""
    for report in terminalreporter.getreports("passed"):
        for name, text in report.user_properties:
            if name == "figures" and report.when == "call":
                terminalreporter.write_line(f"{report.nodeid.split('::')[-1]}: {text}")


# --- The database and its guards ------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """PostgreSQL need not wait for the disk at each commit: the test that pulls its plug has a server of its own."""
    if connection.vendor == "postgresql":
        with django_db_blocker.unblock(), connection.cursor() as cursor:
            name = connection.ops.quote_name(connection.settings_dict["NAME"])
            cursor.execute(f"ALTER DATABASE {name} SET synchronous_commit = off")
        connection.close()


@pytest.fixture(scope="session", autouse=True)
def _empties_quickly():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda self: empty_tables())
        yield


@pytest.fixture(autouse=True)
def _guards_are_back(request):
    """No test runs on a database that lets opened documents or the trail be changed."""
    names = {"db", "transactional_db", "live_server"}
    if request.node.get_closest_marker("django_db") or names & set(request.fixturenames):
        request.getfixturevalue("db")
        assert guards.missing() == []


@pytest.fixture(autouse=True)
def _fresh_cache():
    """Sign-in limits are counted in the cache; each test starts at zero."""
    cache.clear()


# --- The bell -------------------------------------------------------------------------------------------------


class Bell:
    """Stands in for the queue: keeps what was rung, and carries it out when the test says so."""

    def __init__(self):
        self._rung = []

    def ring(self, task, *ids):
        self._rung.append((task, *ids))

    @property
    def rings(self) -> list[tuple]:
        """What was rung and not carried yet, oldest first: [("invoicing.tasks.carry", 7), …]."""
        self._commit()
        return list(self._rung)

    def carry(self) -> int:
        """Do what was rung, and what that rings in turn, until all is quiet; how many tasks ran."""
        carried = 0
        while self.rings:
            task, *ids = self._rung.pop(0)
            contextvars.copy_context().run(import_string(task), *ids)  # a worker is a process of its own
            carried += 1
            assert carried < 1000, f"{task} keeps ringing for itself"
        return carried

    def _commit(self):
        """A test that is one long transaction never commits: what waits for the commit is let go here."""
        if connection.in_atomic_block:
            waiting, connection.run_on_commit = connection.run_on_commit, []
            for _savepoints, callback, _robust in waiting:
                callback()


@pytest.fixture(autouse=True)
def bell(monkeypatch):
    """Every test rings this bell instead of the queue. `bell.rings` lists, `bell.carry()` works."""
    bell = Bell()
    monkeypatch.setattr(queue, "_ring", bell.ring)
    return bell


REAL_RING = queue._ring


@pytest.fixture
def real_queue(bell, monkeypatch):
    """Ring for a real worker process, for the few tests that start one."""
    monkeypatch.setattr(queue, "_ring", REAL_RING)


@pytest.fixture
def worker(bell):
    """`worker()` does all background work that waits and says how many tasks ran."""
    return bell.carry


# --- Sizes ----------------------------------------------------------------------------------------------------


@pytest.fixture
def size():
    """`size(500)` is 50 in the everyday run, for speed, and 500 in `make torture`."""
    return lambda whole: whole if os.environ.get("TORTURE") else max(1, whole // 10)


# --- Mail -----------------------------------------------------------------------------------------------------


@pytest.fixture
def demo_outbox(settings):
    """Send into the demo's built-in outbox instead of django.core.mail.outbox."""
    settings.EMAIL_BACKEND = "invoicing.channels.outbox.OutboxBackend"


@pytest.fixture
def canned_pdf(monkeypatch):
    """The same page for every invoice, where drawing it is not what is tried."""
    monkeypatch.setattr("invoicing.documents._make", lambda invoice: (CANNED_PDF, []))


# --- People ---------------------------------------------------------------------------------------------------


def _person(role):
    names = {"viewer": "Aki Viewer", "clerk": "Femke Clerk", "manager": "Tomáš Manager", "admin": "Ines Admin"}
    return User.objects.create_user(f"{role}@dunlin.example", "a-long-password", name=names[role], role=role)


@pytest.fixture
def viewer(db):
    return _person(Role.VIEWER)


@pytest.fixture
def clerk(db):
    return _person(Role.CLERK)


@pytest.fixture
def manager(db):
    return _person(Role.MANAGER)


@pytest.fixture
def admin(db):
    return _person(Role.ADMIN)


@pytest.fixture
def as_role(db):
    """`as_role(person)` is a test client signed in as that person."""

    def signed_in(person) -> Client:
        client = Client()
        client.force_login(person)
        return client

    return signed_in
