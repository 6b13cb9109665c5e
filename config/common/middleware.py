"""What every request goes through."""

import logging
import uuid
import zoneinfo

from django.shortcuts import render
from django.utils import timezone, translation
from django.utils.cache import add_never_cache_headers

from . import context_vars
from .errors import DomainError, Forbidden

logger = logging.getLogger("dunlin.requests")


class RequestIdMiddleware:
    """Give each request an id for the log, the trail and the error page."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        request.id = str(uuid.uuid4())
        held = [(context_vars.request_id, context_vars.request_id.set(request.id))]
        held.append((context_vars.source, context_vars.source.set("ui")))
        try:
            response = self.get_response(request)
        finally:
            for variable, token in held:
                variable.reset(token)
        response["X-Request-ID"] = request.id
        return response


class ViewerMiddleware:
    """Show the page in the signed-in person's time zone and language, and let no shared cache keep it."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        user = request.user
        if not user.is_authenticated:
            return self.get_response(request)
        translation.activate(user.language)
        request.LANGUAGE_CODE = user.language
        with timezone.override(zoneinfo.ZoneInfo(user.time_zone)):
            response = self.get_response(request)
        if not response.has_header("Cache-Control"):
            add_never_cache_headers(response)
        return response


class DomainErrorMiddleware:
    """A rule that said no becomes its sentence: a note in the page for HTMX (422, all else stays), a page otherwise."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_exception(self, request, error):
        if not isinstance(error, DomainError):
            return None
        status = 403 if isinstance(error, Forbidden) else 422
        if status == 403:
            logger.warning("refused: %s %s for user %s", request.method, request.path, request.user.pk)
        if request.htmx:
            response = render(request, "components/_refusal.html", {"sentence": str(error)}, status=422)
            response["HX-Retarget"], response["HX-Reswap"] = "[data-refusal]", "innerHTML"
            return response
        return render(request, "refused.html", {"sentence": str(error)}, status=status)
