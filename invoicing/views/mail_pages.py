"""Parts of an email shown as they are, shut off from the page around them and from the network."""

import re

from django.http import HttpResponse
from django.utils.http import content_disposition_header

# No script, nothing from anywhere, only the mail's own inline look; the frame around it is sandboxed as well.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; sandbox"


FOLLOWS = "allow-popups allow-popups-to-escape-sandbox"
PIXEL = re.compile(r'<img src="[^"]*/o/[0-9a-f]{32}\.gif"[^>]*>')


def mail_page(html: str, *, follows: bool = False) -> HttpResponse:
    """A mail's HTML part as the whole page of a frame, without the pixel it may have left with.

    `follows`: its links can be followed, each into a tab of its own.
    """
    if follows:
        html = html.replace("<head>", '<head><base target="_blank">', 1)
    return HttpResponse(
        PIXEL.sub("", html),
        headers={
            "Content-Security-Policy": f"{POLICY} {FOLLOWS}" if follows else POLICY,
            "X-Frame-Options": "SAMEORIGIN",
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
        },
    )


def attachment(content: bytes, *, name: str) -> HttpResponse:
    """A file of a mail, always as a download."""
    return HttpResponse(
        content,
        content_type="application/octet-stream",
        headers={
            "Content-Disposition": content_disposition_header(True, name or "attachment"),
            "X-Content-Type-Options": "nosniff",
        },
    )
