"""How long somebody stays signed in."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from config.common import sessions
from tests.common.signing_in import PASSWORD, sign_in, signed_in

pytestmark = pytest.mark.django_db
MORNING = datetime(2026, 11, 20, 7, 0, tzinfo=UTC)


@pytest.fixture
def day():
    with time_machine.travel(MORNING, tick=False) as traveller:
        yield traveller


def is_in(client) -> bool:
    return client.get("/me/").status_code == 200


def test_who_does_nothing_for_two_hours_is_signed_out_and_told_why(clerk, day):
    client = signed_in(clerk)
    day.shift(timedelta(hours=2, minutes=2))

    answer = client.get("/me/", follow=True)

    assert answer.redirect_chain == [(f"{reverse('account_login')}?next=/me/", 302)]
    assert "nothing was done for a while" in answer.content.decode()


def test_who_works_on_stays_signed_in_for_twelve_hours_and_no_longer(clerk, day):
    client = signed_in(clerk)
    for _hour in range(12):
        day.shift(timedelta(hours=1))
        assert is_in(client)

    day.shift(timedelta(minutes=1))

    answer = client.get("/me/", follow=True)
    assert "long enough for one day" in answer.content.decode()


def test_a_page_that_asks_again_by_itself_keeps_nobody_signed_in(clerk, day):
    client = signed_in(clerk)
    for _quarter in range(8):
        day.shift(timedelta(minutes=15))
        client.get("/me/", headers={"HX-Request": "true"})
    day.shift(timedelta(minutes=2))

    assert not is_in(client)


def test_the_session_is_written_once_a_minute_at_most(clerk, day):
    client = signed_in(clerk)
    client.get("/me/")

    def writes():
        with CaptureQueriesContext(connection) as seen:
            client.get("/me/")
        return [each["sql"] for each in seen if "UPDATE" in each["sql"] and "django_session" in each["sql"]]

    day.shift(timedelta(seconds=30))
    assert writes() == []
    day.shift(timedelta(seconds=40))
    assert len(writes()) == 1


def test_a_fragment_asked_for_after_the_end_leads_the_whole_page_to_the_door_and_back(clerk, day):
    client = signed_in(clerk)
    day.shift(timedelta(hours=3))

    answer = client.get(
        "/customers/", headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/customers/?sort=name"}
    )

    assert answer.status_code == 200
    assert answer["HX-Redirect"] == f"{reverse('account_login')}?next=/customers/%3Fsort%3Dname"


def test_signing_in_makes_a_new_session(clerk, settings):
    client = Client()
    client.get(reverse("account_login"))
    before = client.cookies.get(settings.SESSION_COOKIE_NAME)
    sign_in(client, clerk.email)

    assert before is None or before.value != client.cookies[settings.SESSION_COOKIE_NAME].value


def test_another_password_ends_every_session(clerk):
    here, there = signed_in(clerk), signed_in(clerk)
    another = "another-long-one"

    here.post(reverse("account_change_password"), {"oldpassword": PASSWORD, "password1": another, "password2": another})

    assert not is_in(there)
    assert not is_in(here)
    assert sign_in(here, clerk.email, another).status_code == 302


def test_sessions_that_are_over_are_swept_away(clerk, day):
    signed_in(clerk)
    assert Session.objects.count() == 1
    day.shift(timedelta(days=2))

    sessions.sweep()

    assert not Session.objects.exists()
