"""What somebody tries who wishes us ill, or whose cat walks over the keys."""

import base64
import json

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.contrib import admin as django_admin
from django.core import mail
from django.urls import reverse

from config.common import people
from config.common.models import AuditEvent, User

pytestmark = pytest.mark.django_db
PASSWORD = "a-rather-long-one"


# --- Accounts -------------------------------------------------------------------------------------------------


def test_nobody_gives_themselves_another_address_past_the_trail(viewer, as_role):
    client = as_role(viewer)

    answers = [
        client.get("/accounts/email/"),
        client.post("/accounts/email/", {"action_add": "", "email": "evil@elsewhere.example"}),
        client.post("/accounts/email/", {"action_primary": "", "email": "evil@elsewhere.example"}),
    ]

    assert [(answer.status_code, answer["Location"]) for answer in answers] == [(302, reverse("profile"))] * 3
    assert User.objects.get().email == viewer.email
    assert not EmailAddress.objects.exists()


def test_the_address_an_admin_replaced_signs_nobody_in_any_more(admin, client):
    user = people.create_person(by=admin, email="old@kelpworks.example", name="Lou", password=PASSWORD)
    client.post(reverse("account_reset_password"), {"email": "old@kelpworks.example"})  # allauth notes the address
    assert len(mail.outbox) == 1

    people.change_person(user, by=admin, email="new@kelpworks.example")

    client.post(reverse("account_reset_password"), {"email": "old@kelpworks.example"})
    assert [message.to for message in mail.outbox if "password/reset/key" in message.body] == [
        ["old@kelpworks.example"]
    ]
    assert not client.login(email="old@kelpworks.example", password=PASSWORD)
    assert client.login(email="new@kelpworks.example", password=PASSWORD)


def test_a_second_factor_can_be_set_up_by_who_once_reset_a_password(admin, client):
    user = people.create_person(by=admin, email="lou@kelpworks.example", name="Lou", password=PASSWORD)
    EmailAddress.objects.create(user=user, email=user.email, verified=False)  # what a reset leaves behind
    client.post(reverse("account_login"), {"login": user.email, "password": PASSWORD})

    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    secret = client.get(reverse("mfa_activate_totp")).context["form"].secret
    code = format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))
    answer = client.post(reverse("mfa_activate_totp"), {"code": code})

    assert answer.status_code == 302
    assert Authenticator.objects.filter(user=user, type="totp").exists()


def test_what_is_told_after_an_act_travels_in_no_cookie(clerk, as_role):
    client = as_role(clerk)

    answer = client.post("/me/", {"name": "Femke", "time_zone": "UTC", "language": "en"})

    assert "messages" not in answer.cookies
    assert "Your profile is saved." in client.get("/me/").content.decode()


# --- The administration ---------------------------------------------------------------------------------------


def test_the_administration_has_no_pages_that_packages_brought():
    rooms = {type(page).__module__.split(".")[0] for page in django_admin.site._registry.values()}

    assert rooms <= {"config", "customers", "invoicing", "dunning", "portal"}


@pytest.mark.parametrize(
    "page", ["django_q/schedule/add/", "django_q/ormq/", "account/emailaddress/add/", "auth/group/"]
)
def test_the_administration_runs_no_function_and_makes_no_second_address(page, admin, as_role):
    assert as_role(admin).get(f"/admin/{page}").status_code == 404


def test_an_admin_takes_a_lost_second_factor_away_without_seeing_it(admin, clerk, as_role):
    factor = Authenticator.objects.create(user=clerk, type="totp", data={"secret": "KEEPTHISSECRET"})
    client = as_role(admin)
    address = f"/admin/mfa/authenticator/{factor.pk}"

    assert "KEEPTHISSECRET" not in client.get(f"{address}/change/").content.decode()
    assert client.post(f"{address}/change/", {"data": "{}"}).status_code == 403
    client.post(f"{address}/delete/", {"post": "yes"})

    assert not Authenticator.objects.exists()
    event = AuditEvent.objects.get()
    assert (event.action, event.object_id, event.actor_id) == ("user.second_factor_removed", clerk.pk, admin.pk)
    assert "KEEPTHISSECRET" not in f"{event.before}{event.after}"


# --- Addresses that were tampered with ------------------------------------------------------------------------


def cursor(text) -> str:
    text = text if isinstance(text, str) else json.dumps(text)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


CURSORS = [
    "[1, Infinity]",
    "[NaN, NaN]",
    "[" * 1500,
    ["\ud800", 1],
    ["a\0b", 1],
    [10**30, 10**30],
    [{}, 1],
    [[1], 1],
    {},
]


@pytest.mark.parametrize("text", CURSORS, ids=lambda text: str(text)[:16].encode("unicode_escape").decode())
@pytest.mark.parametrize("sort", ["", "name"])
def test_a_cursor_that_was_tampered_with_means_the_first_page(text, sort, viewer, as_role):
    client = as_role(viewer)

    for key in ("after", "before"):
        assert client.get("/customers/", {"sort": sort, key: cursor(text)}).status_code == 200
