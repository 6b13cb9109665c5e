"""The pixel: one picture for everybody, and in a mail only where opens are measured."""

import email
import email.policy
import uuid
from datetime import timedelta

import pytest
from django.core import mail
from django.urls import reverse

from customers.models import Customer, Organization
from invoicing import documents, messages
from invoicing.models import Delivery, OutboxMessage, TrackingEvent
from invoicing.views.pixel import GIF
from tests import factories
from tests.invoicing.heard import READER, measured, sent

pytestmark = pytest.mark.django_db


def address(delivery):
    return reverse("pixel", args=[delivery.public_id.hex])


def fetch(client, delivery, method="get", agent=READER, **headers):
    return getattr(client, method)(address(delivery), headers={"User-Agent": agent, **headers})


def test_it_stands_in_the_html_alone_of_to_readers_where_there_is_consent(worker):
    measured()
    factories.queued(cc=["cc@harbour.example"])
    worker()

    by_role = {message.to[0]: message for message in mail.outbox}
    to, cc = by_role["ap@harbour.example"], by_role["cc@harbour.example"]
    delivery = Delivery.objects.get(role="to")
    html = to.alternatives[0][0]
    assert html.count(f'<img src="http://127.0.0.1:8000{address(delivery)}" width="1" height="1" alt="">') == 1
    assert html.rstrip().endswith("</html>")
    assert address(delivery) not in to.body
    assert "<img" not in cc.alternatives[0][0]
    assert (delivery.is_tracked, Delivery.objects.get(role="cc").is_tracked) == (True, False)


@pytest.mark.parametrize(
    ("ours", "theirs", "carried"), [(False, None, False), (True, False, False), (False, True, True)]
)
def test_the_customer_decides_before_the_organization(worker, ours, theirs, carried):
    measured(opens=ours)
    factories.customer(track_opens=theirs)
    factories.queued(factories.opened(Customer.objects.get()))
    worker()

    assert ("<img" in mail.outbox[0].alternatives[0][0]) is carried
    assert Delivery.objects.get().is_tracked is carried


def test_what_is_stored_and_shown_here_holds_none(worker, as_role, viewer):
    measured()
    delivery = sent()

    page = as_role(viewer).get(reverse("invoicing:delivery_html", args=[delivery.pk]))

    assert "<img" not in page.text
    assert "<img" not in Delivery.objects.get().html
    assert not TrackingEvent.objects.exists()


def test_a_retry_carries_the_same_bytes_though_consent_was_withdrawn_meanwhile():
    measured()
    delivery = sent()
    document = delivery.documents.get().document

    def raw():
        found = Delivery.objects.get()
        return messages.message_for(found, documents.read(document), name=document.name).message().as_bytes()

    before = raw()
    Organization.objects.update(track_opens=False, trade_name="Another name")

    assert raw() == before


def test_a_person_who_looks_is_counted(client):
    measured()
    delivery = sent(days_ago=1)

    assert fetch(client, delivery).status_code == 200

    delivery.refresh_from_db()
    assert (delivery.open_count, delivery.machine_open_count) == (1, 0)
    assert delivery.events.get().source == "pixel"


def test_every_answer_is_the_same_picture(client, as_role, admin):
    measured()
    known, quiet = sent(), sent()
    Customer.objects.filter(pk=quiet.customer_id).update(track_opens=False)
    paths = [
        address(known),
        address(quiet),
        address(known),
        reverse("pixel", args=[uuid.uuid4().hex]),
        reverse("pixel", args=["nonsense"]),
        reverse("pixel", args=["x" * 500]),
    ]

    answers = [each.get(path) for each in (client, as_role(admin)) for path in paths]

    assert {answer.content for answer in answers} == {GIF}
    assert {answer.status_code for answer in answers} == {200}
    kept = ("Content-Type", "Cache-Control", "Referrer-Policy", "Cross-Origin-Resource-Policy")
    assert {tuple(answer[name] for name in kept) for answer in answers} == {
        ("image/gif", "no-store, private", "no-referrer", "cross-origin")
    }
    assert {name for answer in answers[: len(paths)] for name in answer.cookies} == set()


@pytest.mark.parametrize(("method", "why"), [("head", "head"), ("get", "staff")])
def test_a_look_at_the_headers_and_our_own_look_open_nothing(as_role, client, clerk, method, why):
    measured()
    delivery = sent()

    answer = fetch(as_role(clerk) if why == "staff" else client, delivery, method)

    delivery.refresh_from_db()
    assert answer.status_code == 200
    assert (delivery.open_count, delivery.opened_at, delivery.machine_open_count) == (0, None, 1)
    assert delivery.events.get().why == why


def test_the_moment_it_was_taken_is_too_soon_for_a_reader(client):
    measured()
    delivery = sent(days_ago=0)

    fetch(client, delivery)

    assert delivery.events.get().why == "too_soon"


def test_nothing_is_written_where_opens_are_off(client):
    measured(opens=False)
    delivery = sent()

    fetch(client, delivery)

    assert not TrackingEvent.objects.exists()
    delivery.refresh_from_db()
    assert (delivery.open_count, delivery.machine_open_count) == (0, 0)


def test_nothing_can_be_posted_to_it(client):
    assert client.post(reverse("pixel", args=["x"])).status_code == 405


def test_the_demos_outbox_shows_a_mail_without_fetching_its_pixel(demo_outbox, as_role, viewer):
    measured()
    sent()
    kept = OutboxMessage.objects.get()

    page = as_role(viewer).get(reverse("invoicing:outbox_html", args=[kept.pk]))

    left = email.message_from_bytes(bytes(kept.raw), policy=email.policy.default).get_body(("html",)).get_content()
    assert ("/o/" in left, "/o/" in page.text) == (True, False)
    assert "img-src data:;" in page["Content-Security-Policy"]


def test_ten_fetches_by_machines_do_not_hinder_the_reader(client):
    measured()
    delivery = sent()
    for n in range(10):
        fetch(client, delivery, "head" if n % 2 else "get", agent="curl/8.9.1")

    fetch(client, delivery)

    delivery.refresh_from_db()
    assert (delivery.open_count, delivery.machine_open_count) == (1, 10)
    assert delivery.opened_at - delivery.sent_at >= timedelta(hours=23)
