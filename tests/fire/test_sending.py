"""A mail server with moods, a password that is wrong, bytes that stay the same, a file that is gone."""

import hashlib
from datetime import timedelta
from random import Random

import pytest
import time_machine
from django.conf import settings as configured
from django.core.files.storage import storages
from django.db import connection
from django.urls import reverse

from config.common import clock
from config.common.roles import SYSTEM
from customers.models import Organization
from customers.services.logos import store_logo
from customers.services.organization import change_organization
from invoicing import documents
from invoicing.demo import logo
from invoicing.models import Attempt, ChannelState, Delivery, DeliveryDocument, InvoiceTemplate
from invoicing.services import carrying, channels, delivering, ending
from invoicing.services.templates import change_template, store_template_logo
from tests import factories
from tests.fire import rig
from tests.processes import until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.filterwarnings("ignore:Requiring AUTH")]


def _pump():
    while carrying.carry_waiting():
        pass


@pytest.mark.usefixtures("canned_pdf")
def test_a_server_that_says_451_to_a_third_gets_everything_once_in_growing_pauses(size, sink, figures):
    dice = Random(4)
    server = sink(answer=lambda envelope, address: "451 4.7.1 greylisted" if dice.random() < 0.3 else None)
    deliveries = rig.queued(size(1000))
    began, rounds, pauses = clock.now(), 0, []

    _pump()
    while waiting := list(Delivery.objects.filter(status="retrying")):
        rounds += 1
        for delivery in waiting:
            last = delivery.attempts.order_by("-n").first()
            planned = ending.PAUSES[min(delivery.tries, len(ending.PAUSES)) - 1]
            pauses.append((delivery.not_before - last.started_at) / planned)
        with time_machine.travel(max(delivery.not_before for delivery in waiting) + timedelta(seconds=1), tick=True):
            _pump()

    figures(deliveries=len(deliveries), refused=len(server.refused), rounds=rounds)
    assert set(Delivery.objects.values_list("status", flat=True)) == {"sent"}
    assert sorted(server.counted().values()) == [1] * len(deliveries)
    assert Attempt.objects.filter(result="temporary").count() == len(server.refused) > len(deliveries) * 0.2
    assert min(pauses) > 0.75
    assert max(pauses) < 1.25
    assert clock.now() - began < timedelta(hours=24)


@pytest.mark.usefixtures("canned_pdf")
def test_of_three_readers_the_one_that_is_refused_fails_alone(sink):
    refused = "b@harbour.example"
    server = sink(answer=lambda envelope, address: "550 5.1.1 no such user" if address == refused else None)
    invoice = factories.opened()
    delivering.queue_delivery(
        invoice, by=SYSTEM, mail=factories.mail("a@harbour.example", refused, cc=["c@harbour.example"])
    )

    for _n in range(3):
        _pump()

    ends = dict(Delivery.objects.values_list("recipient", "status"))
    assert ends == {"a@harbour.example": "sent", refused: "failed", "c@harbour.example": "sent"}
    assert Delivery.objects.get(recipient=refused).reason == "550 5.1.1 no such user"
    assert sorted(address for _id, address in server.mails) == ["a@harbour.example", "c@harbour.example"]
    assert len(server.refused) == 1


