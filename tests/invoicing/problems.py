"""Deliveries that went wrong, made the way they go wrong: a channel that refuses, or falls silent on the wire."""

from contextlib import contextmanager
from datetime import timedelta
from unittest import mock

from customers.models import Customer
from invoicing.channels.base import ChannelFailure, OutcomeUnknown
from invoicing.models import Delivery
from invoicing.services import carrying
from tests import factories


class Failing:
    per_minute, repeats_for = 0, timedelta(0)

    def __init__(self, outcome, *, on_send=None):
        self.outcome, self.on_send = outcome, on_send

    @contextmanager
    def session(self):
        yield self

    def send(self, message, on_wire):
        on_wire()
        if self.on_send:
            self.on_send(message)
        raise self.outcome


def _carried(outcome, invoice, **fields):
    delivery = factories.queued(invoice, **fields)
    with mock.patch("invoicing.services.carrying.plugin", return_value=Failing(outcome)):
        carrying.carry_waiting(first=delivery.pk)
    return Delivery.objects.get(pk=delivery.pk)


def failed(invoice=None, reason="550 5.1.1 no such user", **fields) -> Delivery:
    return _carried(ChannelFailure(reason, kind="permanent", code="550"), invoice or _invoice(), **fields)


def unknown(invoice=None, **fields) -> Delivery:
    return _carried(
        OutcomeUnknown("The connection ended before the mail server answered."), invoice or _invoice(), **fields
    )


def paused(reason="535 wrong password"):
    """A channel that stopped for its set-up."""
    _carried(ChannelFailure(reason, kind="config"), _invoice())


def _invoice():
    return factories.opened(Customer.objects.first() or factories.customer())
