"""A PostgreSQL server of a test's own, to be restarted at will: never the one the tests themselves run on."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

from django.core.management import call_command
from django.db import connection

OWNER = "postgres"  # no PostgreSQL server runs as root


def binaries() -> Path | None:
    """Where initdb and pg_ctl are; None where no server is installed."""
    found = [Path(path).parent for path in filter(None, [shutil.which("initdb")])]
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: path.parent.name, reverse=True)
    return next((path for path in found if (path / "initdb").exists() and (path / "pg_ctl").exists()), None)


class OwnPostgres:
    def __init__(self, folder: Path, programs: Path):
        self.folder, self.programs, self.data = folder, programs, folder / "data"
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]

    def _run(self, program, *arguments):
        become = {"user": OWNER, "group": pwd.getpwnam(OWNER).pw_gid, "extra_groups": []} if os.getuid() == 0 else {}
        with (self.folder / "said").open("a") as said:
            command = [str(self.programs / program), "-D", str(self.data), *arguments]
            subprocess.run(command, check=True, cwd=self.folder, stdout=said, stderr=said, timeout=120, **become)

    def start(self):
        self._run("initdb", "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C")
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self.folder}"
        self._run("pg_ctl", "-w", "-o", options, "-l", str(self.folder / "log"), "start")

    def restart(self):
        """As after a power cut: nobody is waited for, nothing is written down, and the log is replayed."""
        self._run("pg_ctl", "-w", "-m", "immediate", "-l", str(self.folder / "log"), "restart")

    def stop(self):
        self._run("pg_ctl", "-w", "-m", "immediate", "stop")


@contextmanager
def standing_in(programs: Path):
    """Inside, this process and the crews it starts work on a migrated database of such a server."""
    folder = Path(tempfile.mkdtemp(prefix="dunlin-postgres-"))
    if os.getuid() == 0:
        shutil.chown(folder, OWNER)
    server, before = OwnPostgres(folder, programs), dict(connection.settings_dict)
    try:
        server.start()
        connection.close()
        here = {"HOST": "127.0.0.1", "PORT": server.port, "USER": "postgres", "PASSWORD": "", "NAME": "postgres"}
        connection.settings_dict.update(here)
        call_command("migrate", verbosity=0)
        yield server
    finally:
        connection.close()
        connection.settings_dict.update(before)
        server.stop()
        shutil.rmtree(folder)
