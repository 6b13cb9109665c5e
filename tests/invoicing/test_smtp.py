"""The SMTP channel against a real server on loopback that misbehaves on purpose."""

import socket
import threading

import pytest
from django.core.mail import EmailMessage

from invoicing.channels.base import ChannelFailure, OutcomeUnknown
from invoicing.channels.email import EmailChannel


class Server(threading.Thread):
    """A tiny SMTP server of one connection. `script` says what it answers at each step; None hangs up."""

    STEPS = ("greeting", "ehlo", "mail", "rcpt", "data", "dot")
    GOOD = {
        "greeting": "220 sink",
        "ehlo": "250 sink",
        "mail": "250 ok",
        "rcpt": "250 ok",
        "data": "354 go on",
        "dot": "250 2.0.0 Ok: queued as 4711",
    }

    def __init__(self, **script):
        super().__init__(daemon=True)
        self.script = {**self.GOOD, **script}
        self.received = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]

    def run(self):
        while True:
            try:
                connection, _peer = self.listener.accept()
            except OSError:
                return
            with connection, connection.makefile("rwb") as lines:
                self._talk(lines)

    def _talk(self, lines):
        if not self._answer(lines, "greeting"):
            return
        for line in lines:
            verb = line[:4].upper()
            step = {b"EHLO": "ehlo", b"MAIL": "mail", b"RCPT": "rcpt", b"DATA": "data"}.get(verb)
            if verb in (b"QUIT", b"RSET"):
                lines.write(b"250 ok\r\n")
                lines.flush()
                continue
            if not self._answer(lines, step):
                return
            if step == "data" and self.script["data"].startswith("354"):
                body = b""
                for part in lines:
                    if part == b".\r\n":
                        break
                    body += part
                else:
                    return  # hung up before the dot: no message
                self.received.append(body)
                if not self._answer(lines, "dot"):
                    return

    def _answer(self, lines, step):
        text = self.script[step]
        if text is None:
            return False
        lines.write(text.encode() + b"\r\n")
        lines.flush()
        return True

    def stop(self):
        self.listener.close()


@pytest.fixture
def smtp(settings):
    """`smtp(dot=None)` starts a server, points the settings at it and returns it."""
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


@pytest.mark.parametrize("step", ["greeting", "ehlo", "mail", "rcpt", "data"])
def test_a_cut_before_the_dot_is_safe_to_repeat(smtp, step):
    smtp(**{step: None})
    marks = []

    with pytest.raises(ChannelFailure) as failure:
        _send(marks)

    assert failure.value.kind == "temporary"
    assert marks == []


def test_a_cut_after_the_dot_is_of_unknown_outcome(smtp):
    server, marks = smtp(dot=None), []

    with pytest.raises(OutcomeUnknown, match="before the mail server answered"):
        _send(marks)

    assert marks == ["wire"]
    assert len(server.received) == 1


@pytest.mark.parametrize(
    ("step", "answer", "kind"),
    [
        ("rcpt", "550 5.1.1 no such user", "permanent"),
        ("rcpt", "450 4.2.0 greylisted", "temporary"),
        ("mail", "550 5.7.1 sender refused", "config"),
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
    assert failure.value.code == answer[:3]
    assert answer[4:] in failure.value.reason


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
