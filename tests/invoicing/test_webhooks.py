"""The doors of mail providers: what six of them post, and what strangers may not."""

import base64
import json
import random
from datetime import timedelta

import pytest
from anymail.inbound import AnymailInboundMessage
from anymail.signals import AnymailInboundEvent
from django.test import Client

from config.common.models import AuditEvent
from customers.models import Contact
from invoicing import receivers
from invoicing.models import Delivery, TrackingEvent
from tests import factories
from tests.invoicing.heard import measured, sent
from tests.invoicing.problems import unknown
from tests.invoicing.providers import POSTS, SIGNING_KEY

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("canned_pdf")]
SECRET = "dunlin:a-long-random-text-for-tests"


@pytest.fixture(autouse=True)
def set_up(settings):
    settings.ANYMAIL = {
        "WEBHOOK_SECRET": [SECRET, "dunlin:the-one-that-is-phased-out"],
        "MAILGUN_WEBHOOK_SIGNING_KEY": SIGNING_KEY,
    }


def post(name, body, headers=None, *, secret=SECRET, way="tracking"):
    auth = {"Authorization": "Basic " + base64.b64encode(secret.encode()).decode()} if secret else {}
    return Client(raise_request_exception=False).post(
        f"/webhooks/anymail/{name}/{way}/", json.dumps(body), "application/json", headers={**auth, **(headers or {})}
    )


def tell(provider, kind, delivery, after=timedelta(hours=1), **fields):
    name, body, headers = POSTS[provider](kind, delivery, delivery.sent_at + after)
    answer = post(name, body, headers, **fields)
    delivery.refresh_from_db()
    return answer.status_code


# --- Six providers -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("provider", POSTS)
def test_each_tells_that_a_mail_was_delivered_opened_and_clicked_and_telling_it_again_changes_nothing(provider):
    measured()
    delivery = sent()

    for _copy in range(3):
        for kind, hours in (("clicked", 3), ("delivered", 1), ("opened", 2)):
            assert tell(provider, kind, delivery, timedelta(hours=hours)) == 200

    told_in_seconds = timedelta(seconds=1)  # some round them
    assert abs(delivery.delivered_at - delivery.sent_at - timedelta(hours=1)) <= told_in_seconds
    assert abs(delivery.opened_at - delivery.sent_at - timedelta(hours=2)) <= told_in_seconds
    assert (delivery.open_count, delivery.click_count, delivery.machine_open_count) == (1, 1, 0)
    assert delivery.events.count() == 3


@pytest.mark.parametrize("provider", POSTS)
def test_each_tells_a_bounce_for_good_from_one_that_may_pass(provider):
    buyer = factories.customer()
    lost, full = sent(factories.opened(buyer)), sent(factories.opened(buyer))

    assert tell(provider, "soft", full) == 200
    assert not Contact.objects.get().is_troubled
    assert tell(provider, "hard", lost) == 200

    assert (lost.bounce_kind, Contact.objects.get().is_troubled) == ("hard", True)
    if provider == "mailgun":  # there a passing failure is a delay
        assert (full.bounced_at, full.deferred_at is None) == (None, False)
    else:
        assert full.bounce_kind == "soft"


@pytest.mark.parametrize("provider", POSTS)
def test_each_tells_a_complaint(provider):
    delivery = sent()

    assert tell(provider, "complained", delivery) == 200

    assert delivery.complained_at is not None
    assert Contact.objects.get().complained_at is not None


@pytest.mark.parametrize("provider", POSTS)
def test_what_each_tells_is_kept_without_the_reader(provider):
    measured()
    delivery = sent()
    for kind in ("delivered", "hard", "opened", "clicked"):
        tell(provider, kind, delivery)

    kept = json.dumps([event.raw for event in delivery.events.all()])
    for secret in ("ap@harbour", "198.51.100", "Hamburg", "Firefox", "dunlin.example/"):
        assert secret not in kept


