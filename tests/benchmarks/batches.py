"""Batch operations: what an invoice costs in them, against the same parts measured alone, in the same run.

Parts alone: opening in groups of 20, making the PDF, handing over a mail whose PDF is stored. Whole: an operation that
opens, one that opens and sends, of two sizes. The sink is a process of its own and not counted.
"""

import json
import os
import resource
import subprocess
import sys


def measure(rounds: int, small: int, large: int, sent_small: int, sent_large: int) -> dict:
    """CPU milliseconds an invoice, median of the rounds; `memory` is the highest of this process so far, in MB."""
    from statistics import median

    from django.conf import settings

    from config.common import queue
    from invoicing import documents
    from invoicing.channels.smtp import WireBackend

    from .paper import _wait_until_idle
    from .sending import SINK

    queue._ring = lambda task, *ids: None
    sink = subprocess.Popen([sys.executable, "-c", SINK], stdout=subprocess.PIPE, text=True)
    try:
        settings.EMAIL_BACKEND = f"{WireBackend.__module__}.{WireBackend.__qualname__}"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", int(sink.stdout.readline())
        documents.warm()
        from .measuring import cpu_of

        _wait_until_idle(_drawer, cpu_of)
        _sent(20)  # once unmeasured
        found: dict = {"sizes": [small, large, sent_small, sent_large], "memory": {}}
        costs: dict[str, list[float]] = {}
        for n in range(rounds):
            for name, way in {
                "open alone": lambda: _opened_alone(5),
                "PDF alone": lambda: _drawn_alone(40),
                "mail alone": lambda: _mailed_alone(40),
                "open, small": lambda: _opened(small),
                "open and send, small": lambda: _sent(sent_small),
                "open, large": lambda: _opened(large),
                "open and send, large": lambda: _sent(sent_large),
            }.items():
                if n and "large" in name:
                    continue  # large enough to be its own average
                costs.setdefault(name, []).append(way())
                found["memory"].setdefault(name, round(_memory()))
        return {**found, **{name: median(each) for name, each in costs.items()}}
    finally:
        sink.terminate()
        sink.wait()


def _drawer():
    from invoicing.paper import rendering

    return getattr(rendering._press._process, "pid", None)


def _cost(work) -> float:
    from .measuring import cost

    before = _drawing()
    return cost(work) + (_drawing() - before) * 1000


def _drawing() -> float:
    """Seconds that drawing has taken so far: by the process that draws now, and by those that it took the place of."""
    from .measuring import cpu_of

    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return cpu_of(_drawer()) + ended.ru_utime + ended.ru_stime


def _memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _started(count, **wishes):
    from config.common.models import User
    from config.common.roles import Role
    from invoicing.models import Invoice
    from invoicing.services.batches import selecting, starting
    from invoicing.services.batches.wishes import Wishes

    from .opening import _drafts

    manager = User.objects.filter(role=Role.MANAGER).first() or User.objects.create_user(
        "bench@dunlin.example", None, name="Bench", role=Role.MANAGER
    )
    pks = [draft.pk for draft in _drafts(count)]
    chosen = selecting.select_invoices(Invoice.objects.filter(pk__in=pks), by=manager, page="list")
    return starting.start_operation(chosen, by=manager, wishes=Wishes("open", **wishes), request_id=str(chosen.pk))


def _run_all():
    """What the worker's processes do, in this one."""
    from invoicing.services import carrying
    from invoicing.services.batches import running

    while running.waiting().exists() or carrying.waiting("email").exists():
        running.run_waiting()
        carrying.carry_waiting()


def _opened(count) -> float:
    operation = _started(count)
    return _ended(operation, _cost(_run_all), count)


def _sent(count) -> float:
    operation = _started(count, send_email=True)
    return _ended(operation, _cost(_run_all), count)


def _ended(operation, cost, count) -> float:
    operation.refresh_from_db()
    assert operation.status in ("completed", "failed"), operation.status
    done = operation.counts["done"]
    assert done >= count * 0.9, operation.counts
    return cost / done


def _opened_alone(groups) -> float:
    from config.common import clock
    from config.common.roles import SYSTEM
    from customers.models import Organization
    from invoicing.services import opening_groups

    from .opening import _drafts

    on = clock.today(Organization.objects.current().time_zone)
    batches = [_drafts(20) for _n in range(groups)]
    return _cost(lambda: [opening_groups.open_invoices(batch, by=SYSTEM, on=on) for batch in batches]) / (groups * 20)


def _queued(count) -> list:
    from config.common import clock
    from config.common.roles import SYSTEM
    from customers.models import Organization
    from invoicing.services import delivering, opening
    from invoicing.services.mail import Mail, Reader

    from .opening import _drafts

    on, found = clock.today(Organization.objects.current().time_zone), []
    for draft in _drafts(count):
        invoice = opening.open_invoice(draft, by=SYSTEM, on=on)
        reader = Reader("ap@buyers.example")
        mail = Mail([reader], subject="Invoice {number}", reply_to="ar@kelpworks.example")
        delivering.queue_delivery(invoice, by=SYSTEM, mail=mail)
        found.append(invoice)
    return found


def _drawn_alone(count) -> float:
    from invoicing import documents
    from invoicing.services import carrying

    invoices = _queued(count)
    found = _cost(lambda: [documents.ensure_pdf(invoice) for invoice in invoices]) / count
    while carrying.waiting("email").exists():
        carrying.carry_waiting()
    return found


def _mailed_alone(count) -> float:
    from invoicing import documents
    from invoicing.services import carrying

    for invoice in _queued(count):
        documents.ensure_pdf(invoice)

    def pump():
        while carrying.waiting("email").exists():
            carrying.carry_waiting()

    return _cost(pump) / count


if __name__ == "__main__":
    import django

    django.setup()
    names = ("BENCH_ROUNDS", "BENCH_BATCH", "BENCH_BATCH_LARGE", "BENCH_SENT", "BENCH_SENT_LARGE")
    sys.stdout.write(json.dumps(measure(*(int(os.environ[name]) for name in names))))
