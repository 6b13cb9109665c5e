"""How long a piece of work may take in a worker process."""

import signal
import threading
from contextlib import contextmanager

from django.db import connection


class TimeUp(BaseException):
    """The work took too long. No Exception, so that nobody on the way takes it for a refusal of one invoice."""


@contextmanager
def at_most(seconds: float):
    """Raise TimeUp in the midst of what takes longer. Only the main thread of a process can be interrupted so."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number, frame):
        raise TimeUp

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def not_idle_for(seconds: int) -> None:
    """Have PostgreSQL end our session, and with it the present transaction, once it hears nothing of us for so long.

    A worker that is frozen, or cut off from the database, would hold its locks until it came back. Not on SQLite.
    """
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('idle_in_transaction_session_timeout', %s, true)", [str(seconds * 1000)])
