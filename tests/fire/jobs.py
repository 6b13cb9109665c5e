"""What the processes of a crew do. Each gets its number and plain values, and returns something JSON can hold."""

import os
import random
import signal
import time
from datetime import timedelta
from types import SimpleNamespace

from django.db import DatabaseError, InterfaceError, OperationalError, connection, transaction
from django.utils import timezone

from config.common import queue
from config.common.errors import Stale
from config.common.models import User
from invoicing import documents, tasks
from invoicing.channels import smtp
from invoicing.models import BatchOperation, Delivery, Invoice
from invoicing.services import carrying, ending, opening, opening_groups, pacing, workers
from invoicing.services.batches import filling, running
from tests.fire import faults
from tests.fire.sink import CANNED_PDF


def _without_a_bell():
    """The pump is run in a loop here, so nothing has to ring for it."""
    queue._ring = lambda task, *ids: None


def open_all(n, *, drafts, people, on, start_at, seed):
    """Open the same drafts as everybody else, a fifth of them rolled back at a step that chance chooses.

    Returns {"told": [[draft, sentence], …], "undone": how many, "locked": how often the database was not to be had}.
    """
    _without_a_bell()
    person, dice = User.objects.get(pk=people[n]), random.Random(seed * 1000 + n)
    order, told, undone, locked = list(drafts), [], 0, 0
    dice.shuffle(order)
    time.sleep(max(0, start_at - time.time()))
    for pk in order:
        point = dice.choice(faults.POINTS) if dice.random() < 0.2 else None
        try:
            with faults.at(point), transaction.atomic():
                opening.open_invoice(Invoice(pk=pk), by=person, on=faults.day(on))
                if point == faults.COMMIT:
                    raise faults.Undone
        except Stale as refusal:
            told.append([pk, str(refusal)])
        except faults.Undone:
            undone += 1
        except OperationalError:  # SQLite waits for 20 s and no longer; more than four writers are more than it likes
            locked += 1
            order.append(pk)
    return {"told": told, "undone": undone, "locked": locked}


def pump(n, *, lease, canned=False):
    """The worker's work without end: the pump of the email channel, and the minute sweeper once a second."""
    _without_a_bell()
    carrying.LEASE_SECONDS = carrying.WIRE_LEASE_SECONDS = lease
    if canned:
        documents._make = lambda invoice: (CANNED_PDF, [])
    swept = time.monotonic() + n * 0.2
    while True:
        if time.monotonic() > swept:
            tasks.sweep()
            swept = time.monotonic() + 1
        before = _attempts()
        tasks.carry(0)
        if _attempts() == before:
            time.sleep(0.1)


def _attempts():
    with connection.cursor() as cursor:
        cursor.execute("SELECT COALESCE(MAX(id), 0) FROM invoicing_attempt")
        return cursor.fetchone()[0]


FREEZES = ("claimed", "composed", "connected", "marking", "marked", "answered")


def freeze(n, *, points, deliveries):
    """Carry delivery n and stop dead (SIGSTOP) at point n; go on when somebody says SIGCONT."""
    _without_a_bell()
    documents._make = lambda invoice: (CANNED_PDF, [])
    pacing.AT_ONCE = len(deliveries)  # all of them are frozen at the same time
    where, name, after = {
        "claimed": (carrying, "_compose", False),
        "composed": (carrying, "_compose", True),
        "connected": (smtp.WireBackend, "open", True),
        "marking": (carrying, "_mark_on_wire", False),
        "marked": (carrying, "_mark_on_wire", True),
        "answered": (carrying, "finish", False),
    }[points[n]]
    original = getattr(where, name)

    def frozen(*args, **kwargs):
        setattr(where, name, original)  # once: Django opens a connection it has again
        if not after:
            os.kill(os.getpid(), signal.SIGSTOP)
        result = original(*args, **kwargs)
        if after:
            os.kill(os.getpid(), signal.SIGSTOP)
        return result

    setattr(where, name, frozen)
    chosen = iter([Delivery.objects.get(pk=deliveries[n])])
    carrying._next_row = lambda channel, first, but: next(chosen, None)
    return carrying.carry_waiting()


