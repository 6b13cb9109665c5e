"""kill -9 at random moments while mail is being sent: nothing lost, nothing doubled, what is uncertain is said."""

import random
import signal
import time

import pytest
from django.db import connection
from django.urls import reverse

from invoicing.models import Delivery, Invoice
from tests.fire import rig
from tests.processes import until

pytestmark = pytest.mark.django_db(transaction=True)

LEASE = 10  # seconds; a worker's death is found out when its lease has run out


def test_workers_killed_in_the_middle_lose_nothing_and_double_nothing(size, sink, crew, bell, clerk, as_role, figures):
    sends, kills = size(1000), size(20)
    workers = 4 if connection.vendor == "sqlite" or sends < 1000 else 20
    dice = random.Random(11)
    rig.queued(sends)
    server, wire = sink(delay=(0.0, 0.15), seed=5), 0

    with crew("pump", workers, mail=server.url, replace=True, lease=LEASE, canned=True) as team:
        for kill in range(1, kills + 1):
            until(lambda goal=sends * kill // (kills + 1): len(server.mails) >= goal, 300, every=0.005)
            time.sleep(dice.uniform(0, 0.15))
            wire += rig.on_the_wire(team.signal_all(signal.SIGKILL))
        until(lambda: not Delivery.objects.filter(status__in=["queued", "retrying", "sending"]).exists(), 600)
        deaths = sum(status == -signal.SIGKILL for _n, status in team.ended)

    ends = dict.fromkeys(("sent", "unknown", "failed"), 0)
    for delivery in Delivery.objects.all():
        ends[delivery.status] += 1
        assert delivery.status == "sent" or delivery.reason
    arrived = server.counted()
    unknown = Delivery.objects.filter(status="unknown")
    accepted = sum((delivery.message_id, delivery.recipient) in arrived for delivery in unknown)
    figures(ends, **{"accepted of unknown": accepted, "on the wire at the kills": wire, "worker deaths": deaths})
    assert deaths == kills * workers
    # Whoever was claimed at three of the kills is put aside, as what kills workers is: not sent, and said so.
    put_aside = Delivery.objects.filter(status="failed")
    assert all(delivery.crashes == 3 and "crashed the worker 3 times" in delivery.reason for delivery in put_aside)
    assert ends["sent"] + ends["unknown"] + ends["failed"] == sends
    assert not any((delivery.message_id, delivery.recipient) in arrived for delivery in put_aside)
    assert ends["unknown"] <= wire  # nobody else's outcome is in doubt
    assert max(arrived.values()) == 1  # 0 doubled
    sent = Delivery.objects.filter(status="sent").values_list("message_id", "recipient")
    assert all(key in arrived for key in sent)  # 0 lost
    assert Invoice.objects.exclude(billed_at=None).count() == ends["sent"]
    _is_shown_with_what_to_do([*unknown, *put_aside], as_role(clerk))


def _is_shown_with_what_to_do(problems, browser):
    """Each stands on the page of delivery problems with its reason, and can be decided there."""
    listed = Delivery.objects.problems()
    assert set(listed) == set(problems)
    if not listed:
        return
    page = browser.get(reverse("invoicing:problems")).content.decode()
    for delivery in listed.order_by("-pk")[:50]:
        assert delivery.documents.get().invoice.number in page
    assert "The worker died while the message was being handed over." in page
    assert 'value="arrived"' in page
    assert 'value="again"' in page
