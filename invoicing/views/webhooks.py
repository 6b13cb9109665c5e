"""The doors of mail providers: shut where no secret is set, and never open without it."""

from functools import wraps

from django.conf import settings
from django.http import Http404

from config.common import context_vars


def guarded(patterns) -> list:
    """The same addresses, each behind the question whether this installation has a secret for them at all.

    anymail asks for the secret; without one it would let everybody in.
    """
    for pattern in patterns:
        pattern.callback = _asking_first(pattern.callback)
    return patterns


def _asking_first(view):
    @wraps(view)
    def door(request, *args, **kwargs):
        if not settings.ANYMAIL.get("WEBHOOK_SECRET"):
            raise Http404
        context_vars.source.set("webhook")  # RequestIdMiddleware takes it back
        return view(request, *args, **kwargs)

    return door
