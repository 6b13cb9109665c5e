"""Every address refuses strangers, whatever is asked there and however."""

from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.urls import reverse

from config.common.models import User

from .addresses import addresses

pytestmark = pytest.mark.django_db

ADDRESSES = addresses()
# The only doors that open to somebody who is not signed in.
OPEN_TO_STRANGERS = {
    "healthz_live",
    "healthz_ready",
    "account_login",
    "account_signup",  # says that it is closed
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key",
    "account_reset_password_from_key_done",
    "account_inactive",
    "admin:logout",
    "account_logout",  # asks, and does nothing for somebody who is not signed in
    "account_confirm_email",
    "account_email_verification_sent",
    "invitation",  # the link in the mail says who it is
    "invitation_accepting",
    "portal:link",  # whoever has the link of a mail sees that invoice: tests/portal
    "portal:invoice",
    "portal:pdf",
    "portal:fresh",
    "pixel",  # one picture for everybody, whatever is asked
}
OURS = ("config", "customers", "invoicing", "dunning", "portal")
# Doors of mail providers: no cookie and no form of ours, but a secret of their own; without one they are not there.
OF_PROVIDERS = {address.name for address in ADDRESSES if address.name.startswith("anymail:")}
CLOSED = [address for address in ADDRESSES if address.name not in OPEN_TO_STRANGERS]


@pytest.fixture
def admin_client(admin):
    """Signed in, checked for forgery like a browser; a crash of a page is an answer, not an exception."""
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    client.force_login(admin)
    return client


def refuses(response) -> bool:
    if response.status_code in (403, 404, 405):
        return True
    doors = (reverse("account_login"), reverse("admin:login"))  # the second leads to the first
    return response.status_code == 302 and urlsplit(response["Location"]).path in doors


@pytest.mark.parametrize("method", ["get", "post", "put", "delete"])
def test_a_stranger_is_sent_to_the_sign_in_page_everywhere(method):
    stranger = Client(raise_request_exception=False)
    answers = {address.path: getattr(stranger, method)(address.path) for address in CLOSED}

    let_in = {path: answer for path, answer in answers.items() if not refuses(answer)}
    assert {path: (answer.status_code, answer.get("Location")) for path, answer in let_in.items()} == {}


def test_the_open_doors_are_these_and_no_others():
    assert {address.name for address in ADDRESSES} >= OPEN_TO_STRANGERS


def test_each_page_of_ours_names_the_act_it_is_for():
    unnamed = [
        address.path
        for address in CLOSED
        if address.callback.__module__.split(".")[0] in OURS and not address.path.startswith("/admin/")
        if address.name not in OF_PROVIDERS
        if not hasattr(address.callback, "act")
    ]

    assert unnamed == [], "staff_required is missing"


def test_nothing_can_be_posted_from_another_site(admin_client):
    ours = [address for address in ADDRESSES if address.name not in OF_PROVIDERS]
    answers = {address.path: admin_client.post(address.path).status_code for address in ours}

    assert {path: status for path, status in answers.items() if status not in (403, 405)} == {}
    assert [address.path for address in ours if getattr(address.callback, "csrf_exempt", False)] == []


@pytest.mark.parametrize(("settings_of_anymail", "answer"), [({}, 404), ({"WEBHOOK_SECRET": "name:secret"}, 400)])
def test_a_provider_without_our_secret_is_not_heard(settings, admin_client, settings_of_anymail, answer):
    keys = dict.fromkeys(("MAILGUN_WEBHOOK_SIGNING_KEY", "MANDRILL_WEBHOOK_KEY", "MAILERSEND_SIGNING_SECRET"), "k")
    keys |= dict.fromkeys(("MAILERSEND_INBOUND_SECRET", "MAILTRAP_SIGNATURE_KEY", "UNISENDER_GO_API_KEY"), "k")
    keys |= dict.fromkeys(("BREVO_API_KEY", "SENDINBLUE_API_KEY", "RESEND_API_KEY", "MAILGUN_API_KEY"), "k")
    settings.ANYMAIL = {**keys, **settings_of_anymail}
    asked = [address for address in ADDRESSES if address.name in OF_PROVIDERS and "postal" not in address.path]

    answers = {address.path: admin_client.post(address.path, {}).status_code for address in asked}

    assert len(answers) > 20
    shut = (answer, 401, 500)  # 401: Amazon wants to be asked; 500: anymail says which key or package is missing
    assert {path: status for path, status in answers.items() if status not in shut} == {}
    assert list(answers.values()).count(answer) > 15


def test_every_page_stands_and_forbids_inline_script_and_style(admin_client):
    wrong = {}
    for address in ADDRESSES:
        if address.takes_values or address.name == "account_logout":
            continue
        answer = admin_client.get(address.path)
        policy = answer.headers.get("Content-Security-Policy", "")
        strict = "default-src 'self'" in policy and "frame-ancestors 'none'" in policy
        framed = answer.headers.get("X-Frame-Options") != "DENY"
        sniffed = answer.headers.get("X-Content-Type-Options") != "nosniff"
        if answer.status_code >= 500 and address.name != "healthz_ready":
            wrong[address.path] = answer.status_code
        elif not strict or "unsafe" in policy or "nonce" in policy or framed or sniffed:
            wrong[address.path] = policy or "no policy"

    assert wrong == {}


def test_nobody_can_sign_up(client):
    page = client.get(reverse("account_signup"))
    posted = client.post(
        reverse("account_signup"),
        {"email": "new@dunlin.example", "password1": "a-long-password", "password2": "a-long-password"},
    )

    assert "No sign-up here" in page.content.decode()
    assert posted.status_code == 200
    assert User.objects.count() == 0
