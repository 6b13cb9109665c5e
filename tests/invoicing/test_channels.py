"""A channel that is stopped, once for all its messages, and resumed by a person."""

import pytest

from config.common.errors import Forbidden, Stale
from invoicing.channels.base import ChannelFailure
from invoicing.models import Attempt, ChannelState, Delivery
from invoicing.services import carrying, channels
from tests import factories

pytestmark = pytest.mark.django_db


def test_a_wrong_password_stops_the_channel_once_and_fails_nothing(channel, manager):
    deliveries = [factories.queued(factories.opened(factories.customer(name=f"C{n}"))) for n in range(5)]
    channel.before = [ChannelFailure("535 bad credentials", kind="config", code="535")] * 5

    carrying.carry_waiting()
    carrying.carry_waiting()

    assert Attempt.objects.count() == 1
    assert {d.status for d in Delivery.objects.all()} == {"queued"}
    assert ChannelState.objects.get().reason == "535 bad credentials"
    channel.before = []
    channels.resume_channel("email", by=manager)
    carrying.carry_waiting()
    assert Delivery.objects.filter(status="sent").count() == len(deliveries)
    with pytest.raises(Stale):
        channels.resume_channel("email", by=manager)


def test_a_clerk_cannot_resume_it(channel, clerk):
    factories.queued()
    channel.before = [ChannelFailure("535 bad credentials", kind="config", code="535")]
    carrying.carry_waiting()

    with pytest.raises(Forbidden):
        channels.resume_channel("email", by=clerk)

    assert [state.key for state in channels.paused_channels()] == ["email"]
