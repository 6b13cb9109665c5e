"""Somebody new comes in by a link in a mail."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.urls import reverse

from config.common import clock, inviting, people
from config.common.errors import DomainError, Forbidden, Stale
from config.common.models import AuditEvent, User
from tests.common.signing_in import sign_in, signed_in

pytestmark = pytest.mark.django_db
NEW = {"email": "Lou@Kelpworks.example", "name": "Lou Berg", "role": "clerk"}
TYPED = {**NEW, "language": "en", "time_zone": "Europe/Berlin"}
CHOSEN = "a-rather-long-one"


@pytest.fixture
def lou(admin):
    """Invited, with the mail sent."""
    user = inviting.invite_person(by=admin, **NEW)
    assert inviting.mail_invitation(user, by=admin) == ""
    return user


def link(message=None) -> str:
    body = (message or mail.outbox[-1]).body
    return re.search(r"http://127\.0\.0\.1:8000(/invitation/\S+)", body)[1]


def follow(client, address):
    answer = client.get(address)
    assert answer["Location"] == reverse("invitation_accepting")
    return client.get(answer["Location"])


def choose(client, password=CHOSEN, again=CHOSEN):
    return client.post(reverse("invitation_accepting"), {"password": password, "again": again})


def test_an_admin_invites_and_the_invited_chooses_a_password_and_signs_in(admin):
    signed_in(admin).post(reverse("person_new"), TYPED)

    (message,) = mail.outbox
    assert message.to == ["lou@kelpworks.example"]
    assert message.subject == "Ines Admin invites you to Dunlin"
    assert message.extra_headers == {"Auto-Submitted": "auto-generated"}
    client = Client()
    assert "Welcome, Lou Berg" in follow(client, link()).content.decode()
    assert choose(client)["Location"] == reverse("account_login")
    assert sign_in(client, "lou@kelpworks.example", CHOSEN).status_code == 302
    assert client.get("/me/").status_code == 200
    user = User.objects.get(email="lou@kelpworks.example")
    assert (user.role, user.time_zone, user.invited_at) == ("clerk", "Europe/Berlin", None)
    assert list(AuditEvent.objects.filter(object_id=user.pk).order_by("seq").values_list("action", flat=True)) == [
        "user.invited",
        "user.invitation_sent",
        "user.joined",
        "user.signed_in",
    ]


def test_before_that_nobody_signs_in_with_it(lou):
    assert sign_in(Client(), lou.email, "").status_code == 200
    assert not Client().login(email=lou.email, password="!")


def test_a_link_that_is_fetched_by_scanners_still_works(lou):
    for _scan in range(10):
        Client().get(link())
        Client().head(link())
    scanner = Client()
    follow(scanner, link())

    client = Client()
    follow(client, link())
    assert choose(client).status_code == 302


def test_the_secret_is_not_in_the_address_of_the_page(lou):
    client = Client()

    page = follow(client, link())

    assert page.request["PATH_INFO"] == "/invitation/"
    assert link().split("/")[2] not in page.content.decode()
    assert page["Referrer-Policy"] == "same-origin"


def gone(address) -> bool:
    client = Client()
    page = follow(client, address)
    assert choose(client).status_code == page.status_code
    return page.status_code == 410


def test_a_link_works_once(lou):
    client = Client()
    follow(client, link())
    choose(client)

    assert gone(link())
    assert sign_in(Client(), lou.email, CHOSEN).status_code == 302


def test_a_link_works_for_seven_days(lou):
    with time_machine.travel(clock.now() + timedelta(days=6, hours=23)):
        assert not gone_to_read(link())
    with time_machine.travel(clock.now() + timedelta(days=7, minutes=1)):
        assert gone_to_read(link())


def gone_to_read(address) -> bool:
    return follow(Client(), address).status_code == 410


def test_a_newer_invitation_ends_the_earlier_one(lou, admin):
    first = link()
    signed_in(admin).post(reverse("person_inviting", args=[lou.pk]))

    assert len(mail.outbox) == 2
    assert gone_to_read(first)
    assert not gone_to_read(link())


def test_a_link_that_went_to_a_mistyped_address_is_no_use_once_it_is_corrected(lou, admin):
    people.change_person(lou, by=admin, email="lou.berg@kelpworks.example")

    assert gone_to_read(link())
    inviting.mail_invitation(lou, by=admin)
    assert not gone_to_read(link())


def test_a_link_of_somebody_turned_off_works_no_more(lou, admin):
    people.deactivate_person(lou, by=admin)

    assert gone_to_read(link())


@pytest.mark.parametrize("token", ["x", "eyJ1c2VyIjoxfQ:1xV1FU:forged", "%00", "a" * 3000])
def test_a_link_that_was_made_up_invites_nobody(token, db):
    assert gone_to_read(f"/invitation/{token}/")


def test_a_link_of_another_kind_of_signature_invites_nobody(lou):
    from django.core import signing

    other = signing.dumps({"user": lou.pk, "at": lou.invited_at.isoformat()}, salt="dunlin.browser")

    assert inviting.invited_by(other) is None


@pytest.mark.parametrize(
    ("password", "again", "sentence"),
    [
        ("short", "short", "at least 12 characters"),
        ("password1234", "password1234", "too common"),
        ("lou@kelpworks.example", "lou@kelpworks.example", "too similar"),
        (CHOSEN, "another-long-one", "The two passwords differ"),
    ],
)
def test_a_password_that_will_not_do_is_refused_and_the_link_still_works(lou, password, again, sentence):
    client = Client()
    follow(client, link())

    answer = choose(client, password, again)

    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert not AuditEvent.objects.filter(action="user.joined").exists()
    assert choose(client).status_code == 302


def test_of_two_tabs_the_first_chooses(lou):
    one, other = User.objects.get(pk=lou.pk), User.objects.get(pk=lou.pk)
    inviting.accept_invitation(one, by=one, password=CHOSEN)

    with pytest.raises(Stale, match="accepted already"):
        inviting.accept_invitation(other, by=other, password="another-long-one")

    assert User.objects.get(pk=lou.pk).check_password(CHOSEN)
    assert AuditEvent.objects.filter(action="user.joined").count() == 1


def test_nobody_accepts_for_somebody_else(lou, admin):
    with pytest.raises(DomainError, match="somebody else"):
        inviting.accept_invitation(lou, by=admin, password=CHOSEN)

    assert not User.objects.get(pk=lou.pk).has_usable_password()


def test_whoever_has_joined_is_not_invited_again(clerk, admin):
    with pytest.raises(DomainError, match="Femke Clerk does not wait for an invitation"):
        inviting.mail_invitation(clerk, by=admin)

    assert mail.outbox == []
    assert not AuditEvent.objects.exists()


def test_an_address_is_sent_five_invitations_an_hour(lou, admin):
    for _again in range(4):
        inviting.mail_invitation(lou, by=admin)

    with pytest.raises(DomainError, match="several mails within the last hour"):
        inviting.mail_invitation(lou, by=admin)

    assert len(mail.outbox) == 5


def test_only_admins_invite(manager):
    with pytest.raises(Forbidden):
        inviting.invite_person(by=manager, **NEW)

    assert User.objects.count() == 1
    assert mail.outbox == []


def test_a_mail_that_does_not_go_out_is_told_and_the_account_is_there(admin, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1

    answer = signed_in(admin).post(reverse("person_new"), TYPED, follow=True)

    assert "could not be handed over" in answer.content.decode()
    event = AuditEvent.objects.get(action="user.invitation_failed")
    assert event.reason
    assert User.objects.filter(email="lou@kelpworks.example").exists()


def test_the_mail_is_in_the_language_of_the_invited_and_holds_no_line_of_somebody_s_making(admin):
    admin.name = "Ines\r\nBcc: all@elsewhere.example"
    user = inviting.invite_person(by=admin, **NEW)

    inviting.mail_invitation(user, by=admin)

    assert mail.outbox[0].subject == "Ines Bcc: all@elsewhere.example invites you to Dunlin"
    assert mail.outbox[0].recipients() == ["lou@kelpworks.example"]


def test_the_same_person_twice_is_refused_at_the_form(admin, clerk):
    answer = signed_in(admin).post(reverse("person_new"), {**TYPED, "email": "CLERK@dunlin.example"})

    assert answer.status_code == 422
    assert "clerk@dunlin.example has an account already." in answer.content.decode()
    assert mail.outbox == []
