"""Providers that take the same request twice as one, by a key of ours: an uncertain send is then simply asked again.

Resend: HTTP header Idempotency-Key, kept 24 hours (https://resend.com/docs/dashboard/emails/idempotency-keys).
Brevo: idempotencyKey among the message's headers, a UUID, kept for minutes
(https://developers.brevo.com/docs/heterogenous-versions-batch-emails). Of the others nothing is documented, or only no.
"""

from datetime import timedelta

from django.conf import settings
from django.utils.module_loading import import_string

KEPT = {"Resend": timedelta(hours=23), "Brevo": timedelta(minutes=10)}  # on the safe side of what they promise
KEY_IN = "X-AR-Delivery"  # our own header on every message: the delivery's public id


def repeats_for() -> timedelta:
    """How long the configured provider takes the same key for the same message; zero where it knows no keys."""
    return KEPT.get(provider(), timedelta(0))


def provider() -> str:
    """The configured provider as anymail calls it; "" for a mail server, and for a backend there is not."""
    try:
        return getattr(import_string(settings.EMAIL_BACKEND), "esp_name", "")
    except ImportError:
        return ""  # whoever opens a session is told


def prepare(backend) -> None:
    """Have a provider's backend carry each message's key in the place where that provider looks for it."""
    if getattr(backend, "esp_name", "") == "Resend":
        _key_in_request(backend)
    elif getattr(backend, "esp_name", "") == "Brevo":
        _key_in_message(backend)


def _key_in_request(backend):
    build = backend.build_message_payload

    def keyed(message, defaults):
        payload = build(message, defaults)
        if key := message.extra_headers.get(KEY_IN):
            payload.headers["Idempotency-Key"] = key
        return payload

    backend.build_message_payload = keyed


def _key_in_message(backend):
    build = backend.build_message_payload

    def keyed(message, defaults):
        if key := message.extra_headers.get(KEY_IN):
            message.extra_headers["idempotencyKey"] = key
        return build(message, defaults)

    backend.build_message_payload = keyed
