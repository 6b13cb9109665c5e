"""The renderer's scratch folders. Each is locked by whoever uses it, so what nobody uses is known and cleared away.

The lock is the kernel's: it is held by the keeper and its renderer, and is gone when both are, however they ended.
"""

import contextlib
import fcntl
import os
import shutil
import stat
import tempfile
import time
from pathlib import Path

PREFIX = "dunlin-renderer-"
SETTLED = 60  # seconds after which a folder that nobody has locked is nobody's; before, it may only just be made


def make() -> tuple[str, int]:
    """A new folder and the descriptor that locks it. Folders left behind by those who were killed go by the way."""
    clear_abandoned()
    folder = tempfile.mkdtemp(prefix=PREFIX)
    held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    fcntl.flock(held, fcntl.LOCK_EX)
    return folder, held


def remove(folder: str, held: int):
    """Remove the folder and let its lock go."""
    shutil.rmtree(folder, ignore_errors=True)
    os.close(held)


def clear_abandoned():
    """Remove what nobody uses any more."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):  # another's, in use, or gone by now
            _clear(folder)


def _clear(folder):
    place = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        found = os.fstat(place)
        if found.st_uid != os.geteuid() or stat.S_IMODE(found.st_mode) & 0o077:
            return  # not made here
        if time.time() - found.st_ctime < SETTLED:
            return
        fcntl.flock(place, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(place)