def test_a_whole_pile_shuffled_and_three_times_over_ends_right(size):
    measured()
    buyer = factories.customer()
    deliveries = [sent(factories.opened(buyer)) for _n in range(4)]
    pile = []
    for n in range(size(500)):
        delivery = deliveries[n % 4]
        kind = ("delivered", "opened", "clicked", "opened", "soft")[n % 5]
        _name, [event], _headers = POSTS["sparkpost"](kind, delivery, delivery.sent_at + timedelta(minutes=n + 1))
        pile.append(event)
    told = {json.dumps(event) for event in pile}
    pile = pile * 3
    random.Random(3).shuffle(pile)

    for start in range(0, len(pile), 40):
        assert post("sparkpost", pile[start : start + 40]).status_code == 200

    assert TrackingEvent.objects.count() == len(told)
    for delivery in deliveries:
        delivery.refresh_from_db()
        assert delivery.open_count == delivery.events.filter(kind="opened").count()
        assert delivery.click_count == delivery.events.filter(kind="clicked").count()
        first = delivery.events.filter(kind__in=["opened", "clicked"]).order_by("occurred_at").first()
        assert delivery.opened_at == first.occurred_at


def test_a_mail_is_found_by_our_message_id_and_by_the_providers_own():
    measured()
    delivery = sent()
    Delivery.objects.filter(pk=delivery.pk).update(provider_id="883953f4-6105")
    body = {"RecordType": "Delivery", "Recipient": delivery.recipient, "DeliveredAt": "2026-11-20T09:00:00Z"}

    post("postmark", {**body, "MessageID": "883953f4-6105"})
    post("postmark", {**body, "MessageID": delivery.message_id.strip("<>"), "DeliveredAt": "2026-11-20T10:00:00Z"})

    assert delivery.events.count() == 2


def test_what_is_none_of_ours_is_let_go():
    body = {
        "RecordType": "Delivery",
        "Recipient": "a@b.example",
        "DeliveredAt": "2026-11-20T09:00:00Z",
        "MessageID": "x",
    }

    assert post("postmark", body).status_code == 200

    assert not TrackingEvent.objects.exists()


def test_evidence_by_webhook_is_in_the_trail_as_that():
    delivery = unknown()
    _name, body, _headers = POSTS["postmark"]("delivered", delivery, delivery.wire_started_at)

    post("postmark", body)

    delivery.refresh_from_db()
    assert delivery.status == "sent"
    assert AuditEvent.objects.get(action="delivery.evidence").source == "webhook"


# --- Replies -------------------------------------------------------------------------------------------------


def reply(delivery, **headers):
    named = {"In-Reply-To": delivery.message_id, "Message-ID": "<r1@harbour.example>", **headers}
    return {
        "FromFull": {"Email": "ap@harbour.example", "Name": "Dagny"},
        "ToFull": [{"Email": "us@kelp.example", "Name": ""}],
        "Subject": "Re: Invoice",
        "MessageID": "22c74902-a0c1-4511-804f2-341342852c90",
        "Date": "Fri, 20 Nov 2026 09:00:00 +0000",
        "TextBody": "Will be paid on Friday.\n\n> Please pay",
        "Headers": [{"Name": name, "Value": value} for name, value in named.items()],
        "Attachments": [],
    }


def test_a_reply_stands_with_the_mail_it_answers_and_settles_its_outcome():
    delivery = unknown()

    for _copy in range(2):
        assert post("postmark", reply(delivery), way="inbound").status_code == 200

    delivery.refresh_from_db()
    event = delivery.events.get()
    assert (event.kind, event.said, event.raw) == ("replied", "Will be paid on Friday.", None)
    assert (delivery.status, delivery.replied_at) == ("sent", event.occurred_at)


def test_an_automatic_answer_is_no_reply():
    delivery = sent()

    post("postmark", reply(delivery, **{"Auto-Submitted": "auto-replied"}), way="inbound")

    delivery.refresh_from_db()
    assert (delivery.replied_at, delivery.events.get().kind) == (None, "autoresponded")


def test_a_mail_that_answers_none_of_ours_is_not_kept():
    sent()

    assert post("postmark", reply(Delivery(message_id="<x@y>")), way="inbound").status_code == 200

    assert not TrackingEvent.objects.exists()


