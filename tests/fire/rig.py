"""What the fault tests share: many drafts and deliveries at little cost, and a crew of worker processes."""

import copy
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

from django.conf import settings
from django.db import connection

from config.common import clock
from config.common.roles import SYSTEM
from invoicing.models import Delivery, Invoice
from invoicing.services import delivering, opening
from tests import factories
from tests.processes import database_url, until

ROOT = Path(__file__).parents[2]


def drafts(count: int, **fields) -> list[Invoice]:
    """One draft made through the services, and copies of it: it is what happens to them that is tried."""
    first = factories.draft(**fields)
    copies = Invoice.objects.bulk_create(_twin(first) for _n in range(count - 1))
    for parts in (first.lines, first.tax_lines):
        rows = list(parts.all())
        parts.model.objects.bulk_create(_twin(row, invoice=made) for made in copies for row in rows)
    return [first, *copies]


def _twin(row, **fields):
    twin = copy.copy(row)
    twin._state = copy.copy(row._state)
    twin.pk, twin._state.adding = None, True
    for name, value in fields.items():
        setattr(twin, name, value)
    return twin


def queued(count: int, **fields) -> list[Delivery]:
    """So many opened invoices, each with one email waiting for the worker."""
    found = []
    for draft in drafts(count):
        invoice = opening.open_invoice(draft, by=SYSTEM, on=factories.TODAY)
        found += delivering.queue_delivery(invoice, by=SYSTEM, mail=factories.mail(**fields))
    return found


def environment(var, **more) -> dict:
    """For a process of the project itself, on the database and the stored files of this test."""
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DATABASE_URL": database_url(),
        "DUNLIN_VAR": str(var),
        "DUNLIN_MEDIA": str(settings.MEDIA_ROOT),
        "EMAIL_BACKEND": "invoicing.channels.smtp.WireBackend",
        "LOG_LEVEL": "CRITICAL",
        **more,
    }


def _at_work_since_before(moment) -> int:
    others = "datname = current_database() AND pid <> pg_backend_pid()"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(*) FROM pg_stat_activity WHERE {others} AND state <> 'idle' AND query_start < %s", [moment]
        )
        return cursor.fetchone()[0]


def hear_the_last_of_the_dead():
    """A commit that PostgreSQL had received when its client was killed is made all the same, a moment later."""
    time.sleep(0.5)
    if connection.vendor == "postgresql":
        begun = clock.database_now()
        until(lambda: not _at_work_since_before(begun), 60)


def on_the_wire(pids) -> int:
    """Deliveries that these processes, killed just now, had on the wire."""
    hear_the_last_of_the_dead()
    rows = Delivery.objects.filter(status="sending", wire_started_at__isnull=False)
    dead = {str(pid) for pid in pids}
    return sum(worker.split(":")[-2] in dead for worker in rows.values_list("worker", flat=True))


class Crew:
    """Worker processes of a job of tests/fire/jobs.py (tests/fire/crew.py forks them); stopped at the end of `with`.

    `replace`: a killed one is replaced at once, as django-q2 does.
    """

    def __init__(self, job, count, *, folder, mail=None, warm=False, replace=False, **given):
        self.folder = Path(folder)
        self.folder.mkdir(exist_ok=True)
        spec = {"job": job, "count": count, "warm": warm, "replace": replace, "folder": str(folder), "with": given}
        self.command = [sys.executable, "-m", "tests.fire.crew", json.dumps(spec, default=str)]
        self.environment = environment(folder, **({"EMAIL_URL": mail} if mail else {}))
        self.count, self.alive, self.stopped, self.ended = count, {}, set(), []

    def __enter__(self):
        self.log = (self.folder / "crew.log").open("w+")
        self.process = subprocess.Popen(
            self.command, cwd=ROOT, env=self.environment, stdout=subprocess.PIPE, stderr=self.log, text=True
        )
        self._ear = threading.Thread(target=self._listen, daemon=True)
        self._ear.start()
        until(lambda: len(self.alive) + len(self.ended) >= self.count or self.process.poll() is not None, every=0.02)
        return self

    def __exit__(self, *_error):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self._ear.join(5)
        self.process.stdout.close()
        self.log.close()

    def _listen(self):
        for line in self.process.stdout:
            told = json.loads(line)
            match told["event"]:
                case "started":
                    self.alive[told["n"]] = told["pid"]
                case "stopped":
                    self.stopped.add(told["pid"])
                case "ended":
                    self.alive.pop(told["n"], None)
                    self.ended.append((told["n"], told["status"]))

    def signal_all(self, number) -> list[int]:
        """Send a signal to every worker that lives, to no other process; their pids."""
        pids = list(self.alive.values())
        for pid in pids:
            os.kill(pid, number)
        return pids

    def results(self, within=300.0) -> list:
        """What each worker returned, once all have ended by themselves."""
        until(lambda: self.process.poll() is not None, within)
        self._ear.join(10)
        said = (self.folder / "crew.log").read_text()
        assert {status for _n, status in self.ended} == {0}, said
        return [json.loads((self.folder / f"{n}.json").read_text()) for n in range(self.count)]

    @property
    def said(self) -> str:
        return (self.folder / "crew.log").read_text()
