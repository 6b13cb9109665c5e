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


def test_djangos_own_mail_backend_is_ours_which_knows_where_a_dialogue_broke_off():
    backend = "django.core.mail.backends.smtp.EmailBackend"

    assert setting("settings.EMAIL_BACKEND", EMAIL_BACKEND=backend) == "invoicing.channels.smtp.WireBackend"


def test_a_mail_provider_without_a_secret_for_its_events_refuses_to_start():
    provider = {"EMAIL_BACKEND": "anymail.backends.postmark.EmailBackend"}
    key = '"POSTMARK_SERVER_TOKEN": "t"'
    weak = ["", '"WEBHOOK_SECRET": ""', '"WEBHOOK_SECRET": "short:1"', '"WEBHOOK_SECRET": ["name:", "a:b"]']

    for secret in weak:
        done = dunlin("check", **provider, ANYMAIL="{" + ", ".join(filter(None, [key, secret])) + "}")
        assert done.returncode != 0, secret
        assert "dunlin.E002" in done.stderr

    strong = '"WEBHOOK_SECRET": ["name:a-long-random-text-of-ours", "name:another-long-random-text"]'
    done = dunlin("check", "--deploy", "--fail-level", "WARNING", **provider, ANYMAIL=f"{{{key}, {strong}}}")
    assert done.returncode == 0, done.stderr


def test_a_short_key_for_portal_links_refuses_to_start():
    done = dunlin("check", PORTAL_LINK_KEYS="long-enough-0123456789-0123456789-01,short")

    assert done.returncode != 0
    assert "dunlin.E003" in done.stderr