# --- Batch operations -----------------------------------------------------------------------------------------


def run(n, *, lease, group_seconds=running.GROUP_SECONDS, poison=None, hosts=None, minutes=None, draws=False):
    """All of a worker's work without end: groups of batches, mails, and the minute sweeper once a second.

    `poison`: {a way to misbehave: invoice}, see _poisoned. `hosts`, `minutes`: the name of worker n's machine, and by
    how many minutes its clock is wrong. `draws`: every invoice has its PDF drawn, by a renderer for each worker.
    A database that is away for a while is asked again, as the queue would.
    """
    _without_a_bell()
    carrying.LEASE_SECONDS = carrying.WIRE_LEASE_SECONDS = running.LEASE_SECONDS = lease
    running.GROUP_SECONDS = group_seconds
    if not draws:
        documents._make = lambda invoice: (CANNED_PDF, [])
    _poison(poison or {})
    if hosts:
        _live_on(hosts[n], timedelta(minutes=minutes[n]))
    swept = time.monotonic() + n * 0.2
    while True:
        try:
            if time.monotonic() > swept:
                tasks.sweep()
                swept = time.monotonic() + 1
            before = _attempts()
            tasks.run_batches()
            tasks.carry(0)
            if _attempts() == before:
                time.sleep(0.1)
        except (DatabaseError, InterfaceError):
            connection.close()
            time.sleep(0.2)


def fill_then_run(n, *, start_at):
    """Make items of all operations at the same moment as the others, half of us in the other order; then `run`."""
    _without_a_bell()
    time.sleep(max(0, start_at - time.time()))
    for operation in BatchOperation.objects.order_by("pk" if n % 2 else "-pk"):
        while filling.fill_next(operation):
            pass
    run(n, lease=60)


def _live_on(host, wrong_by):
    """A machine of another name, whose clock is wrong; after a refusal it tries again in seconds."""
    ending.PAUSES = [timedelta(seconds=3)] * 5
    workers.socket = SimpleNamespace(gethostname=lambda: host)
    right = timezone.now
    timezone.now = lambda: right() + wrong_by


def _poison(poison):
    """Invoices whose opening raises, never ends, or kills its worker; one whose mail kills it."""
    problems, compose = opening_groups.problems, carrying._compose

    def opens(invoice, **given):
        if invoice.pk == poison.get("raises"):
            raise RuntimeError("the figures of this one cannot be read")
        if invoice.pk == poison.get("never ends"):
            time.sleep(3600)
        if invoice.pk == poison.get("kills"):
            os.kill(os.getpid(), signal.SIGKILL)
        return problems(invoice, **given)

    def composes(delivery):
        if poison.get("kills by its mail") == delivery.documents.get().invoice_id:
            os.kill(os.getpid(), signal.SIGKILL)
        return compose(delivery)

    opening_groups.problems, carrying._compose = opens, composes


FREEZES_OF_A_GROUP = {"took the lane": "_take", "claiming": "_claim", "claimed": "_next_group", "acted": "act"}
IN_A_TRANSACTION = ("claiming", "acted")


def freeze_in_a_group(n, *, points, operations):
    """Stop dead (SIGSTOP) in a group of operation n, once its turn has come; go on when somebody says SIGCONT."""
    _without_a_bell()
    documents._make = lambda invoice: (CANNED_PDF, [])
    running.GROUP_SECONDS = 3
    name = FREEZES_OF_A_GROUP[points[n]]
    original = getattr(running, name)

    def frozen(*args, **kwargs):
        result = original(*args, **kwargs)
        os.kill(os.getpid(), signal.SIGSTOP)
        return result

    while not BatchOperation.objects.filter(pk=operations[n], status="in_progress").exists():
        time.sleep(0.1)
    setattr(running, name, frozen)
    try:
        return running._run_group("invoice", workers.worker_name())
    except DatabaseError:  # PostgreSQL ended the session meanwhile; the queue would note that the task failed
        return False
