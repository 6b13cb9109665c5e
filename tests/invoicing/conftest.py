"""A channel that does what the test says."""

from contextlib import contextmanager
from datetime import timedelta

import pytest

from invoicing.channels.base import Receipt
from invoicing.services import carrying


class FakeChannel:
    """Does what the test says at each send: an exception is raised before or after the wire, else a receipt."""

    per_minute, repeats_for = 0, timedelta(0)

    def __init__(self):
        self.sent, self.before, self.after, self.on_send = [], [], [], None

    @contextmanager
    def session(self):
        yield self

    def send(self, message, on_wire):
        if self.before and (error := self.before.pop(0)):
            raise error
        on_wire()
        if self.on_send:
            self.on_send(message)
        if self.after and (error := self.after.pop(0)):
            raise error
        self.sent.append(message)
        return Receipt(response="250 queued as 1", code="250")


@pytest.fixture
def channel(monkeypatch):
    channel = FakeChannel()
    monkeypatch.setattr(carrying, "plugin", lambda setting, key: channel)
    return channel
