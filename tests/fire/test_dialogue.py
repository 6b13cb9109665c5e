"""The mail server refuses, hangs up or falls silent at every point of the dialogue: each delivery ends as it should."""

from datetime import timedelta

import pytest

from config.common import clock
from invoicing import documents
from invoicing.channels import smtp as wire
from invoicing.models import Attempt, ChannelState, Delivery, Invoice
from invoicing.services import carrying
from tests.fire import rig
from tests.smtp_server import CUT, SILENCE, Server

pytestmark = pytest.mark.django_db(transaction=True)

SAFE = ["connect", "greeting", "ehlo", "mail", "rcpt", "data"]


@pytest.fixture
def server(settings, monkeypatch):
    """A scripted server; the settings of this process point at it."""
    # Larger than all buffers between the two, so that a cut in the body is met in the body.
    monkeypatch.setattr(documents, "_make", lambda invoice: (b"%PDF-1.4\n" + b"0123456789abcdef" * 200_000, []))
    server = Server()
    settings.EMAIL_BACKEND = "invoicing.channels.smtp.WireBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    server.start()
    yield server
    server.stop()


@pytest.fixture
def patience(monkeypatch):
    """`patience(seconds)`: how long the client waits for each answer, instead of minutes."""

    def waits(seconds):
        for name in ("CONNECT_SECONDS", "COMMAND_SECONDS", "FINAL_REPLY_SECONDS"):
            monkeypatch.setattr(wire, name, seconds)

    return waits


@pytest.fixture
def small_pdf(server, canned_pdf):
    """Only a cut in the body needs a large one."""


def _carry_all(deliveries):
    """One round over those that wait, as if their pause were over; their states."""
    Delivery.objects.filter(status="retrying").update(not_before=None, tries=0)
    while carrying.carry_waiting():
        pass
    return set(Delivery.objects.filter(pk__in=[d.pk for d in deliveries]).values_list("status", flat=True))


def _last_attempts(deliveries):
    found = [Attempt.objects.filter(delivery=delivery).order_by("-n").first() for delivery in deliveries]
    return {(attempt.result, attempt.wire_started_at is not None) for attempt in found}


@pytest.mark.usefixtures("small_pdf")
def test_a_cut_at_any_point_before_the_body_is_repeated_until_it_arrives_once(server, size, figures):
    _is_repeated_until_it_arrives_once(server, rig.queued(size(50)), SAFE, figures)


def test_a_cut_in_the_middle_of_the_body_is_repeated_until_it_arrives_once(server, size, figures):
    _is_repeated_until_it_arrives_once(server, rig.queued(size(50)), ["body"], figures)


def _is_repeated_until_it_arrives_once(server, deliveries, points, figures):
    for point in points:
        server.does(**{point: CUT})
        assert _carry_all(deliveries) == {"retrying"}, point
        assert _last_attempts(deliveries) == {("temporary", False)}, point
        assert Delivery.objects.filter(reason="").count() == 0
        assert Delivery.objects.filter(not_before__gt=clock.now()).count() == len(deliveries)
        assert server.received == []
    server.does()

    assert _carry_all(deliveries) == {"sent"}
    assert len(server.received) == len(deliveries)
    assert Attempt.objects.count() == len(deliveries) * (len(points) + 1)
    figures({"deliveries": len(deliveries), "cuts": len(deliveries) * len(points), "doubled": 0})


@pytest.mark.usefixtures("small_pdf")
def test_silence_and_temporary_refusals_before_the_dot_are_repeated_until_it_arrives_once(server, size, patience):
    deliveries = rig.queued(size(50))
    answers = [(step, SILENCE) for step in ("greeting", "ehlo", "mail", "rcpt", "data")]
    answers += [(step, "451 4.3.0 try later") for step in ("mail", "rcpt", "data", "dot")]

    for point, answer in answers:
        server.does(**{point: answer})
        patience(0.1 if answer == SILENCE else 10)
        assert _carry_all(deliveries) == {"retrying"}, (point, answer)
        # A refusal of the whole message was on the wire and is definite all the same.
        assert _last_attempts(deliveries) == {("temporary", point == "dot")}, (point, answer)
    server.received.clear()
    server.does()

    assert _carry_all(deliveries) == {"sent"}
    assert len(server.received) == len(deliveries)


@pytest.mark.usefixtures("small_pdf")
@pytest.mark.parametrize("answer", [CUT, SILENCE], ids=["cut", "silence"])
def test_a_cut_or_silence_after_the_dot_is_an_unknown_outcome_and_never_repeated(server, size, patience, answer):
    deliveries = rig.queued(size(50))
    patience(0.5)
    server.does(dot=answer)

    assert _carry_all(deliveries) == {"unknown"}
    assert _last_attempts(deliveries) == {("unknown", True)}
    server.does()
    assert _carry_all(deliveries) == {"unknown"}

    assert len(server.received) == len(deliveries)
    assert Delivery.objects.problems().exclude(reason="").count() == len(deliveries)
    assert Invoice.objects.exclude(billed_at=None).count() == 0


@pytest.mark.usefixtures("small_pdf")
@pytest.mark.parametrize("point", ["rcpt", "data", "dot"])
def test_a_permanent_refusal_fails_with_the_servers_own_words(server, size, point):
    deliveries = rig.queued(size(50))
    server.does(**{point: "554 5.7.1 looks like spam"})

    assert _carry_all(deliveries) == {"failed"}
    server.does()
    assert _carry_all(deliveries) == {"failed"}

    assert Delivery.objects.problems().filter(reason__contains="5.7.1 looks like spam").count() == len(deliveries)
    assert Attempt.objects.count() == len(deliveries)
    assert len(server.received) == (len(deliveries) if point == "dot" else 0)


@pytest.mark.usefixtures("small_pdf")
@pytest.mark.parametrize(
    ("point", "answer"),
    [
        ("greeting", "554 5.7.1 no service for you"),
        ("ehlo", "550 5.7.1 we do not know you"),
        ("mail", "550 5.7.1 you may not send as that address"),
        ("rcpt", "530 5.7.0 authentication required"),
    ],
)
def test_a_server_that_refuses_us_stops_the_channel_instead_of_failing_each_mail(server, size, point, answer):
    deliveries = rig.queued(size(50))
    server.does(**{point: answer})

    assert _carry_all(deliveries) == {"queued"}
    assert Attempt.objects.count() == 1
    assert answer in ChannelState.objects.exclude(paused_at=None).get().reason
    assert server.received == []


@pytest.mark.usefixtures("small_pdf")
def test_a_message_that_is_too_large_fails_alone_and_the_channel_goes_on(server, size):
    deliveries = rig.queued(size(50))
    server.does(mail="552 5.3.4 message size exceeds fixed limit")
    Delivery.objects.exclude(pk=deliveries[0].pk).update(not_before=clock.now() + timedelta(hours=1))

    carrying.carry_waiting()
    server.does()
    Delivery.objects.update(not_before=None)
    carrying.carry_waiting()

    ends = dict(Delivery.objects.values_list("pk", "status"))
    assert ends.pop(deliveries[0].pk) == "failed"
    assert set(ends.values()) == {"sent"}
    assert "552 5.3.4" in Delivery.objects.get(pk=deliveries[0].pk).reason


def test_a_server_that_stops_reading_in_the_middle_of_the_body_is_left_and_tried_again(server, patience):
    deliveries = rig.queued(2)
    patience(0.5)
    server.does(body=SILENCE)

    assert _carry_all(deliveries[:1]) == {"retrying"}
    assert _last_attempts(deliveries[:1]) == {("temporary", False)}
    assert server.received == []
