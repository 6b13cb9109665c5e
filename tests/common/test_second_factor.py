"""The second factor, with real codes."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.core import mail
from django.test import Client
from django.urls import reverse

from config.common import people
from config.common.errors import DomainError, Forbidden
from config.common.models import AuditEvent, User
from tests.common.signing_in import PASSWORD, WRONG, code_for, sign_in, signed_in, with_second_factor

pytestmark = pytest.mark.django_db
ACTIVATE, CODES, CODE = "mfa_activate_totp", "mfa_view_recovery_codes", "mfa_authenticate"


@pytest.fixture
def required(settings):
    settings.REQUIRE_MFA = True


@pytest.fixture
def noon():
    """Time stands still, so that a code is of this half minute also when the machine is slow."""
    with time_machine.travel(datetime(2026, 11, 20, 12, 0, 5, tzinfo=UTC), tick=False) as traveller:
        yield traveller


def is_in(client) -> bool:
    return client.get("/me/").status_code == 200


def set_up(client):
    secret = client.get(reverse(ACTIVATE)).context["form"].secret
    return secret, client.post(reverse(ACTIVATE), {"code": code_for(secret)})


# --- Having one -----------------------------------------------------------------------------------------------


def test_everybody_can_set_one_up_and_is_shown_the_recovery_codes(viewer, noon):
    client = signed_in(viewer)

    secret, answer = set_up(client)

    assert answer["Location"] == reverse(CODES)
    codes = client.get(reverse(CODES)).context["unused_codes"]
    assert len(codes) == 10
    assert secret in Authenticator.objects.get(user=viewer, type="totp").data["secret"]
    assert codes[0] in client.get(reverse("mfa_download_recovery_codes")).content.decode()


def test_the_qr_code_is_in_the_page_and_needs_no_style_of_its_own(viewer):
    page = signed_in(viewer).get(reverse(ACTIVATE)).content.decode()

    assert re.search(r'<svg viewBox="0 0 \d+ \d+"[^>]*><path d="M4 4h1v1h-1z', page)
    assert "data:image" not in page
    assert "style=" not in page


def test_a_wrong_code_sets_nothing_up(viewer):
    client = signed_in(viewer)
    client.get(reverse(ACTIVATE))

    answer = client.post(reverse(ACTIVATE), {"code": "000000"})

    assert "Incorrect code" in answer.content.decode()
    assert not Authenticator.objects.exists()


def test_with_one_the_password_alone_opens_nothing(clerk, noon):
    secret = with_second_factor(clerk)
    client = Client()

    assert sign_in(client, clerk.email)["Location"] == reverse(CODE)
    assert not is_in(client)
    client.post(reverse(CODE), {"code": code_for(secret)})
    assert is_in(client)


def test_a_code_lets_in_once(clerk, noon):
    secret = with_second_factor(clerk)
    first, second = Client(), Client()
    for client in (first, second):
        sign_in(client, clerk.email)
        client.post(reverse(CODE), {"code": code_for(secret)})

    assert (is_in(first), is_in(second)) == (True, False)

    noon.shift(timedelta(seconds=30))
    second.post(reverse(CODE), {"code": code_for(secret)})
    assert is_in(second)


def test_a_code_of_the_half_minute_before_is_too_old(clerk, noon):
    secret = with_second_factor(clerk)
    client = Client()
    sign_in(client, clerk.email)

    client.post(reverse(CODE), {"code": code_for(secret, datetime.now(UTC) - timedelta(seconds=31))})

    assert not is_in(client)


def test_a_recovery_code_lets_in_once(clerk, noon):
    client = signed_in(clerk)
    set_up(client)
    recovery = client.get(reverse(CODES)).context["unused_codes"][0]
    first, second = Client(), Client()
    for each in (first, second):
        sign_in(each, clerk.email)
        each.post(reverse(CODE), {"code": recovery})

    assert (is_in(first), is_in(second)) == (True, False)


def test_codes_are_guessed_no_faster_than_passwords(clerk, noon):
    secret = with_second_factor(clerk)
    client = Client()
    sign_in(client, clerk.email)

    answers = [client.post(reverse(CODE), {"code": "000000"}).content.decode() for _try in range(5)]
    sixth = client.post(reverse(CODE), {"code": code_for(secret)})

    assert all("Incorrect code" in answer for answer in answers)
    assert "Too many failed" in sixth.content.decode()
    assert not is_in(client)


def test_it_is_turned_off_only_after_the_password_was_typed(viewer, as_role):
    with_second_factor(viewer)

    answer = as_role(viewer).post(reverse("mfa_deactivate_totp"))

    assert "reauthenticate" in answer["Location"]
    assert Authenticator.objects.exists()


def test_whoever_need_not_have_one_can_turn_it_off(viewer, noon, required):
    client = signed_in(viewer)
    set_up(client)

    client.post(reverse("mfa_deactivate_totp"))

    assert not Authenticator.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_people_are_told_by_mail(viewer, noon):
    set_up(signed_in(viewer))

    assert [message.to for message in mail.outbox] == [[viewer.email]]
    assert "Was it not you?" in mail.outbox[0].body


# --- Having to have one ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["/", "/customers/", "/settings/people/", "/admin/", "/me/", "/accounts/2fa/"])
def test_an_admin_without_one_is_led_to_the_page_that_sets_it_up(admin, required, address):
    client = signed_in(admin)

    assert client.get(address)["Location"] == reverse(ACTIVATE)
    assert client.post(address)["Location"] == reverse(ACTIVATE)


def test_so_is_a_manager_and_nobody_else(manager, clerk, viewer, required):
    answers = [signed_in(person).get("/me/").status_code for person in (manager, clerk, viewer)]

    assert answers == [302, 200, 200]


def test_a_dialog_leads_the_whole_page_there(manager, required):
    answer = signed_in(manager).get("/customers/new/", headers={"HX-Request": "true"})

    assert answer["HX-Redirect"] == reverse(ACTIVATE)


def test_what_is_asked_for_without_one_is_not_done(admin, clerk, required):
    signed_in(admin).post(reverse("person_activation", args=[clerk.pk]), {"active": "no"})

    assert User.objects.get(pk=clerk.pk).is_active


def test_signing_out_and_the_health_page_stay_open(admin, required):
    client = signed_in(admin)

    assert client.get(reverse("healthz_live")).status_code == 200
    assert f'action="{reverse("account_logout")}"' in client.get(reverse(ACTIVATE)).content.decode()
    assert client.post(reverse("account_logout"))["Location"] == "/"


def test_once_it_is_set_up_every_door_is_open(admin, required, noon):
    client = signed_in(admin)
    _secret, answer = set_up(client)

    assert answer["Location"] == reverse(CODES)
    assert client.get("/customers/").status_code == 200
    assert client.get("/admin/").status_code == 200


def test_where_it_is_required_it_stays(manager, required, noon):
    client = signed_in(manager)
    set_up(client)

    page = client.get(reverse("mfa_deactivate_totp"))
    client.post(reverse("mfa_deactivate_totp"))

    assert "Your role needs a second factor" in page.content.decode()
    assert Authenticator.objects.filter(type="totp").exists()
    assert "Turn off" not in client.get(reverse("mfa_index")).content.decode()


def test_recovery_codes_alone_are_no_second_factor(admin, required):
    Authenticator.objects.create(user=admin, type="recovery_codes", data={"seed": "x", "used_mask": 0})

    assert signed_in(admin).get("/")["Location"] == reverse(ACTIVATE)


def test_production_requires_it_and_the_demo_does_not():
    from tests.house.test_settings import setting

    assert setting("settings.REQUIRE_MFA") == "True"
    assert setting("settings.REQUIRE_MFA", DUNLIN_MODE="demo") == "False"
    assert setting("settings.REQUIRE_MFA", REQUIRE_MFA="off") == "False"


# --- Losing it ------------------------------------------------------------------------------------------------


def test_an_admin_removes_a_lost_one_with_its_codes_and_ends_the_sessions(admin, manager, noon, required):
    finder = signed_in(manager)
    set_up(finder)
    helper = signed_in(admin)
    set_up(helper)

    helper.post(reverse("person_second_factor", args=[manager.pk]))

    assert not Authenticator.objects.filter(user=manager).exists()
    assert finder.get("/me/")["Location"].startswith(reverse("account_login"))
    assert signed_in(manager).get("/")["Location"] == reverse(ACTIVATE)
    event = AuditEvent.objects.get(action="user.second_factor_removed")
    assert (event.object_id, event.actor_id) == (manager.pk, admin.pk)
    assert event.before == {"second_factor": "recovery_codes, totp"}


def test_what_is_not_there_is_not_removed(admin, clerk):
    with pytest.raises(DomainError, match="has no second factor"):
        people.remove_second_factor(clerk, by=admin)

    assert not AuditEvent.objects.exists()


def test_only_an_admin_removes_one(manager, clerk):
    with_second_factor(clerk)

    with pytest.raises(Forbidden):
        people.remove_second_factor(clerk, by=manager)

    assert Authenticator.objects.count() == 1


def test_a_password_is_asked_for_before_one_is_removed(admin, clerk, as_role):
    with_second_factor(clerk)
    client, address = as_role(admin), reverse("person_second_factor", args=[clerk.pk])

    answer = client.get(address)

    assert answer["Location"].startswith(reverse("account_reauthenticate"))
    client.post(reverse("account_reauthenticate"), {"password": WRONG})
    assert client.get(address).status_code == 302
    assert (
        client.post(reverse("account_reauthenticate"), {"password": PASSWORD, "next": address})["Location"] == address
    )
    assert client.get(address).status_code == 200
