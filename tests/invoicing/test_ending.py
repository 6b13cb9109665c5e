"""How a try ends: what a provider with keys is asked again, and what is left for a person."""

from datetime import timedelta

import pytest

from config.common import clock
from invoicing.channels.base import ChannelFailure, OutcomeUnknown
from invoicing.models import Attempt, Delivery
from invoicing.services import carrying
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def keyed(channel):
    channel.repeats_for = timedelta(hours=23)
    return channel


def later(**fields):
    """The pause is over."""
    Delivery.objects.update(not_before=None, **fields)


def test_without_keys_nobody_asks_again(channel):
    delivery = factories.queued()
    channel.after = [OutcomeUnknown("No answer came.")]

    carrying.carry_waiting()

    delivery.refresh_from_db()
    assert (delivery.status, delivery.reason, delivery.uncertain_since) == ("unknown", "No answer came.", None)


def test_a_provider_that_knows_the_key_is_asked_again_and_the_same_bytes_go(keyed):
    delivery = factories.queued()
    keyed.after = [OutcomeUnknown("No answer came.")]
    seen = []
    keyed.on_send = lambda message: seen.append(message.message().as_bytes())

    carrying.carry_waiting()
    delivery.refresh_from_db()
    assert delivery.status == "retrying"
    assert delivery.reason == ("No answer came. It is asked for again with the same key, so that it cannot go twice.")
    assert delivery.not_before > clock.now()

    later()
    carrying.carry_waiting()

    delivery.refresh_from_db()
    assert delivery.status == "sent"
    assert seen[0] == seen[1]
    assert list(Attempt.objects.values_list("n", "result")) == [(1, "unknown"), (2, "ok")]


def test_when_the_provider_forgets_the_key_the_outcome_stays_unknown(keyed):
    delivery = factories.queued()
    keyed.after = [OutcomeUnknown("No answer came."), OutcomeUnknown("Still none.")]
    carrying.carry_waiting()
    since = clock.database_now() - timedelta(hours=23)

    later(uncertain_since=since)
    carrying.carry_waiting()

    delivery.refresh_from_db()
    assert (delivery.status, delivery.reason) == ("unknown", "Still none.")
    assert delivery.wire_started_at == since


def test_one_that_may_have_arrived_is_never_given_up_as_failed(keyed):
    delivery = factories.queued()
    keyed.after = [OutcomeUnknown("No answer came.")]
    carrying.carry_waiting()
    long_ago = clock.database_now() - timedelta(hours=25)

    keyed.before = [ChannelFailure("The mail provider could not be reached", kind="temporary")]
    later(uncertain_since=long_ago)
    carrying.carry_waiting()

    delivery.refresh_from_db()
    assert (delivery.status, delivery.wire_started_at) == ("unknown", long_ago)


def test_a_worker_that_died_on_the_wire_is_asked_again_for_too(keyed):
    delivery = factories.queued()
    carrying._claim(delivery, "dead")
    gone = clock.database_now() - timedelta(minutes=5)
    Delivery.objects.update(wire_started_at=gone, lease_until=gone)

    carrying.reap()

    delivery.refresh_from_db()
    assert (delivery.status, delivery.uncertain_since) == ("retrying", gone)


def test_a_try_is_written_once_with_what_the_server_said(channel):
    delivery = factories.queued()
    channel.before = [ChannelFailure("550 no such mailbox", kind="permanent", code="550")]

    carrying.carry_waiting()

    assert list(Attempt.objects.values_list("delivery", "result", "code", "text")) == [
        (delivery.pk, "permanent", "550", "550 no such mailbox")
    ]