def test_a_wrong_password_stops_a_thousand_after_three_tries_and_resuming_sends_them_all(
    size, sink, crew, admin, as_role, figures
):
    deliveries, browser = rig.queued(size(1000)), as_role(admin)
    server = sink(password="the-right-one")

    def sends(password):
        return crew("pump", 3, mail=f"smtp://dunlin:{password}@127.0.0.1:{server.port}", lease=20, canned=True)

    with sends("a-wrong-one"):
        until(lambda: ChannelState.objects.exclude(paused_at=None).exists(), 60)
        until(lambda: not Delivery.objects.filter(status="sending").exists(), 60)
        paused_at = ChannelState.objects.get().paused_at
        before = Attempt.objects.count()
        until(lambda: clock.now() > paused_at + timedelta(seconds=2.5), 10)  # two minutes of a sweeper's life
        assert Attempt.objects.count() == before

    page = browser.get(reverse("home")).content.decode()
    assert 1 <= before <= 3
    assert set(Attempt.objects.values_list("result", flat=True)) == {"config"}
    assert set(Delivery.objects.values_list("status", flat=True)) == {"queued"}
    assert ChannelState.objects.get().paused_at == paused_at
    assert "does not accept our user name and password" in ChannelState.objects.get().reason
    assert page.count("after repeated errors; what is queued waits") == 1
    assert server.mails == []

    channels.resume_channel("email", by=admin)
    with sends("the-right-one"):
        until(lambda: not Delivery.objects.exclude(status="sent").exists(), 600)

    assert sorted(server.counted().values()) == [1] * len(deliveries)
    assert "after repeated errors" not in browser.get(reverse("home")).content.decode()
    figures(
        {"queued": len(deliveries), "tries with the wrong password": before, "sent after resuming": len(deliveries)}
    )


def test_every_try_sends_the_same_bytes_whatever_was_changed_meanwhile(sink, admin):
    ours = factories.organization()
    answers = ["451 4.3.0 try later", None]
    handed = []
    server = sink()
    server.refuse_data = lambda content: handed.append(content) or answers.pop(0)
    delivery = factories.queued()
    _pump()
    first = Delivery.objects.get()
    assert (first.status, len(handed), server.mails) == ("retrying", 1, [])

    store_logo(Organization.objects.get(pk=ours.pk), by=admin, data=logo.png())
    ours.refresh_from_db()
    change_organization(ours, by=admin, version=ours.version, legal_name="Another Name B.V.", email="new@kelp.example")
    template = InvoiceTemplate.objects.first()
    words = {"subject": "Other words", "message": "Other words", "footer": "Another footer"}
    other = {"colour": "#7a1f1f", "layout": "window", "texts": {"en": words}}
    change_template(template, by=admin, version=template.version, **other)
    store_template_logo(template, by=admin, version=template.version, data=logo.png())
    with time_machine.travel(clock.now() + timedelta(minutes=3), tick=True):
        _pump()

    second = Delivery.objects.get()
    assert second.status == "sent"
    assert hashlib.sha256(handed[0]).hexdigest() == hashlib.sha256(handed[1]).hexdigest()
    assert (second.content_sha256, second.message_id) == (first.content_sha256, delivery.message_id)
    assert len(server.mails) == 1


@pytest.mark.parametrize("harm", ["gone", "changed", "empty"])
def test_without_its_stored_pdf_nothing_leaves_and_the_reason_is_said(sink, harm):
    server = sink()
    delivery = factories.queued()
    stored = documents.ensure_pdf(delivery.documents.get().invoice)
    path = storages["documents"].path(stored.path)
    kept = storages["documents"].open(stored.path).read()
    if harm == "gone":
        storages["documents"].delete(stored.path)
    else:
        with open(path, "wb") as file:
            file.write(kept[:-1] if harm == "changed" else b"")

    _pump()

    failed = Delivery.objects.get()
    assert (failed.status, server.mails) == ("failed", [])
    said = "is gone" if harm == "gone" else "is not the one that was made"
    assert failed.reason.startswith(f"The stored file {stored.name} {said}")
    assert Delivery.objects.problems().count() == 1
    assert DeliveryDocument.objects.get().live is False
    assert str(configured.MEDIA_ROOT) not in failed.reason
    assert connection.in_atomic_block is False


def test_a_pdf_that_cannot_be_made_fails_its_delivery_alone(sink, monkeypatch):
    server = sink()
    broken, sound = rig.queued(2)
    make = documents._make
    poisoned = broken.documents.get().invoice_id

    def fails(invoice):
        if invoice.pk == poisoned:
            raise documents.RenderFailure("The PDF could not be made: too many lines.")
        return make(invoice)

    monkeypatch.setattr(documents, "_make", fails)
    _pump()

    broken.refresh_from_db()
    sound.refresh_from_db()
    assert (broken.status, sound.status) == ("failed", "sent")
    assert "too many lines" in broken.reason
    assert len(server.mails) == 1
