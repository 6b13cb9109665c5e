"""Many worker processes from one warm parent: `python -m tests.fire.crew '{"job": …, "count": …}'`.

The parent loads everything once and forks, as django-q2 does, so that twenty processes start in a moment and a killed
one is replaced in another. Each runs a function of tests/fire/jobs.py. What happens is told as lines of JSON:
started, stopped (SIGSTOP) and ended. The children die with the parent, the parent with the test.
"""

import ctypes
import json
import os
import signal
import sys
import traceback
from pathlib import Path


def die_with_parent(number):
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, number)  # PR_SET_PDEATHSIG


def tell(event, **facts):
    os.write(1, (json.dumps({"event": event, **facts}) + "\n").encode())


def start(n, spec):
    """Fork worker `n`; it writes what its job returns into the crew's folder."""
    pid = os.fork()
    if pid:
        tell("started", n=n, pid=pid)
        return pid
    code = 1
    try:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        die_with_parent(signal.SIGKILL)
        from tests.fire import jobs

        result = getattr(jobs, spec["job"])(n, **spec.get("with", {}))
        Path(spec["folder"], f"{n}.json").write_text(json.dumps(result))
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def main():
    spec = json.loads(sys.argv[1])
    die_with_parent(signal.SIGTERM)
    import django

    django.setup()
    from django.db import connections

    from invoicing import documents
    from tests.fire import jobs  # noqa: F401  (loaded before the fork)

    if spec.get("warm"):
        documents.warm()
    connections.close_all()
    told_to_stop = []
    signal.signal(signal.SIGTERM, lambda number, frame: told_to_stop.append(number) or stop(alive))
    alive = {}
    for n in range(spec["count"]):
        alive[start(n, spec)] = n
    while alive:
        pid, status = os.waitpid(-1, os.WUNTRACED)
        if os.WIFSTOPPED(status):
            tell("stopped", n=alive[pid], pid=pid)
            continue
        n = alive.pop(pid)
        tell("ended", n=n, pid=pid, status=os.waitstatus_to_exitcode(status))
        if spec.get("replace") and os.WIFSIGNALED(status) and not told_to_stop:
            alive[start(n, spec)] = n


def stop(alive):
    for pid in alive:
        os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    main()
