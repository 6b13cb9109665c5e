"""Settings → Email and manage.py send_test_email: can this installation send?"""

from io import StringIO

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.urls import reverse

from config.common.errors import DomainError, Forbidden
from invoicing.channels.base import ChannelFailure, OutcomeUnknown
from invoicing.models import ChannelState, Delivery
from invoicing.services import mail_setup
from tests import factories

pytestmark = pytest.mark.django_db


def test_a_test_goes_out_at_once_and_leaves_no_delivery(manager):
    mail_setup.send_test("me@kelpworks.example", by=manager)

    [message] = mail.outbox
    assert message.to == ["me@kelpworks.example"]
    assert message.subject == "A test email from Dunlin"
    assert not Delivery.objects.exists()


def test_what_is_no_address_is_refused(manager):
    with pytest.raises(DomainError, match="“nobody” is no email address. Correct it."):
        mail_setup.send_test("nobody", by=manager)

    assert mail.outbox == []


def test_a_clerk_sends_no_test(clerk):
    with pytest.raises(Forbidden):
        mail_setup.send_test("me@kelpworks.example", by=clerk)

    assert mail.outbox == []


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        (ChannelFailure("550 no", kind="permanent"), None, "It was not sent. The mail server says: 550 no"),
        (None, OutcomeUnknown("No answer."), "Nobody knows whether it was sent: No answer. Look into the mailbox."),
    ],
)
def test_the_servers_own_words_are_told(manager, channel, monkeypatch, before, after, sentence):
    monkeypatch.setattr(mail_setup, "plugin", lambda setting, key: channel)
    channel.before, channel.after = [before], [after]

    with pytest.raises(DomainError) as refusal:
        mail_setup.send_test("me@kelpworks.example", by=manager)

    assert str(refusal.value) == sentence


def test_the_page_says_how_mail_leaves_and_what_the_domain_needs(manager, as_role, settings):
    factories.organization()
    settings.DEFAULT_FROM_EMAIL = "Kelpworks <ar@mail.kelpworks.example>"

    page = as_role(manager).get(reverse("invoicing:email_settings")).content.decode()

    assert "ar@mail.kelpworks.example" in page
    assert "<code>_dmarc.mail.kelpworks.example</code>" in page
    assert "shown under Delivery problems" in page


def test_the_page_sends_a_test_and_says_the_answer(manager, as_role):
    factories.organization()

    answer = as_role(manager).post(reverse("invoicing:email_settings"), {"to": "me@kelpworks.example"}, follow=True)

    assert "The test email was handed over." in answer.content.decode()
    assert len(mail.outbox) == 1


def test_a_stopped_channel_is_said_there(manager, as_role):
    factories.organization()
    ChannelState.objects.create(key="email", paused_at="2026-11-20T10:00Z", reason="535 wrong password")

    assert "535 wrong password" in as_role(manager).get(reverse("invoicing:email_settings")).content.decode()


def test_the_command_tells_the_answer_or_fails_with_the_sentence():
    said = StringIO()

    call_command("send_test_email", "me@kelpworks.example", stdout=said)

    assert said.getvalue().startswith("Sent to me@kelpworks.example. The answer was: ")
    with pytest.raises(CommandError, match="is no email address"):
        call_command("send_test_email", "nobody")


def test_a_backend_there_is_not_is_said_in_a_sentence(settings, as_role, manager):
    factories.organization()
    settings.EMAIL_BACKEND = "nowhere.EmailBackend"

    with pytest.raises(CommandError, match="The mail set-up of this installation is incomplete"):
        call_command("send_test_email", "me@kelpworks.example")
    assert as_role(manager).get(reverse("invoicing:email_settings")).status_code == 200
