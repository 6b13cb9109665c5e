"""The SMTP channel against a real server on loopback that misbehaves on purpose."""

import socket
import time

import pytest
from django.core.mail import EmailMessage

from invoicing.channels.base import ChannelFailure, OutcomeUnknown
from invoicing.channels.email import EmailChannel
from invoicing.channels.smtp import WireSMTP
from tests.smtp_server import CUT, SILENCE, Server


@pytest.fixture
def smtp(settings):
    """`smtp(dot=CUT)` starts a server, points the settings at it and returns it."""
    started = []

    def start(**script):
        server = Server(**script)
        server.start()
        started.append(server)
        settings.EMAIL_BACKEND = "invoicing.channels.smtp.WireBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
        return server

    yield start
    for server in started:
        server.stop()


def _send(marks):
    message = EmailMessage("Subject", "Body\n.dot at the start\n", "us@kelp.example", ["ap@harbour.example"])
    with EmailChannel().session() as session:
        return session.send(message, on_wire=lambda: marks.append("wire"))


def test_the_servers_own_words_are_the_receipt(smtp):
    server, marks = smtp(), []

    receipt = _send(marks)

    assert receipt.response == "250 2.0.0 Ok: queued as 4711"
    assert marks == ["wire"]
    assert b"\r\n..dot at the start\r\n" in server.received[0]


@pytest.mark.parametrize("step", ["connect", "greeting", "ehlo", "mail", "rcpt", "data"])
def test_a_cut_before_the_dot_is_safe_to_repeat(smtp, step):
    smtp(**{step: CUT})
    marks = []

    with pytest.raises(ChannelFailure) as failure:
        _send(marks)

    assert failure.value.kind == "temporary"
    assert marks == []


@pytest.mark.parametrize("goodbye", [CUT, "421 4.3.2 shutting down"])
def test_a_server_that_hangs_up_during_the_body_is_noticed_before_the_dot(smtp, monkeypatch, goodbye):
    server, marks = smtp(body=goodbye), []
    send = WireSMTP.send
    monkeypatch.setattr(WireSMTP, "send", lambda self, text: (send(self, text), time.sleep(0.1)))

    with pytest.raises(ChannelFailure) as failure:
        _send(marks)

    assert failure.value.kind == ("temporary" if goodbye is CUT else "rate")
    assert marks == []
    assert server.received == []


def test_silence_after_the_dot_is_of_unknown_outcome(smtp, monkeypatch):
    monkeypatch.setattr("invoicing.channels.smtp.FINAL_REPLY_SECONDS", 0.3)
    server, marks = smtp(dot=SILENCE), []

    with pytest.raises(OutcomeUnknown, match="timed out"):
        _send(marks)

    assert marks == ["wire"]
    assert len(server.received) == 1


def test_a_cut_after_the_dot_is_of_unknown_outcome(smtp):
    server, marks = smtp(dot=CUT), []

    with pytest.raises(OutcomeUnknown, match="before the mail server answered"):
        _send(marks)

    assert marks == ["wire"]
    assert len(server.received) == 1


@pytest.mark.parametrize(
    ("step", "answer", "kind"),
    [
        ("rcpt", "550 5.1.1 no such user", "permanent"),
        ("rcpt", "450 4.2.0 greylisted", "temporary"),
        ("greeting", "554 5.7.1 no service for you", "config"),
        ("greeting", "421 4.3.2 too busy", "rate"),
        ("ehlo", "550 5.7.1 we do not know you", "config"),
        ("mail", "550 5.7.1 sender refused", "config"),
        ("mail", "530 5.7.0 authentication required", "config"),
        ("mail", "552 5.3.4 message too large", "permanent"),
        ("mail", "what?", "temporary"),
        ("rcpt", "530 5.7.0 authentication required", "config"),
        ("data", "451 4.3.0 try later", "temporary"),
        ("dot", "554 5.7.1 looks like spam", "permanent"),
        ("dot", "452 4.2.2 mailbox full", "temporary"),
        ("dot", "421 4.7.0 too many messages", "rate"),
    ],
)
def test_a_definite_refusal_is_never_unknown(smtp, step, answer, kind):
    smtp(**{step: answer})

    with pytest.raises(ChannelFailure) as failure:
        _send([])

    assert failure.value.kind == kind
    assert failure.value.code == (answer[:3] if answer[:3].isdigit() else "-1")
    assert answer[4:] in failure.value.reason


@pytest.mark.parametrize(
    ("answer", "kind"), [("535 5.7.8 wrong password", "config"), ("454 4.7.0 ask again later", "temporary")]
)
@pytest.mark.filterwarnings("ignore:Requiring AUTH")
def test_a_wrong_password_is_for_a_person_to_mend_and_a_server_that_cannot_look_it_up_is_not(
    smtp, settings, answer, kind
):
    smtp(ehlo="250-sink\r\n250 AUTH PLAIN", auth=answer)
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "dunlin", "secret"

    with pytest.raises(ChannelFailure) as failure:
        _send([])

    assert failure.value.kind == kind
    assert failure.value.code == answer[:3]
    assert "secret" not in failure.value.reason


@pytest.mark.parametrize("answer", ["what?", "354 go on", "220 hello"])
def test_an_answer_after_the_dot_that_is_neither_yes_nor_no_is_of_unknown_outcome(smtp, answer):
    server, marks = smtp(dot=answer), []

    with pytest.raises(OutcomeUnknown, match="neither yes nor no"):
        _send(marks)

    assert marks == ["wire"]
    assert len(server.received) == 1


def test_a_server_that_is_not_there_is_tried_again_later(smtp, settings):
    smtp()
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        settings.EMAIL_PORT = nobody.getsockname()[1]

    with pytest.raises(ChannelFailure) as failure:
        _send([])

    assert failure.value.kind == "temporary"


def test_a_name_nobody_knows_is_a_set_up_problem(smtp, settings):
    smtp()
    settings.EMAIL_HOST = "mail.invalid"

    with pytest.raises(ChannelFailure) as failure:
        _send([])

    assert failure.value.kind == "config"


def test_what_fails_while_marking_sends_no_dot(smtp):
    server = smtp()

    def lost():
        raise RuntimeError("lost the lease")

    with pytest.raises(RuntimeError), EmailChannel().session() as session:
        session.send(EmailMessage("S", "B", "us@kelp.example", ["ap@harbour.example"]), on_wire=lost)

    assert server.received == []
