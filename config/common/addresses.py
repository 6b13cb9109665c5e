"""What an email address is, as people type or paste it, and when two of them are one mailbox."""

import re
from contextlib import suppress

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.encoding import punycode

LONGEST = 254  # characters; RFC 5321 gives a path 256 with its brackets
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")


def check_address(text: str) -> None:
    """ValidationError for what is no email address; Django's own check lets 320 characters pass."""
    validate_email(text)
    if len(text) > LONGEST:
        raise ValidationError(validate_email.message, code=validate_email.code, params={"value": text})


def seen(text: str) -> str:
    """As it is seen: without the signs of no width that come along from web pages and mail programs."""
    return _INVISIBLE.sub("", text).strip()


def mailbox(text: str) -> str:
    """One spelling for one mailbox, to compare by: small letters, and a host of other scripts as the wire has it."""
    name, at, host = text.strip().rpartition("@")
    if not host.isascii():
        with suppress(UnicodeError):  # no name there can be
            host = punycode(host)
    return f"{name}{at}{host}".lower()
