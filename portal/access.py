"""Who may see what: link -> one invoice and its one reader. Every query of the customer's pages starts here.

The token of a mailed link is exchanged for a signed cookie that goes to the page of that invoice alone, so that the
address people see, bookmark and share holds no secret, and links of several invoices stand beside each other.
"""

from datetime import timedelta

from django.conf import settings
from django.urls import reverse

from config.common import attempts, clock, limits
from config.common.limits import Limit
from customers.models import Organization
from invoicing import links
from invoicing.models import CustomerLink

SALT = "dunlin.portal"
KEPT = timedelta(hours=12)  # then the link in the mail is to be opened again
MISSES = Limit("portal links that lead nowhere", 20, 60)


def by_token(token: str) -> CustomerLink | None:
    """What a mailed link opens; None for one there is not, or that was taken back: both look the same from outside."""
    return _links().filter(token_hash=links.hash_of(token)).first()


def by_cookie(request, key) -> CustomerLink | None:
    """What this browser has opened with the link of that mail; None where it has not, or not lately."""
    known = request.get_signed_cookie(settings.PORTAL_COOKIE_NAME, "", salt=SALT, max_age=KEPT)
    return _links().filter(token_hash=known, delivery__public_id=key).first() if known else None


def let_in(response, link: CustomerLink):
    """The answer, with the cookie that opens this one page and nothing else."""
    response.set_signed_cookie(
        settings.PORTAL_COOKIE_NAME,
        link.token_hash,
        salt=SALT,
        max_age=KEPT,
        path=reverse("portal:invoice", args=[link.delivery.public_id]),
        secure=settings.SECURE,
        httponly=True,
        samesite="Lax",
    )
    return response


def has_expired(link: CustomerLink) -> bool:
    if link.invoice.settled_on is None:
        return False
    zone = Organization.objects.defer("logo").current().time_zone
    return link.has_expired(on=clock.today(zone), zone=zone)


def may_miss(request) -> bool:
    """Whether this network may try one more link that leads nowhere; counts it."""
    return limits.spend(MISSES, attempts.network(request))


def _links():
    return CustomerLink.objects.live().select_related("delivery", "invoice").defer("delivery__text", "delivery__html")
