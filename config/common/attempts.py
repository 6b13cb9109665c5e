"""Who may try a password or a code once more: guessing is slow, and nobody locks somebody else out by it.

A browser that somebody has signed in with before carries a signed cookie. Its tries count on their own, so however
many strangers guess, the right password from there is let in. All others count by account and network, by network,
and, much higher, by account alone. What is asked about an account that does not exist counts the same.
"""

import secrets
from dataclasses import dataclass

from allauth.core.internal import ratelimit
from django.conf import settings
from django.core import signing

from . import limits
from .limits import Limit

COOKIE_SALT = "dunlin.browser"
KNOWN_FOR = 90 * 24 * 60 * 60  # seconds
PEOPLE_A_BROWSER = 5

MAIL_TO_ADDRESS = Limit("mail to address", 5, 3600)
INVITATIONS = Limit("invitations to address", 5, 3600)  # apart: who asks for passwords stops no admin
MAIL_BY_NETWORK = Limit("mail by network", 20, 3600)


@dataclass(frozen=True)
class Attempt:
    """One try that was let through. It stays counted unless it is forgiven."""

    counted: list

    def forgive(self) -> None:
        """It was right: take it off the count."""
        for limit, who in self.counted:
            limits.give_back(limit, *who)


def begin(request, what: str, account: str) -> Attempt | None:
    """Count one try at `what` ("password", "code") for an address; None when there were too many."""
    return _count(_rules(request, what, account))


def may_mail(request, address: str) -> bool:
    """Whether a stranger's wish for a mail to this address is followed; counts it."""
    return _count([(MAIL_TO_ADDRESS, (address,)), (MAIL_BY_NETWORK, (network(request),))]) is not None


def network(request) -> str:
    """The visitor's address, or the IPv6 network it belongs to."""
    return ratelimit.get_ip(request)


def remember_browser(request, response, user) -> None:
    """Leave a cookie that says: this person has signed in with this browser."""
    known = _known(request)
    people = [limits.fingerprint("known", user.email), *known.get("people", [])]
    value = {"id": known.get("id") or secrets.token_hex(16), "people": list(dict.fromkeys(people))[:PEOPLE_A_BROWSER]}
    response.set_cookie(
        settings.BROWSER_COOKIE_NAME,
        signing.dumps(value, salt=COOKIE_SALT),
        max_age=KNOWN_FOR,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _rules(request, what, account):
    known = _known(request)
    if limits.fingerprint("known", account) in known.get("people", []):
        return [(Limit(f"{what} by account and browser", 10, 600), (account, known["id"]))]
    where = network(request)
    return [
        (Limit(f"{what} by account and network", 5, 300), (account, where)),
        (Limit(f"{what} by network", 30, 600), (where,)),
        (Limit(f"{what} by account", 100, 3600), (account,)),
    ]


def _count(rules):
    attempt = Attempt([])
    for limit, who in rules:
        if not limits.spend(limit, *who):
            attempt.forgive()  # one that was turned away must not use up the share of others
            return None
        attempt.counted.append((limit, who))
    return attempt


def _known(request) -> dict:
    try:
        return signing.loads(request.COOKIES.get(settings.BROWSER_COOKIE_NAME, ""), salt=COOKIE_SALT, max_age=KNOWN_FOR)
    except signing.BadSignature:
        return {}
