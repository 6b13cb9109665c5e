"""The email channel over a provider's API (anymail), against an HTTP server on loopback that misbehaves on purpose."""

import json
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from django.core.mail import EmailMessage

from invoicing.channels.base import ChannelFailure, OutcomeUnknown
from invoicing.channels.email import EmailChannel

ACCEPTED = {"ErrorCode": 0, "Message": "OK", "MessageID": "4711", "To": "ap@harbour.example"}


class Provider(BaseHTTPRequestHandler):
    """Answers every request with server.answer = (status, body, headers); None hangs up."""

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.requests += 1
        if self.server.answer is None:
            return
        status, body, headers = self.server.answer
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *args):
        pass


@pytest.fixture
def provider(settings):
    server = HTTPServer(("127.0.0.1", 0), Provider)
    server.requests, server.answer = 0, (200, ACCEPTED, {})
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    settings.EMAIL_BACKEND = "anymail.backends.postmark.EmailBackend"
    settings.ANYMAIL = {
        "POSTMARK_SERVER_TOKEN": "t",
        "POSTMARK_API_URL": f"http://127.0.0.1:{server.server_port}/",
        "REQUESTS_TIMEOUT": 5,
    }
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def _send(marks):
    message = EmailMessage("Subject", "Body", "us@kelp.example", ["ap@harbour.example"])
    with EmailChannel().session() as session:
        return session.send(message, on_wire=lambda: marks.append("wire"))


def test_the_providers_id_is_the_receipt(provider):
    marks = []

    receipt = _send(marks)

    assert (receipt.provider_id, receipt.response) == ("4711", "sent")
    assert marks == ["wire"]


@pytest.mark.parametrize(
    ("status", "headers", "kind", "after"),
    [
        (422, {}, "permanent", None),
        (401, {}, "config", None),
        (402, {}, "config", None),
        (408, {}, "temporary", None),
        (429, {"Retry-After": "90"}, "rate", timedelta(seconds=90)),
        (429, {"Retry-After": "31536000"}, "rate", timedelta(hours=1)),
        (429, {"Retry-After": "9" * 40}, "rate", timedelta(hours=1)),
        (429, {"Retry-After": "Wed, 21 Oct 2099 07:28:00 GMT"}, "rate", None),
        (429, {"Retry-After": "\xb2"}, "rate", None),
    ],
)
def test_a_definite_refusal_says_what_it_is(provider, status, headers, kind, after):
    provider.answer = (status, {"ErrorCode": 1, "Message": "no"}, headers)

    with pytest.raises(ChannelFailure) as failure:
        _send([])

    assert (failure.value.kind, failure.value.retry_after) == (kind, after)


@pytest.mark.parametrize("answer", [(500, {}, {}), (503, {}, {}), None])
def test_no_clear_answer_is_of_unknown_outcome(provider, answer):
    provider.answer = answer

    with pytest.raises(OutcomeUnknown):
        _send([])

    assert provider.requests == 1


def test_a_provider_that_cannot_be_reached_has_taken_nothing(provider, settings):
    settings.ANYMAIL = {**settings.ANYMAIL, "POSTMARK_API_URL": "http://127.0.0.1:1/"}

    with pytest.raises(ChannelFailure) as failure:
        _send([])

    assert failure.value.kind == "temporary"


def test_a_missing_key_is_a_set_up_problem(provider, settings):
    settings.ANYMAIL = {}

    with pytest.raises(ChannelFailure) as failure:
        _send([])

    assert failure.value.kind == "config"


def test_a_provider_that_answers_yes_and_says_failed_has_not_taken_it(provider, settings):
    settings.EMAIL_BACKEND = "anymail.backends.mailjet.EmailBackend"
    settings.ANYMAIL = {
        "MAILJET_API_KEY": "k",
        "MAILJET_SECRET_KEY": "s",
        "MAILJET_API_URL": f"http://127.0.0.1:{provider.server_port}/",
    }
    provider.answer = (200, {"Messages": [{"Status": "error", "Errors": []}]}, {"Content-Type": "application/json"})

    with pytest.raises(ChannelFailure, match="did not take it: failed") as failure:
        _send([])

    assert failure.value.kind == "permanent"
