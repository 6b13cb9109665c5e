"""Signing in as a person does, for the tests about the door."""

from datetime import UTC, datetime

from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.test import Client
from django.urls import reverse

PASSWORD = "a-long-password"  # of everybody whom conftest.py makes
WRONG = "not-the-password"
HERE, ELSEWHERE = "198.51.100.7", "203.0.113.9"


def code_for(secret: str, at: datetime | None = None) -> str:
    """The six digits an authenticator app shows."""
    moment = at or datetime.now(UTC)
    return format_hotp_value(hotp_value(secret, int(moment.timestamp()) // 30))


def with_second_factor(person) -> str:
    """Give somebody a second factor; its secret."""
    secret = generate_totp_secret()
    TOTP.activate(person, secret)
    return secret


def sign_in(client: Client, email: str, password: str = PASSWORD, where: str = HERE):
    return client.post(reverse("account_login"), {"login": email, "password": password}, REMOTE_ADDR=where)


def signed_in(person) -> Client:
    """A browser in which this person has just typed the password."""
    client = Client()
    answer = sign_in(client, person.email)
    assert answer.status_code == 302, answer.context["form"].errors
    return client
