"""Plug-ins by key, in the shape of Django's own CACHES: {"key": {"BACKEND": "dotted.Class", "OPTIONS": {…}}}."""

from functools import cache

from django.conf import settings
from django.core.signals import setting_changed
from django.utils.module_loading import import_string


@cache
def plugin(setting: str, key: str):
    """The one instance of a registered plug-in. KeyError names what is registered."""
    registered = getattr(settings, setting)
    if key not in registered:
        raise KeyError(f"{setting} has no {key!r}; registered: {', '.join(registered) or 'none'}")
    entry = registered[key]
    return import_string(entry["BACKEND"])(**entry.get("OPTIONS", {}))


def registered(setting: str) -> list[str]:
    return list(getattr(settings, setting))


def _forget(**kwargs):
    plugin.cache_clear()


setting_changed.connect(_forget)
