"""A mail server that takes five messages a second, from several workers that know it: hardly any is turned away."""

import threading
import time

import pytest

from invoicing.models import Delivery
from tests.fire import rig
from tests.processes import until

pytestmark = pytest.mark.django_db(transaction=True)

A_SECOND = 5


class Allowance:
    """A bucket of five tokens that fills by five a second, as providers reckon."""

    def __init__(self):
        self.left, self.at, self.lock = A_SECOND, time.monotonic(), threading.Lock()

    def answer(self, envelope, address):
        with self.lock:
            now = time.monotonic()
            self.left, self.at = min(A_SECOND, self.left + (now - self.at) * A_SECOND), now
            if self.left < 1:
                return "421 4.7.0 too many messages, slow down"
            self.left -= 1
        return None


def test_at_the_rate_a_server_bears_workers_together_are_hardly_ever_turned_away(
    size, sink, crew, figures, monkeypatch
):
    """B5. The seconds it took are a figure beside the share of the rate that was used; they are not asserted."""
    monkeypatch.setenv("EMAIL_PER_MINUTE", str(60 * A_SECOND))
    sends, server = size(500), sink(answer=Allowance().answer)
    rig.queued(sends)

    with crew("pump", 4, mail=server.url, lease=60, canned=True):
        until(lambda: len(server.mails) >= sends, 600)
        until(lambda: not Delivery.objects.exclude(status="sent").exists(), 60)

    took = server.at[-1] - server.at[0]
    used = round(100 * (sends - 1) / (took * A_SECOND))
    figures(sends=sends, **{"turned away": len(server.refused), "of the rate used": f"{used}%"})
    assert max(server.counted().values()) == 1
    assert len(server.refused) <= sends * 0.02
