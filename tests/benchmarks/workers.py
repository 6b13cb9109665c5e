"""Several workers: what a second one gains for a batch, against what it gains the bare renderer; and how soon after the
click the first mail leaves an idle installation. Wall time, for that is what a second worker is for.
"""

import json
import os
import subprocess
import sys
import time
from statistics import median


def measure(rounds: int, mails: int) -> dict:
    """{"renderer": [s of one process, s of two], "batch": [the same of workers], "click": ms to the first mail}."""
    from .sending import SINK

    sink = subprocess.Popen([sys.executable, "-c", SINK], stdout=subprocess.PIPE, text=True)
    port = int(sink.stdout.readline())
    os.environ["EMAIL_BACKEND"] = "invoicing.channels.smtp.WireBackend"
    os.environ["EMAIL_URL"] = f"smtp://127.0.0.1:{port}"
    try:
        found = {"renderer": [], "batch": []}
        for _round in range(rounds):
            found["renderer"].append([_together("draw", each, mails) for each in (1, 2)])
            found["batch"].append([_together("carry", each, mails) for each in (1, 2)])
        middle = {name: [median(column) for column in zip(*rows, strict=True)] for name, rows in found.items()}
        return {**middle, "click": _click(rounds)}
    finally:
        sink.terminate()
        sink.wait()


def _together(job, processes, mails) -> float:
    """Seconds from the moment all are warm until the last has ended."""
    if job == "carry":
        _operation(mails)
    share = mails // processes
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.benchmarks.workers", job, str(share)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for _n in range(processes)
    ]  # fmt: skip
    for process in started:
        process.stdout.readline()
    began = time.monotonic()
    for process in started:
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in started:
        process.wait()
    return time.monotonic() - began


def _operation(count):
    from .batches import _started

    return _started(count, send_email=True)


def _draw(share):
    from invoicing import documents
    from invoicing.models import Invoice

    invoice = Invoice.objects.filter(status="draft").order_by("-pk").first()
    documents._make(invoice)
    yield
    for _n in range(share):
        documents._make(invoice)


def _carry(_share):
    from config.common import queue
    from invoicing import documents
    from invoicing.models import BatchOperation, Delivery, Invoice
    from invoicing.services import carrying
    from invoicing.services.batches import running

    queue._ring = lambda task, *ids: None
    documents._make(Invoice.objects.filter(status="draft").order_by("-pk").first())
    yield
    while BatchOperation.objects.running().exists():
        running.run_waiting()
        if not carrying.carry_waiting() and Delivery.objects.filter(status="sending").exists():
            time.sleep(0.01)


def _click(rounds) -> float:
    """Milliseconds from the click to the first mail accepted, with a cluster that has nothing else to do."""
    from invoicing.models import Delivery

    cluster = subprocess.Popen([sys.executable, "manage.py", "qcluster"], stdout=subprocess.DEVNULL)
    found = []
    try:
        time.sleep(8)
        for _round in range(rounds + 1):
            time.sleep(1)
            last = Delivery.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
            operation = _operation(20)
            clicked = operation.started_at
            for _n in range(600):
                first = Delivery.objects.filter(pk__gt=last, status="sent").order_by("sent_at").first()
                if first:
                    break
                time.sleep(0.02)
            found.append((first.sent_at - clicked).total_seconds() * 1000)
            while Delivery.objects.filter(status__in=["queued", "sending"]).exists():
                time.sleep(0.2)
        return median(found[1:])
    finally:
        cluster.terminate()
        cluster.wait()


if __name__ == "__main__":
    import django

    django.setup()
    if len(sys.argv) > 1:
        steps = {"draw": _draw, "carry": _carry}[sys.argv[1]](int(sys.argv[2]))
        next(steps)
        sys.stdout.write("warm\n")
        sys.stdout.flush()
        sys.stdin.readline()
        next(steps, None)
    else:
        sys.stdout.write(json.dumps(measure(int(os.environ["BENCH_ROUNDS"]), int(os.environ["BENCH_SENT"]))))
