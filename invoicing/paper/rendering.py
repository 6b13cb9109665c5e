"""The renderer's keeper: every page is drawn by a process that may be killed, for time or for memory.

The process is started once, kept warm and used again; each process of ours has its own. See drawing.py for its walls.
"""

import atexit
import contextlib
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

from django.utils.translation import gettext as _

from config.common.errors import DomainError

from . import fonts, scratch
from .drawing import receive, send

SECONDS = 60  # the longest a page may take; 500 lines need about three
MEMORY = 512  # megabytes of address space; 3,000 lines need about 250
_HOUSE = Path(__file__).parents[2]  # where `invoicing` is found
_INHERITED = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "SYSTEMROOT")  # no secret of ours is among them


class RenderFailure(DomainError):
    """The page could not be made; the text says why, for the people of the back office."""


def render(html: str) -> tuple[bytes, list[str]]:
    """PDF bytes, and what the renderer complained of on the way (its own English, for the log, not for customers).

    `html` is made by our templates with every value escaped. Raises RenderFailure where no page came of it; the next
    page is not touched by that.
    """
    return _press.draw(html)


def start():
    """Have the renderer ready for the first page; returns at once."""
    _press.start()


class Press:
    """One drawing process, and what is known about it. Threads take turns."""

    def __init__(self):
        self._turn = threading.Lock()
        self._process: subprocess.Popen | None = None
        self._scratch: tuple[str, int] | None = None  # its folder, and the descriptor that locks it

    def start(self):
        """Start the process unless it runs. It loads and warms up by itself; the first page waits for that."""
        with self._turn:
            self._start()

    def draw(self, html: str) -> tuple[bytes, list[str]]:
        """As render()."""
        job = json.dumps({"html": html, "roots": _roots(), "seconds": SECONDS}).encode()
        with self._turn:
            found, content = self._ask(job)
            if found["failed"] == "gone":  # ended by others, perhaps long ago; a page that ends it does so again
                found, content = self._ask(job)
        if found["failed"]:
            raise RenderFailure(_sentence(found["failed"]))
        return content, found["complaints"]

    def _ask(self, job: bytes) -> tuple[dict, bytes]:
        process, late = self._start(), threading.Event()
        assert process.stdin is not None, "started with pipes"
        assert process.stdout is not None

        def kill():
            late.set()
            process.kill()

        timer = threading.Timer(SECONDS, kill)
        timer.daemon = True
        timer.start()
        try:
            send(process.stdin, job)
            found, content = json.loads(receive(process.stdout)), receive(process.stdout)
        except (OSError, EOFError, ValueError):  # it is gone, or what it says is no answer
            found, content = {"failed": "limit" if late.is_set() else "gone"}, b""
        finally:
            timer.cancel()
        if found["failed"] in ("limit", "memory", "gone"):
            self._end()
            self._start()  # ready again for the next page
        return found, content

    def end(self):
        """Kill the process, if there is one, and clear away what it wrote."""
        with self._turn:
            self._end()

    def _start(self) -> subprocess.Popen:
        if self._process is not None and self._process.poll() is None:
            return self._process
        self._end()
        folder, held = self._scratch = scratch.make()
        environment = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "invoicing.paper.drawing", str(MEMORY * 2**20), fonts.font_css(), *_roots()],
            cwd=_HOUSE,
            env={**environment, "TMPDIR": folder, "PYTHONUTF8": "1"},
            pass_fds=[held],  # in use as long as either of us lives
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        return self._process

    def forget(self):
        """After a fork: the process is our parent's, and so is the lock."""
        if self._scratch is not None:
            os.close(self._scratch[1])

    def _end(self):
        if self._process is not None:
            self._end_process()
        if self._scratch is not None:
            scratch.remove(*self._scratch)
            self._scratch = None

    def _end_process(self):
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(OSError):  # what was still to be written has no reader
                pipe.close()
        self._process.wait()
        self._process = None


def _roots() -> list[str]:
    return [str(root) for root in fonts.roots()]


def _sentence(failed: str) -> str:
    if failed == "limit":
        return _("The page is too large, or took longer than %(seconds)s seconds.") % {"seconds": SECONDS}
    if failed == "memory":
        return _("The page is too large: it needs more than %(size)s MB of memory.") % {"size": MEMORY}
    if failed == "gone":
        return _("The page could not be made: the renderer ended in the middle of it.")
    return _("The page could not be made: %(error)s.") % {"error": failed}


def _forget():
    """After a fork: the process is our parent's, we start our own."""
    global _press
    _press.forget()
    _abandoned.append(_press)  # never collected: collecting it would wait for somebody else's child
    _press = Press()


def _end_with_us():
    _press.end()


_abandoned: list[Press] = []
_press = Press()
os.register_at_fork(after_in_child=_forget)
atexit.register(_end_with_us)
