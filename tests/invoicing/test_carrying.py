"""The worker's side: claim, lease, fence, on the wire, and what each failure becomes."""

from datetime import timedelta

import pytest
import time_machine
from django.core import mail as django_mail
from django.db import OperationalError

from config.common import clock
from config.common.errors import Stale
from config.common.models import AuditEvent
from invoicing.channels.base import ChannelFailure, OutcomeUnknown
from invoicing.models import Delivery, Invoice
from invoicing.services import carrying, channels, delivering, settling, sweeping
from tests import factories

pytestmark = pytest.mark.django_db


def _reloaded(delivery):
    delivery.refresh_from_db()
    return delivery


def test_a_sent_invoice_is_billed_with_its_proof(channel):
    delivery = factories.queued()

    carrying.carry_waiting()

    assert (_reloaded(delivery).status, delivery.response) == ("sent", "250 queued as 1")
    attempt = delivery.attempts.get()
    assert (attempt.result, attempt.code, attempt.wire_started_at is not None) == ("ok", "250", True)
    invoice = delivery.documents.get().invoice
    assert invoice.billed_at == delivery.sent_at
    assert delivery.documents.get().document.format == "pdf"
    assert AuditEvent.objects.filter(action="invoice.billed").count() == 1


def test_the_mail_has_text_html_and_the_stored_pdf(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    delivery = factories.queued()

    carrying.carry_waiting()

    (message,) = django_mail.outbox
    assert message.to == ["ap@harbour.example"]
    assert message.subject == "Invoice INV-2026-00001"
    assert message.extra_headers["Message-ID"] == delivery.message_id
    assert [content for content, kind in message.alternatives]
    ((name, pdf, kind),) = message.attachments
    assert (name, kind, pdf[:5]) == ("INV-2026-00001.pdf", "application/pdf", b"%PDF-")


def test_copies_never_bill(channel):
    invoice = factories.opened()
    delivering.queue_delivery(invoice, by=factories.SYSTEM, mail=factories.mail(copies=["us@kelp.example"]))
    channel.before = [ChannelFailure("550 no such user", kind="permanent", code="550")]

    carrying.carry_waiting()

    assert list(Delivery.objects.order_by("pk").values_list("role", "status")) == [("to", "failed"), ("copy", "sent")]
    assert Invoice.objects.get(pk=invoice.pk).billed_at is None


@pytest.mark.parametrize(
    ("before", "after", "status", "result"),
    [
        (ChannelFailure("450 later", kind="temporary", code="450"), None, "retrying", "temporary"),
        (ChannelFailure("421 slow down", kind="rate", code="421"), None, "retrying", "rate"),
        (ChannelFailure("550 no such user", kind="permanent", code="550"), None, "failed", "permanent"),
        (None, ChannelFailure("554 spam", kind="permanent", code="554"), "failed", "permanent"),
        (None, OutcomeUnknown("the line went dead"), "unknown", "unknown"),
        (RuntimeError("bug"), None, "failed", "permanent"),
        (None, RuntimeError("bug"), "unknown", "unknown"),
    ],
)
def test_every_end_has_its_state_and_reason(channel, before, after, status, result):
    delivery = factories.queued()
    channel.before, channel.after = [before], [after]

    carrying.carry_waiting()

    assert _reloaded(delivery).status == status
    assert delivery.reason
    assert (delivery.worker, delivery.lease_until) == ("", None)
    assert delivery.attempts.get().result == result
    assert delivery.documents.get().live == (status in Delivery.LIVE)
    assert Invoice.objects.get(pk=delivery.documents.get().invoice_id).status == "open"


def test_a_temporary_failure_waits_and_then_sends_the_very_same_bytes(channel):
    delivery = factories.queued()
    channel.before = [ChannelFailure("450 later", kind="temporary", code="450")]
    seen = []
    channel.on_send = lambda message: seen.append(message.message().as_bytes())

    carrying.carry_waiting()
    first = _reloaded(delivery).content_sha256
    carrying.carry_waiting()  # too early: nothing happens
    assert delivery.attempts.count() == 1
    with time_machine.travel(clock.now() + timedelta(minutes=2), tick=True):
        carrying.carry_waiting()

    assert (_reloaded(delivery).status, delivery.content_sha256, delivery.tries) == ("sent", first, 2)
    assert delivery.attempts.count() == 2
    assert len(seen) == 1


def test_after_a_day_of_temporary_failures_it_is_given_up(channel):
    delivery = factories.queued()
    channel.before = [ChannelFailure("450 later", kind="temporary", code="450")] * 2

    carrying.carry_waiting()
    assert _reloaded(delivery).status == "retrying"
    with time_machine.travel(clock.now() + timedelta(hours=25), tick=True):
        carrying.carry_waiting()

    assert _reloaded(delivery).status == "failed"
    assert delivery.reason.startswith("Given up after a day")


@pytest.mark.parametrize("stopped", [True, False])
def test_what_waited_for_days_before_anything_was_tried_has_its_whole_day_of_tries(channel, manager, stopped):
    """In a stopped channel, or behind a long queue; a wrong password is no try."""
    delivery = factories.queued()
    if stopped:
        channel.before = [ChannelFailure("535 no", kind="config", code="535")]
        carrying.carry_waiting()
    channel.before = [ChannelFailure("450 later", kind="temporary", code="450")]

    with time_machine.travel(clock.now() + timedelta(days=3), tick=True):
        if stopped:
            channels.resume_channel("email", by=manager)
        carrying.carry_waiting()

    assert _reloaded(delivery).status == "retrying"


def test_an_invoice_never_leaves_without_its_pdf(channel, monkeypatch):
    delivery = factories.queued()

    def gone(document):
        raise OSError("the file is gone")

    monkeypatch.setattr(carrying.documents, "read", gone)
    carrying.carry_waiting()

    assert _reloaded(delivery).status == "failed"
    assert channel.sent == []


def test_a_mail_that_our_own_database_interrupts_is_tried_again(channel, monkeypatch):
    delivery = factories.queued()

    def restarting(document):
        raise OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(carrying.documents, "read", restarting)
    carrying.carry_waiting()

    assert _reloaded(delivery).status == "retrying"
    assert _reloaded(delivery).reason.endswith("OperationalError: server closed the connection unexpectedly")
    assert [attempt.result for attempt in delivery.attempts.all()] == ["temporary"]
    assert channel.sent == []


def test_only_one_of_many_claims_gets_a_row():
    delivery = factories.queued()

    taken = [carrying._claim(Delivery.objects.get(pk=delivery.pk), f"w{n}") for n in range(5)]

    assert taken == [True, False, False, False, False]


def test_a_worker_that_lost_its_lease_writes_nothing_more(channel):
    delivery = factories.queued()

    def the_sweeper_was_here(message):
        Delivery.objects.filter(pk=delivery.pk).update(lease_until=clock.now() - timedelta(minutes=5))
        carrying.reap()

    channel.on_send = the_sweeper_was_here
    carrying.carry_waiting()

    assert _reloaded(delivery).status == "unknown"
    assert [attempt.result for attempt in delivery.attempts.all()] == ["unknown"]
    assert delivery.documents.get().invoice.billed_at is None


def test_a_lease_that_ran_out_before_the_dot_sends_nothing(channel, monkeypatch):
    delivery = factories.queued()
    monkeypatch.setattr(carrying, "LEASE_SECONDS", -1)

    carrying.carry_waiting()

    assert channel.sent == []
    assert _reloaded(delivery).wire_started_at is None
    carrying.reap()
    assert _reloaded(delivery).status == "queued"


def _dead_worker(delivery, *, on_the_wire):
    carrying._claim(delivery, "dead")
    past = clock.now() - timedelta(minutes=10)
    Delivery.objects.filter(pk=delivery.pk).update(lease_until=past, wire_started_at=past if on_the_wire else None)


def test_a_worker_that_died_before_the_wire_is_replaced_silently(channel):
    delivery = factories.queued()
    _dead_worker(delivery, on_the_wire=False)

    sweeping.sweep()
    carrying.carry_waiting()

    assert _reloaded(delivery).status == "sent"
    assert [attempt.result for attempt in delivery.attempts.all()] == ["crashed", "ok"]


def test_a_worker_that_died_on_the_wire_leaves_an_unknown_outcome_never_a_second_mail(channel):
    delivery = factories.queued()
    _dead_worker(delivery, on_the_wire=True)

    sweeping.sweep()
    carrying.carry_waiting()

    assert _reloaded(delivery).status == "unknown"
    assert channel.sent == []


def test_what_kills_three_workers_is_put_aside():
    delivery = factories.queued()
    for _death in range(3):
        _dead_worker(delivery, on_the_wire=False)
        carrying.reap()
        delivery.refresh_from_db()

    assert delivery.status == "failed"
    assert "crashed the worker 3 times" in delivery.reason


def test_it_arrived_bills_and_send_again_queues_once_more(channel, clerk):
    channel.after = [OutcomeUnknown("dead line"), OutcomeUnknown("dead line")]
    first = factories.queued()
    second = factories.queued(factories.opened(factories.customer(name="Other")))
    carrying.carry_waiting()

    settling.settle_delivery(first, by=clerk, decision="arrived")
    settling.settle_delivery(second, by=clerk, decision="again")
    carrying.carry_waiting()

    assert _reloaded(first).response == "Femke Clerk says it arrived"
    assert first.documents.get().invoice.billed_at == first.sent_at
    assert (_reloaded(second).status, second.attempts.count()) == ("sent", 2)
    with pytest.raises(Stale):
        settling.settle_delivery(first, by=clerk, decision="arrived")


def test_a_mended_address_keeps_the_old_one_in_the_history(channel, clerk):
    delivery = factories.queued()
    channel.before = [ChannelFailure("550 no such user", kind="permanent", code="550")]
    carrying.carry_waiting()

    settling.settle_delivery(delivery, by=clerk, decision="again", address="new@harbour.example")
    carrying.carry_waiting()

    assert (_reloaded(delivery).status, delivery.recipient) == ("sent", "new@harbour.example")
    assert [a.recipient for a in delivery.attempts.all()] == ["ap@harbour.example", "new@harbour.example"]
    assert channel.sent[0].to == ["new@harbour.example"]


def test_a_failure_can_be_let_rest(channel, clerk):
    delivery = factories.queued()
    channel.before = [ChannelFailure("550 no such user", kind="permanent", code="550")]
    carrying.carry_waiting()
    assert Delivery.objects.problems().count() == 1

    settling.settle_delivery(delivery, by=clerk, decision="rest")

    assert Delivery.objects.problems().count() == 0
