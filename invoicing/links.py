"""The customer's links: a token for each mail that a retry can make again, while rows keep no more than its hash.

The stored text of a mail holds a place-holder, which leads to a page that says so; the token is put in as it leaves.
"""

import base64
import hashlib
import re

from django.conf import settings
from django.urls import reverse
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from config.common.errors import DomainError

NOWHERE = "preview"  # stands where the token will: in stored mails, in previews, in dialogs


class KeyGone(DomainError):
    """The key a mail's token was made with is not among ours any more, so the same mail cannot be made again."""


def key_in_use() -> str:
    """The name of the key that new tokens are made with."""
    return _name(_keys()[0])


def token_of(delivery) -> str:
    """256 bits that nobody can guess; the same for the same mail to the same address, as long as its key is kept.

    KeyGone where it is not.
    """
    key = next((key for key in _keys() if _name(key) == delivery.link_key), None)
    if key is None:
        raise KeyGone(
            _(
                "The key that its portal link was made with is gone, so the same email cannot be made again. Put that "
                "key back into PORTAL_LINK_KEYS and send it again, or send the invoice anew from its own page."
            )
        )
    said = f"{delivery.public_id.hex}:{delivery.recipient_hash}"
    digest = salted_hmac("dunlin.links", said, secret=key, algorithm="sha256").digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def hash_of(token: str) -> str:
    """What a row keeps of a token."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def placeholder() -> str:
    """An address that looks like a link and leads to no invoice."""
    return settings.BASE_URL + reverse("portal:link", args=[NOWHERE])


def put_in(text: str, token: str) -> str:
    """The text as it leaves: the token where the place-holder stood, and in no address of somebody else's site.

    Composed before BASE_URL was changed, it has none of ours any more: then the path alone is looked for.
    """
    if placeholder() in text:
        return text.replace(placeholder(), settings.BASE_URL + reverse("portal:link", args=[token]))
    return text.replace(reverse("portal:link", args=[NOWHERE]), reverse("portal:link", args=[token]))


def without_targets(html: str) -> str:
    """The HTML of a stored mail with its place-holders as plain text: they lead nowhere."""
    return re.sub(rf'href="[^"]*{re.escape(reverse("portal:link", args=[NOWHERE]))}"', "", html)


def _keys() -> list[str]:
    return settings.PORTAL_LINK_KEYS or [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]


def _name(key: str) -> str:
    return salted_hmac("dunlin.links.name", "", secret=key, algorithm="sha256").hexdigest()[:12]
