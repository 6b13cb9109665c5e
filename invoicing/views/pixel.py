"""The pixel in mails whose opens are measured: the same picture for everybody, whatever is asked."""

import base64

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from config.common import clock

from ..services import tracing, tracking

GIF = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")


@require_safe
def pixel(request, key):
    """One transparent pixel. Known or not, recorded or not, the answer is the same, kept nowhere, without a cookie."""
    if delivery := tracing.find_delivery(public_id=key):
        tracking.record_visit(
            delivery,
            method=request.method,
            user_agent=request.headers.get("User-Agent", ""),
            headers=request.headers,
            at=clock.now(),
            is_staff=request.user.is_authenticated,
            source="pixel",
        )
    return HttpResponse(
        GIF,
        content_type="image/gif",
        headers={
            "Cache-Control": "no-store, private",
            "Referrer-Policy": "no-referrer",
            "Cross-Origin-Resource-Policy": "cross-origin",
        },
    )
