"""Who holds a lease: host, process and a random part, since process numbers come again."""

import os
import socket
import uuid


def worker_name() -> str:
    return f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:6]}"[:80]


def is_gone(worker: str) -> bool:
    """Whether it was a process of this machine that lives no more. In doubt it is not: then its lease decides."""
    host, _colon, rest = worker.partition(":")
    pid = rest.partition(":")[0]
    if host != socket.gethostname() or not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
