"""Guessing is slow, and nobody locks somebody else out by it."""

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from config.common import attempts, limits
from config.common.models import AuditEvent, RateLimit, User
from tests.common.signing_in import ELSEWHERE, HERE, PASSWORD, WRONG, sign_in

pytestmark = pytest.mark.django_db
TOO_MANY = "Too many failed login attempts"


def is_in(client) -> bool:
    return client.get("/me/").status_code == 200


def text(answer) -> str:
    return answer.content.decode()


def test_the_sixth_wrong_password_is_refused_unread(clerk):
    client = Client()
    answers = [sign_in(client, clerk.email, WRONG) for _try in range(5)]

    sixth = sign_in(client, clerk.email, PASSWORD)

    assert all("not correct" in text(answer) for answer in answers)
    assert TOO_MANY in text(sixth)
    assert not is_in(client)
    assert AuditEvent.objects.filter(action="user.sign_in_failed").count() == 5


def test_strangers_who_guess_do_not_keep_the_right_person_out(clerk):
    for number in range(20):
        sign_in(Client(), clerk.email, WRONG, where=f"203.0.113.{number % 4}")

    client = Client()
    assert sign_in(client, clerk.email, where=HERE).status_code == 302
    assert is_in(client)


def test_a_known_browser_is_let_in_however_many_guess_from_wherever(clerk, monkeypatch):
    at_home = Client()
    sign_in(at_home, clerk.email)
    at_home.post(reverse("account_logout"))
    for number in range(101):
        limits.spend(limits.Limit("password by account", 100, 3600), clerk.email)
        if number < 40:
            limits.spend(limits.Limit("password by network", 30, 600), HERE)

    assert TOO_MANY in text(sign_in(Client(), clerk.email, where=ELSEWHERE))
    assert sign_in(at_home, clerk.email, where=HERE).status_code == 302


def test_a_known_browser_guesses_no_faster_than_it_may(clerk):
    client = Client()
    sign_in(client, clerk.email)
    client.post(reverse("account_logout"))

    answers = [text(sign_in(client, clerk.email, WRONG)) for _try in range(11)]

    assert [TOO_MANY in answer for answer in answers] == [False] * 10 + [True]


def test_a_browser_is_known_to_whom_it_knows_and_to_nobody_else(clerk, manager):
    client = Client()
    sign_in(client, clerk.email)
    client.post(reverse("account_logout"))

    answers = [text(sign_in(client, manager.email, WRONG)) for _try in range(6)]

    assert TOO_MANY in answers[-1]


def test_a_cookie_that_was_made_up_knows_nobody(clerk, settings):
    client = Client()
    client.cookies[settings.BROWSER_COOKIE_NAME] = "eyJpZCI6ICJ4In0:made:up"

    answers = [text(sign_in(client, clerk.email, WRONG)) for _try in range(6)]

    assert TOO_MANY in answers[-1]


def test_the_cookie_names_nobody_and_no_script_reads_it(clerk, settings):
    client = Client()
    sign_in(client, clerk.email)

    cookie = client.cookies[settings.BROWSER_COOKIE_NAME]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert "clerk" not in cookie.value


def test_one_network_tries_thirty_times_in_ten_minutes_over_all_accounts(db):
    answers = [text(sign_in(Client(), f"nobody{n}@dunlin.example", WRONG)) for n in range(31)]

    assert [TOO_MANY in answer for answer in answers] == [False] * 30 + [True]


def test_neighbours_in_one_ipv6_network_count_together(db):
    answers = [text(sign_in(Client(), "clerk@dunlin.example", WRONG, where=f"2001:db8::{n:x}")) for n in range(1, 7)]

    assert TOO_MANY in answers[-1]


def test_the_answer_is_the_same_whether_there_is_such_an_account(clerk):
    def said(email):
        return [
            (answer.status_code, [str(each) for each in answer.context["form"].non_field_errors()])
            for answer in [sign_in(Client(), email, WRONG) for _try in range(7)]
        ]

    assert said(clerk.email) == said("nobody@dunlin.example")


def test_right_passwords_use_nothing_up(clerk):
    for _day in range(12):
        assert sign_in(Client(), clerk.email).status_code == 302

    assert set(RateLimit.objects.values_list("tries", flat=True)) == {0}


def test_the_present_password_is_guessed_no_faster_when_changing_it(clerk, as_role):
    client = as_role(clerk)
    form = {"password1": "another-long-one", "password2": "another-long-one"}

    for _try in range(5):
        client.post(reverse("account_change_password"), {"oldpassword": WRONG, **form})
    answer = client.post(reverse("account_change_password"), {"oldpassword": PASSWORD, **form})

    assert TOO_MANY in text(answer)
    assert User.objects.get().check_password(PASSWORD)


# --- Mails that strangers ask for -----------------------------------------------------------------------------


@pytest.mark.parametrize("email", ["clerk@dunlin.example", "nobody@dunlin.example"])
def test_an_address_gets_five_mails_an_hour_and_the_answer_stays_the_same(clerk, email, size):
    answers = set()
    for number in range(size(1000)):
        where = f"10.0.{number % 5}.{number % 250}"
        answer = Client().post(reverse("account_reset_password"), {"email": email}, REMOTE_ADDR=where)
        answers.add((answer.status_code, answer["Location"]))

    assert len(mail.outbox) == 5
    assert answers == {(302, reverse("account_reset_password_done"))}


def test_one_network_causes_twenty_mails_an_hour(db, rf):
    request = rf.post("/", REMOTE_ADDR=HERE)

    assert sum(attempts.may_mail(request, f"lou{n}@elsewhere.example") for n in range(30)) == 20


def test_a_mail_server_that_is_away_tells_nobody_which_addresses_are_known(clerk, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1

    answers = [
        Client().post(reverse("account_reset_password"), {"email": email}).status_code
        for email in (clerk.email, "nobody@dunlin.example")
    ]

    assert answers == [302, 302]
