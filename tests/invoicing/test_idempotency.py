"""Providers that take the same request twice as one get our key where they look for it."""

import json
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from django.core.mail import EmailMessage

from invoicing.channels.base import ChannelFailure
from invoicing.channels.email import EmailChannel

KEY = "0d9f6c1e-4a3b-4f4e-9d3c-1b2a3c4d5e6f"


class Provider(BaseHTTPRequestHandler):
    """Keeps what it was asked; answers as the test says."""

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append((dict(self.headers), body))
        status, answer = self.server.answer
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def log_message(self, *args):
        pass


@pytest.fixture
def provider(settings):
    """`provider("resend")` configures that provider's backend against a server on loopback."""
    server = HTTPServer(("127.0.0.1", 0), Provider)
    server.asked, server.answer = [], (200, {"id": "re_1", "messageId": "<1@brevo>"})
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()

    def choose(name):
        settings.EMAIL_BACKEND = f"anymail.backends.{name}.EmailBackend"
        settings.ANYMAIL = {
            f"{name.upper()}_API_KEY": "k",
            f"{name.upper()}_SERVER_TOKEN": "t",
            f"{name.upper()}_API_URL": f"http://127.0.0.1:{server.server_port}/",
        }
        return server

    yield choose
    server.shutdown()
    server.server_close()
    thread.join()


def send():
    headers = {"X-AR-Delivery": KEY, "Message-ID": "<1@kelp.example>"}
    message = EmailMessage("Subject", "Body", "us@kelp.example", ["ap@harbour.example"], headers=headers)
    with EmailChannel().session() as session:
        return session.send(message, on_wire=lambda: None)


def test_resend_gets_it_as_a_header_of_the_request_each_time(provider):
    server = provider("resend")

    send()
    send()

    assert [headers["Idempotency-Key"] for headers, _body in server.asked] == [KEY, KEY]
    assert EmailChannel().repeats_for == timedelta(hours=23)


def test_brevo_gets_it_among_the_headers_of_the_message(provider):
    server = provider("brevo")

    send()

    [(_headers, body)] = server.asked
    assert body["headers"]["idempotencyKey"] == KEY
    assert EmailChannel().repeats_for == timedelta(minutes=10)


def test_a_provider_that_knows_no_keys_gets_none_and_is_not_asked_again(provider):
    server = provider("postmark")
    server.answer = (200, {"ErrorCode": 0, "Message": "OK", "MessageID": "1", "To": "ap@harbour.example"})

    send()

    [(headers, _body)] = server.asked
    assert "Idempotency-Key" not in headers
    assert EmailChannel().repeats_for == timedelta(0)


def test_the_same_key_at_work_is_only_early(provider):
    server = provider("resend")
    server.answer = (409, {"name": "concurrent_idempotent_requests", "message": "in progress"})

    with pytest.raises(ChannelFailure) as failure:
        send()

    assert failure.value.kind == "temporary"


def test_smtp_knows_no_keys(settings):
    settings.EMAIL_BACKEND = "invoicing.channels.smtp.WireBackend"

    assert EmailChannel().repeats_for == timedelta(0)