def come_in(delivery, **headers):
    """The inbound webhook of a provider that posts a mail as it is; it tells no moment of its own."""
    named = {"In-Reply-To": delivery.message_id, "Message-ID": "<r2@harbour.example>", "MIME-Version": "1.0", **headers}
    head = "".join(f"{name}: {value}\r\n" for name, value in named.items())
    raw = f"{head}Content-Type: text/plain\r\n\r\nWill be paid.".encode()
    return receivers.answered(
        None,
        event=AnymailInboundEvent(event_type="inbound", message=AnymailInboundMessage.parse_raw_mime_bytes(raw)),
        esp_name="SendGrid",
    )


@pytest.mark.parametrize("date", ["Fri, 20 Nov 2026 09:00:00 -0000", "rubbish", "Fri, 20 Nov 0001 00:00:00 +1400", ""])
def test_a_reply_with_an_odd_date_is_kept(date):
    delivery = sent()

    come_in(delivery, Date=date)

    assert delivery.events.get().said == "Will be paid."


def test_a_reply_that_names_what_no_database_can_look_for_is_kept():
    delivery = sent()

    come_in(delivery, References="<a\0b@c> <\udcff@d>".encode("utf-8", "surrogatepass").decode("latin-1"))

    assert delivery.events.get().kind == "replied"


@pytest.mark.parametrize(
    "told",
    [
        {"Details": "no\0such\ud800user"},
        {"Tag": "\ud800"},
        {"\0": 1},
        {"Delay": float("nan")},
        {"Delay": float("inf")},
        {"Recipient": "\ud800"},
    ],
)
def test_an_event_with_what_no_database_keeps_is_kept_without_it(told):
    delivery = sent()
    name, body, headers = POSTS["postmark"]("delivered", delivery, delivery.sent_at + timedelta(hours=1))

    assert post(name, {**body, **told}, headers).status_code == 200

    assert delivery.events.get().kind == "delivered"


@pytest.mark.parametrize("odd", ["a\0b", "\ud800"])
def test_an_event_about_no_mail_there_can_be_is_let_go(odd):
    body = {"RecordType": "Delivery", "Recipient": "a@b.example", "DeliveredAt": "2026-11-20T09:00:00Z"}

    assert post("postmark", {**body, "MessageID": odd}).status_code == 200

    assert not TrackingEvent.objects.exists()


# --- Strangers -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("provider", POSTS)
def test_without_the_secret_nobody_is_heard(provider):
    delivery = sent()

    for secret in ("", "dunlin:", "dunlin:wrong", ":", "other:a-long-random-text-for-tests"):
        assert tell(provider, "hard", delivery, secret=secret) == 400

    assert delivery.bounced_at is None
    assert not TrackingEvent.objects.exists()


def test_a_secret_that_is_phased_out_still_serves():
    delivery = sent()

    assert tell("postmark", "delivered", delivery, secret="dunlin:the-one-that-is-phased-out") == 200


def test_a_signature_that_does_not_fit_is_refused():
    delivery = sent()

    for spoilt in ("signature", "token", "timestamp"):
        name, body, headers = POSTS["mailgun"]("hard", delivery, delivery.sent_at)
        body["signature"][spoilt] = "0" + body["signature"][spoilt][1:] + "0"
        assert post(name, body, headers).status_code == 400

    assert not TrackingEvent.objects.exists()


@pytest.mark.parametrize("secret", [None, "", []])
def test_without_a_secret_of_our_own_there_is_no_door(settings, secret):
    settings.ANYMAIL = {**settings.ANYMAIL, "WEBHOOK_SECRET": secret}
    delivery = sent()

    assert tell("postmark", "hard", delivery, secret="") == 404
    assert tell("mailgun", "hard", delivery, secret="") == 404

    assert not TrackingEvent.objects.exists()


def test_a_body_that_is_too_large_is_refused():
    body = {"RecordType": "Delivery", "Details": "x" * (5 * 1024 * 1024 + 1)}

    assert post("postmark", body).status_code in (400, 413)


def test_nothing_is_told_to_who_asks_with_get():
    client = Client()

    assert client.get("/webhooks/anymail/postmark/tracking/").status_code == 405
    assert client.head("/webhooks/anymail/postmark/tracking/").status_code == 200
