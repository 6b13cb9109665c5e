"""How long somebody stays signed in: so many hours in all, and not without doing anything."""

import logging
import time
from urllib.parse import urlsplit

from allauth.account.internal.flows.login import get_authentication_records
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.sessions.backends.db import SessionStore
from django.http import QueryDict
from django.shortcuts import resolve_url
from django.utils.translation import gettext as _
from django_htmx.http import HttpResponseClientRedirect

from . import clock

BEGAN, SEEN = "dunlin.began", "dunlin.seen"  # seconds since 1970, by the web server's clock
NOTED_EVERY = 60  # seconds: the session is not written again on every page

logger = logging.getLogger("dunlin.accounts")


def confirmed_lately(request) -> bool:
    """Whether whoever is here has just typed a password or a code, be it to sign in."""
    typed = [record["at"] for record in get_authentication_records(request, request.user)]
    return bool(typed) and time.time() - max(typed) < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT


def sweep() -> None:
    """Forget sessions that are over."""
    SessionStore.clear_expired()


def begin(request) -> None:
    """Somebody has just signed in."""
    request.session[BEGAN] = request.session[SEEN] = _now()


class SessionLimitMiddleware:
    """Sign out whoever has been signed in too long or away too long, and say why.

    A page that asks again by itself, for progress, is no sign of a person. Where a dialog or a fragment is asked for
    by somebody no longer signed in, the whole page goes to the sign-in page and back.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if request.user.is_authenticated:
            self._look(request)
        response = self.get_response(request)
        if request.htmx and response.status_code == 302 and not request.user.is_authenticated:
            return _whole_page(request, response)
        return response

    def _look(self, request):
        now, session = _now(), request.session
        if BEGAN not in session:
            begin(request)
        if now - session[BEGAN] > settings.SESSION_COOKIE_AGE:
            _sign_out(request, _("You were signed in for long enough for one day. Sign in again to go on."))
        elif now - session[SEEN] > settings.SESSION_IDLE:
            _sign_out(request, _("You were signed out because nothing was done for a while. Sign in again to go on."))
        elif now - session[SEEN] >= NOTED_EVERY and not _asks_by_itself(request):
            session[SEEN] = now


def _asks_by_itself(request) -> bool:
    return bool(request.htmx) and request.method == "GET" and not request.htmx.boosted


def _sign_out(request, sentence):
    logger.info("session of user %s ended: too long", request.user.pk)
    logout(request)
    messages.warning(request, sentence)


def _whole_page(request, response):
    door = resolve_url(settings.LOGIN_URL)
    if urlsplit(response["Location"]).path != door:
        return response
    query = QueryDict(mutable=True)
    query["next"] = request.htmx.current_url_abs_path or "/"
    return HttpResponseClientRedirect(f"{door}?{query.urlencode(safe='/')}")


def _now() -> int:
    return int(clock.now().timestamp())
