"""Two machines whose clocks are ten minutes apart, and workers that know nothing of each other's processes."""

from email import message_from_bytes

import pytest
from django.db import connection

from invoicing.models import Attempt, Delivery
from tests.fire import batches, rig

pytestmark = pytest.mark.django_db(transaction=True)

HOSTS = ["north", "south", "north", "south"]
MINUTES = [10, -10, 10, -10]


def test_hosts_with_wrong_clocks_open_and_mail_nothing_twice(size, sink, crew, manager, figures):
    if connection.vendor == "sqlite":
        pytest.skip("SQLite is a file of one machine: it has no clock of its own for several to agree on.")
    refused, drafts = set(), rig.drafts(size(1000))

    def greylists(content):
        message = message_from_bytes(content)["Message-ID"]
        if message in refused or len(refused) == size(100):
            return None
        refused.add(message)
        return "451 4.7.1 greylisted"

    server = sink(delay=(0.0, 0.05))
    server.refuse_data = greylists
    with crew("run", 4, mail=server.url, lease=10, hosts=HOSTS, minutes=MINUTES):
        operation = batches.start(drafts, by=manager)
        batches.run_to_the_end(operation)

    by_host = {host: Attempt.objects.filter(worker__startswith=f"{host}:").count() for host in set(HOSTS)}
    retries = Attempt.objects.filter(result="temporary").count()
    figures(batches.states(operation), by_host, {"tried again": retries, "doubled": 0})
    batches.nothing_is_lost_or_doubled(operation, server)
    assert min(by_host.values()) > 0
    assert sum(by_host.values()) == Attempt.objects.count()
    assert retries == size(100)
    assert Delivery.objects.filter(status="sent").count() == len(server.mails)
