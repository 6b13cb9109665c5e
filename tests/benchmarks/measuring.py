"""CPU time of a piece of work, ours and that of the processes that work for us; two ways in turn; the median."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from django.db import connection


def cpu_of(pid: int | None) -> float:
    """Seconds a process has computed so far (Linux); 0.0 where that cannot be read."""
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9
    except (OSError, ValueError, IndexError):
        return 0.0


def backend_pid() -> int | None:
    """The PostgreSQL process behind our connection, if it runs on this machine."""
    if connection.vendor != "postgresql":
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return cursor.fetchone()[0]


def cost(work: Callable[[], object], *, times: int = 1, helpers=()) -> float:
    """CPU milliseconds of one run of `work`: this process, its database backend, and the processes of `helpers`."""
    others = [backend_pid(), *helpers]
    before = time.process_time() + sum(map(cpu_of, others))
    for _ in range(times):
        work()
    return (time.process_time() + sum(map(cpu_of, others)) - before) / times * 1000


def in_turn(*ways: Callable[[], float], rounds: int) -> list[float]:
    """Each way once a round, A B A B; the median of each."""
    found = [[way() for way in ways] for _ in range(rounds)]
    return [median(column) for column in zip(*found, strict=True)]


def load() -> str:
    return " / ".join(f"{value:.1f}" for value in os.getloadavg())
