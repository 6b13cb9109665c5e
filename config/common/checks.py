"""System checks: what would be wrong to start with."""

import re
from contextlib import contextmanager
from contextvars import ContextVar

from django.conf import settings
from django.core.checks import Error, Tags, register
from django.db import connections

from . import guards

LONG_SECRET = re.compile(r"[^:\s]+:\S{20,}")
_being_installed = ContextVar("being_installed", default=False)


@contextmanager
def guards_being_installed():
    """Within, a missing trigger is no error: the command at work puts it in place itself."""
    token = _being_installed.set(True)
    try:
        yield
    finally:
        _being_installed.reset(token)


@register(Tags.database)
def guards_in_place(app_configs, databases=None, **kwargs):
    """Every declared trigger exists, on each database that has been migrated."""
    problems = []
    for alias in [] if _being_installed.get() else databases or []:
        if "common_auditevent" not in connections[alias].introspection.table_names():
            continue
        problems += [
            Error(
                f"The database trigger {name} is missing: nothing keeps opened documents and the trail from changing.",
                hint="Run manage.py migrate; it installs the triggers again.",
                id="dunlin.E001",
            )
            for name in guards.missing(alias)
        ]
    return problems


@register(Tags.security)
def link_keys_long(app_configs, **kwargs):
    """Whoever guesses a key of the portal links can make the link of any mail."""
    if all(len(key) >= 32 for key in settings.PORTAL_LINK_KEYS):
        return []
    return [
        Error(
            "A key in PORTAL_LINK_KEYS is shorter than 32 characters.",
            hint="Put long random texts there, or leave it empty: SECRET_KEY serves then.",
            id="dunlin.E003",
        )
    ]


@register(Tags.security)
def webhook_secret_set(app_configs, **kwargs):
    """Where a mail provider sends for us, its events are let in by a secret alone: without one nothing starts."""
    if not settings.EMAIL_BACKEND.startswith("anymail."):
        return []
    secrets = settings.ANYMAIL.get("WEBHOOK_SECRET") or []
    secrets = [secrets] if isinstance(secrets, str) else secrets
    if secrets and all(isinstance(each, str) and LONG_SECRET.fullmatch(each) for each in secrets):
        return []
    return [
        Error(
            "Mail goes out by a provider, and nothing keeps strangers from telling us what became of it.",
            hint='Put "WEBHOOK_SECRET": "name:a-long-random-text" into ANYMAIL (after the colon 20 characters or more)'
            ", and give the provider https://name:a-long-random-text@host/webhooks/anymail/…/tracking/.",
            id="dunlin.E002",
        )
    ]
