"""What an email address is, as people type it: one that mail can go to and every column holds."""

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

LONGEST = 254  # characters; RFC 5321 gives a path 256 with its brackets


def check_address(text: str) -> None:
    """ValidationError for what is no email address; Django's own check lets 320 characters pass."""
    validate_email(text)
    if len(text) > LONGEST:
        raise ValidationError(validate_email.message, code=validate_email.code, params={"value": text})
