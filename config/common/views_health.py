"""For load balancers and monitors: no sign-in, no secret, no redirect."""

import ipaddress

from django.db import DatabaseError
from django.http import HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from . import health, roles


@require_safe
@never_cache
def live(request):
    """200 as long as this process answers at all; asks nobody."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
@never_cache
def ready(request):
    """200 when everything is in place, else 503.

    What is wrong with which part is for this machine itself and for a signed-in admin; strangers hear yes or no.
    """
    parts = health.report()
    well = not any(parts.values())
    said = {"ready": well}
    if _is_this_machine(request) or _is_admin(request):
        said["parts"] = {name: problem or "ok" for name, problem in parts.items()}
    return JsonResponse(said, status=200 if well else 503)


def _is_this_machine(request) -> bool:
    """Asked from here directly. Through a proxy on this machine everybody seems to be here: that does not count."""
    forwarded = {"HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP", "HTTP_VIA"} & set(request.META)
    try:
        return not forwarded and ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False


def _is_admin(request) -> bool:
    """The database may be what is away: then nobody is."""
    try:
        return roles.may(request.user, "user.write")
    except DatabaseError:
        return False
