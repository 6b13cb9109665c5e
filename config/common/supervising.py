"""The web server and the background worker as one foreground process.

Each child leads a session of its own, so that a Ctrl-C meant for us does not reach it, and gets SIGTERM on its main
process alone: django-q2 hangs when its whole process group is told to stop. Only what outlives its grace is killed,
then as a group. A worker is judged by its heartbeat, never by its process: one whose children were killed while idle
looks alive and does nothing for ever.
"""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import timedelta

from django.db import DatabaseError, close_old_connections

from . import clock, queue
from .models import Heartbeat

GRACE = 30  # seconds between SIGTERM and SIGKILL
# A pump claims for at most 60 s and its last item takes at most 60 s; only then a worker comes to answer a ring.
SILENT_AFTER = timedelta(seconds=150)
RING_EVERY = 20  # seconds between two rings for a sign of life
LONGEST_BACKOFF = 30
STEADY_AFTER = 60  # seconds of life after which the next restart is quick again


def _die_with_parent():
    """Linux: whatever ends the supervisor, even SIGKILL, its child is told to stop."""
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGTERM)


class Child:
    """One command, started in a session of its own."""

    def __init__(self, name: str, command: list[str], env: dict[str, str]):
        self.name, self.command, self.env = name, command, env
        self.process: subprocess.Popen | None = None
        self.started = 0.0

    def start(self):
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            self.command, env=self.env, start_new_session=True, stdin=subprocess.DEVNULL, preexec_fn=_die_with_parent
        )

    @property
    def age(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self.started

    def exit_code(self) -> int | None:
        """None while it runs."""
        return self.process.poll() if self.process else None

    def ask_to_stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()

    def wait_or_kill(self, until: float, hurry: Callable[[], bool]) -> bool:
        """Wait for the end, then kill whatever is left of the session; whether it ended by itself.

        `until` is a moment of the monotonic clock; `hurry` says whether to wait no longer.
        """
        if self.process is None:
            return True
        while self.process.poll() is None and time.monotonic() < until and not hurry():
            time.sleep(0.05)
        clean = self.process.poll() is not None
        with contextlib.suppress(ProcessLookupError, PermissionError):  # nothing left; macOS calls that not permitted
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        return clean


class Supervisor:
    """Runs web and worker until told to stop, until web dies, for ever otherwise."""

    def __init__(
        self,
        web: Child,
        worker: Child,
        *,
        say: Callable[[str], object] = print,
        silent_after: timedelta = SILENT_AFTER,
        ring_every: float = RING_EVERY,
        grace: float = GRACE,
    ):
        self.web, self.worker, self.say = web, worker, say
        self.silent_after, self.ring_every, self.grace = silent_after.total_seconds(), ring_every, grace
        self._told_to_stop = threading.Event()
        self._hurried = threading.Event()
        self._next_ring = time.monotonic() + ring_every
        self._restart_at: float | None = None
        self._backoff = 1.0

    def obey_signals(self):
        """Ctrl-C and SIGTERM stop; a second one does not wait for what is still running."""
        signal.signal(signal.SIGINT, self._on_signal)
        signal.signal(signal.SIGTERM, self._on_signal)

    def _on_signal(self, number, frame):
        if self._told_to_stop.is_set():
            self._hurried.set()
        self._told_to_stop.set()

    @property
    def told_to_stop(self) -> bool:
        return self._told_to_stop.is_set()

    def run(self, welcome: Callable[[], bool] = lambda: True) -> int:
        """Start both, watch until the end, leave no child behind; the exit code: 0 when told to stop, else 1.

        `welcome` is called once both have been started and says whether the web server answers.
        """
        try:
            self.web.start()
            self.worker.start()
            if not welcome() and not self.told_to_stop:
                self.say("The web server did not start; stopping.")
                return 1
            while not self._told_to_stop.wait(0.5):
                if self.web.exit_code() is not None:
                    self.say(f"The web server has ended (exit code {self.web.exit_code()}); stopping.")
                    return 1
                self.watch_worker()
            self.say("Stopping…")
            return 0
        finally:
            self.stop()

    def stop(self):
        for child in (self.web, self.worker):
            child.ask_to_stop()
        until = time.monotonic() + self.grace
        for child in (self.web, self.worker):
            if not child.wait_or_kill(until, self._hurried.is_set):
                self.say(f"The {child.name} did not stop by itself and was killed.")

    # --- The worker ---------------------------------------------------------------------------------------------

    def watch_worker(self):
        """One look: start it again if it died, ring for a sign of life, replace it if none comes."""
        if self.worker.exit_code() is not None:
            self._revive()
            return
        if self.worker.age > STEADY_AFTER:
            self._backoff = 1.0
        if time.monotonic() < self._next_ring:
            return
        self._next_ring = time.monotonic() + self.ring_every
        silence = self.silence()
        if silence is not None and silence > self.silent_after:
            self._replace(silence)
        elif silence is not None:
            self._ring()

    def silence(self) -> float | None:
        """Seconds without a sign of life from this worker; None while the database cannot be asked."""
        age = self.worker.age
        close_old_connections()
        try:
            row = Heartbeat.objects.filter(name="worker").first()
            now = clock.database_now()
        except DatabaseError:
            self.worker.started = time.monotonic()  # it could not sign either: judge it from when the database is back
            return None
        since_beat = (now - row.beat_at).total_seconds() if row else age
        return max(0.0, min(since_beat, age))

    def worker_has_answered(self) -> bool:
        """Whether this very worker, not one before it, has given a sign of life."""
        age, silence = self.worker.age, self.silence()
        return silence is not None and silence < age

    def _ring(self):
        with contextlib.suppress(DatabaseError):  # the next look finds out
            queue.enqueue("config.common.tasks.heartbeat")

    def _revive(self):
        if self._restart_at is None:
            self.say(f"The background worker has ended (exit code {self.worker.exit_code()}); starting it again.")
            self.worker.wait_or_kill(0, lambda: True)  # its orphans must not go on beside the next one
            self._restart_at = time.monotonic() + self._backoff
            self._backoff = min(self._backoff * 2, LONGEST_BACKOFF)
        if time.monotonic() >= self._restart_at:
            self._start_worker()

    def _replace(self, silence):
        self.say(f"The background worker has given no sign of life for {silence:.0f} s; replacing it.")
        self.worker.ask_to_stop()
        self.worker.wait_or_kill(time.monotonic() + self.grace, lambda: self.told_to_stop)
        if not self.told_to_stop:
            self._start_worker()

    def _start_worker(self):
        self._restart_at = None
        with contextlib.suppress(DatabaseError):  # then it comes back by itself, later
            queue.offer_again()  # no cluster of ours is alive at this moment
        self.worker.start()
        self._next_ring = 0.0
