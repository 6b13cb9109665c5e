"""The renderer at work, in a process of its own: a page's HTML comes in by stdin, its PDF goes out by stdout.

Started by rendering.py, which can kill it. It has no settings, no secret and no database, may use so much memory and
no more, and from its first page on opens no file but the fonts' and its own scratch files, no socket and no program.
"""

import base64
import io
import json
import logging
import mimetypes
import os
import re
import shutil
import signal
import struct
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import IO

PAGES = 500  # a process draws so many and makes room for a fresh one
ORPHANED = 5  # seconds beyond a page's time after which nobody can still be waiting for it
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_NETWORK = {"__new__", "connect", "bind", "sendto", "sendmsg", "getaddrinfo", "gethostbyname"}
_PROGRAMS = {"system", "exec", "fork", "forkpty", "posix_spawn", "spawn"}
_FORBIDDEN = frozenset(
    {f"socket.{act}" for act in _NETWORK} | {f"os.{act}" for act in _PROGRAMS} | {"urllib.Request", "subprocess.Popen"}
)


class TooLarge(Exception):
    """The page is past a limit of size or time."""


def draw(html: str, *, roots, seconds: int) -> tuple[bytes, list[str]]:
    """PDF bytes, and what the renderer complained of on the way. One page at a time.

    Reads no file outside of `roots` and asks no host. TooLarge past a limit; ValueError where no page came of it.
    """
    # Loaded here: half of what the whole program loads, and only this process needs it.
    from xhtml2pdf import pisa
    from xhtml2pdf.config.resources import RenderLimitError, ResourceAccessPolicy

    target = io.BytesIO()
    policy = ResourceAccessPolicy.server(
        base_dir=None, allow_remote=False, extra_roots=tuple(map(Path, roots)), max_render_seconds=seconds
    )
    logger, listener = logging.getLogger("xhtml2pdf"), _Listener(logging.WARNING)
    propagated, logger.propagate = logger.propagate, False  # its warnings quote the page: not for the log
    logger.addHandler(listener)
    try:
        status = pisa.CreatePDF(_UNPRINTABLE.sub("", html), dest=target, encoding="utf-8", resource_policy=policy)
    except RenderLimitError as error:
        raise TooLarge from error
    finally:
        logger.removeHandler(listener)
        logger.propagate = propagated
    if status.err or not target.tell():
        raise ValueError("no page")
    return target.getvalue(), listener.heard


def send(pipe: IO[bytes], *parts: bytes):
    """Each part with its length before it."""
    for part in parts:
        pipe.write(struct.pack(">Q", len(part)))
        pipe.write(part)
    pipe.flush()


def receive(pipe: IO[bytes]) -> bytes:
    """The next part; EOFError where the other side is gone."""
    (length,) = struct.unpack(">Q", _exactly(pipe, 8))
    return _exactly(pipe, length)


def _exactly(pipe, length) -> bytes:
    found = pipe.read(length)
    if len(found) < length:
        raise EOFError
    return found


class _Listener(logging.Handler):
    def __init__(self, level):
        super().__init__(level)
        self.heard: list[str] = []

    def emit(self, record):
        self.heard.append(record.getMessage().splitlines()[0])


class Wall:
    """Stands around the process from now on and cannot be taken down: Python asks it before every file and socket."""

    def __init__(self, scratch: str):
        self.scratch = os.path.realpath(scratch)
        self.libraries = tuple(
            {os.path.realpath(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
        )
        self.roots: tuple[str, ...] = ()

    def build(self):
        mimetypes.init()  # reads its tables wherever the system keeps them
        sys.dont_write_bytecode = True
        watched, ask = _FORBIDDEN | {"open"}, self._ask

        def hook(event, args):  # heard ten thousand times a page: no more than this for what is harmless
            if event in watched:
                ask(event, args)

        sys.addaudithook(hook)

    def _ask(self, event, args):
        if event != "open":
            raise PermissionError("The renderer may neither call a host nor start a program.")
        if not self._may_open(*args):
            raise PermissionError("The renderer may not open this file.")

    def _may_open(self, path, mode, flags) -> bool:
        if isinstance(path, int):
            return True
        place = os.path.realpath(os.fsdecode(path))
        writing = isinstance(flags, int) and flags & _WRITING
        allowed = (self.scratch,) if writing else (self.scratch, *self.libraries, *self.roots)
        return any(place == root or place.startswith(root + os.sep) for root in allowed)


def _limit_memory(limit: int):
    """Linux keeps to it; where a system does not, the time limit remains."""
    import resource

    try:
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    except (ValueError, OSError):
        pass


def _answer(job: dict) -> tuple[dict, bytes]:
    try:
        content, complaints = draw(job["html"], roots=job["roots"], seconds=job["seconds"])
    except TooLarge:
        return {"failed": "limit"}, b""
    except MemoryError:
        return {"failed": "memory"}, b""
    except Exception as error:  # a renderer has many ways to fail; all of them mean: no page
        return {"failed": type(error).__name__}, b""
    return {"failed": "", "complaints": complaints}, content


def _sample(css: str) -> str:
    """A little of all that pages have: each face, a picture, rows. The first of them then finds everything loaded."""
    from PIL import Image

    dot = io.BytesIO()
    Image.new("1", (8, 8)).save(dot, "PNG")
    picture = f'<img src="data:image/png;base64,{base64.b64encode(dot.getvalue()).decode()}" width="9" height="9">'
    row = f'<tr><td class="name">Dunlin<br>{picture}</td><td align="right"><b>1</b> <i>2</i> <b><i>3</i></b></td></tr>'
    rules = f"@page {{ size: a4; margin: 2cm; }} td {{ border-top: 1px solid #ccc; padding: 2pt; }} {css}"
    return f"<html><head><style>{rules}</style></head><body><h1>1</h1><table>{row * 3}</table></body></html>"


def main(memory: int, css: str, roots: list[str]):
    """Draw pages until the other side is gone. `css` names the fonts they are set in, which lie in `roots`."""
    jobs, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints is no answer
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C is meant for who started us; we end when they do
    scratch = tempfile.gettempdir()
    _limit_memory(memory)
    wall = Wall(scratch)
    draw(_sample(css), roots=roots, seconds=60)
    wall.build()
    try:
        for _page in range(PAGES):
            job = json.loads(receive(jobs))
            wall.roots = tuple(map(os.path.realpath, job["roots"]))
            signal.alarm(int(job["seconds"]) + ORPHANED)  # the kernel ends us if nobody else is left to do it
            found, content = _answer(job)
            signal.alarm(0)
            send(answers, json.dumps(found).encode(), content)
            if found["failed"] == "memory":
                break
    except (EOFError, BrokenPipeError):
        pass
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3:])
