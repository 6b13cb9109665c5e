"""`manage.py run`: web server and background worker in one foreground process."""

import errno
import os
import socket
import sys
import time
import urllib.error
import urllib.request

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from django.urls import NoReverseMatch, reverse

from config.common import health, queue
from config.common.supervising import Child, Supervisor

WEB_STARTS_WITHIN = 60
WORKER_STARTS_WITHIN = 15


class Command(BaseCommand):
    help = "Run the web server and the background worker until Ctrl-C. WEB_THREADS, WEB_WORKERS and WORKERS size them."
    requires_system_checks = ()

    def add_arguments(self, parser):
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
        parser.add_argument("--port", type=int, default=8000, help="port to listen on (8000)")

    def handle(self, *, host, port, **options):
        self.refuse_a_bad_start(host, port)
        address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
        supervisor = Supervisor(*children(host, port, address), say=self.say)
        supervisor.obey_signals()
        mark = settings.VAR_DIR / f"run-{port}.pid"  # `make reset` looks for it
        mark.write_text(f"{os.getpid()}\n")
        try:
            code = supervisor.run(welcome=lambda: self.welcome(supervisor, address))
        finally:
            mark.unlink(missing_ok=True)
        if code:
            sys.exit(code)

    def say(self, text):
        self.stdout.write(text)
        self.stdout.flush()

    def refuse_a_bad_start(self, host, port):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise CommandError(f"Port {port} of {host} cannot be opened: {error.strerror}.") from error
                raise CommandError(
                    f"Port {port} is taken. Stop what is running there, or choose another: PORT={port + 1} make run"
                ) from error
        try:
            waiting = health.migrations_waiting()
        except DatabaseError as error:
            raise CommandError(f"The database does not answer: {error}") from error
        if waiting:
            raise CommandError(f"Migrations not applied: {waiting}. Run manage.py migrate first.")
        self.check(databases=["default"], include_deployment_checks=not settings.DEMO)

    def welcome(self, supervisor, address) -> bool:
        """Wait until both answer, then say where to go. False when web does not come up."""
        if not self.web_answers(supervisor, address):
            return False
        self.wait_for_worker(supervisor)
        if supervisor.told_to_stop:
            return True
        self.say(f"\nDunlin is running at {address}")
        if settings.DEMO:
            self.say("\nDemo accounts:")
            for email, _name, role, password in settings.DEMO_ACCOUNTS:
                self.say(f"  {role:<8} {email:<24} {password}")
            self.say(f"\nNo mail leaves this computer; read it in the outbox: {address}{outbox_path()}")
        self.say("Ctrl-C stops.\n")
        return True

    def web_answers(self, supervisor, address) -> bool:
        until = time.monotonic() + WEB_STARTS_WITHIN
        while time.monotonic() < until and supervisor.web.exit_code() is None and not supervisor.told_to_stop:
            try:
                urllib.request.urlopen(address + reverse("healthz_live"), timeout=5).close()
            except urllib.error.HTTPError:
                return True  # a refusal is an answer too: this address may not be one of ALLOWED_HOSTS
            except OSError:
                time.sleep(0.1)
            else:
                return True
        return False

    def wait_for_worker(self, supervisor):
        """So that the first page does not say the worker is silent; not for ever: the supervisor sees to it anyway."""
        queue.enqueue("config.common.tasks.heartbeat")
        until = time.monotonic() + WORKER_STARTS_WITHIN
        while time.monotonic() < until and not supervisor.told_to_stop:
            if supervisor.worker_has_answered():
                return
            time.sleep(0.2)


def children(host: str, port: int, address: str) -> tuple[Child, Child]:
    """The two commands. One web process with threads: enough for an office, and SQLite has one writer anyway."""
    env = {"DJANGO_SETTINGS_MODULE": "config.settings", **os.environ, "PYTHONUNBUFFERED": "1"}
    if settings.DEMO:
        env.setdefault("BASE_URL", address)
    if sys.platform == "darwin":
        env["OBJC_DISABLE_INITIALIZE_FORK_SAFETY"] = "YES"  # django-q2 forks
    gunicorn = [sys.executable, "-m", "gunicorn", "config.wsgi", "--chdir", str(settings.BASE_DIR)]
    gunicorn += ["--bind", address.removeprefix("http://"), "--worker-class", "gthread"]
    gunicorn += ["--workers", os.environ.get("WEB_WORKERS", "1"), "--threads", os.environ.get("WEB_THREADS", "4")]
    gunicorn += ["--log-level", "warning", "--no-control-socket"]
    qcluster = [sys.executable, str(settings.BASE_DIR / "manage.py"), "qcluster"]
    return Child("web server", gunicorn, env), Child("background worker", qcluster, env)


def outbox_path() -> str:
    try:
        return reverse("invoicing:outbox")
    except NoReverseMatch:
        return ""
