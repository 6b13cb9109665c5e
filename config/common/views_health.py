"""For load balancers and monitors: no sign-in, no secret, no redirect."""

from django.http import HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from . import health


@require_safe
@never_cache
def live(request):
    """200 as long as this process answers at all; asks nobody."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
@never_cache
def ready(request):
    """200 when everything is in place, else 503; each part with what is wrong with it."""
    parts = health.report()
    well = not any(parts.values())
    return JsonResponse(
        {"ready": well, "parts": {name: problem or "ok" for name, problem in parts.items()}},
        status=200 if well else 503,
    )
