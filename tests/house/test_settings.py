"""What production starts with, asked of a process of its own."""

import os
import subprocess
import sys

from .source import ROOT

PRODUCTION = {
    "DJANGO_SETTINGS_MODULE": "config.settings",
    "DUNLIN_ENV_FILE": os.devnull,
    "DUNLIN_MODE": "production",
    "SECRET_KEY": "production-0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRS",
    "BASE_URL": "https://dunlin.example",
    "ALLOWED_HOSTS": "dunlin.example",
    "DATABASE_URL": "sqlite://:memory:",
}


def dunlin(*arguments, **environment):
    """A `manage.py` command in an environment that holds nothing but what is given (None takes a value away)."""
    env = {"PATH": os.environ["PATH"], **PRODUCTION, **environment}
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env={name: value for name, value in env.items() if value is not None},
        capture_output=True,
        text=True,
        timeout=60,
    )


def setting(expression, **environment):
    done = dunlin(
        "shell", "--no-imports", "-c", f"from django.conf import settings; print({expression})", **environment
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_production_settings_pass_the_deployment_check_without_a_warning():
    done = dunlin("check", "--deploy", "--fail-level", "WARNING")

    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


def test_a_missing_secret_refuses_to_start():
    for missing in (None, ""):
        done = dunlin("check", SECRET_KEY=missing)

        assert done.returncode != 0
        assert "SECRET_KEY is not set. Put a long random text into the environment or into .env." in done.stderr


def test_an_unknown_mode_refuses_to_start():
    done = dunlin("check", DUNLIN_MODE="prodcution")

    assert done.returncode != 0
    assert "DUNLIN_MODE must be 'production' or 'demo'." in done.stderr


def test_without_being_asked_it_is_production_and_debug_is_off():
    assert setting("(settings.MODE, settings.DEBUG, settings.DEMO)", DUNLIN_MODE=None) == "('production', False, False)"
    assert setting("settings.DEBUG", DUNLIN_MODE="demo") == "False"


def test_production_sends_real_mail_and_trusts_no_host_by_itself():
    values = setting("(settings.EMAIL_BACKEND, settings.ALLOWED_HOSTS)", ALLOWED_HOSTS=None)

    assert values == "('invoicing.channels.smtp.WireBackend', [])"
