"""Voids race with sends: no mail goes on the wire after the void's commit, and nobody is left in doubt."""

import random
import threading
import time

import pytest
from django.db import connection

from config.common import clock
from config.common.errors import DomainError
from config.common.roles import SYSTEM
from invoicing.models import Delivery, Invoice
from invoicing.services import correcting
from tests import factories
from tests.fire import rig

pytestmark = pytest.mark.django_db(transaction=True)

ENDS = {"sent", "cancelled", "failed"}


def test_no_mail_goes_on_the_wire_after_its_invoice_is_void(size, sink, crew, figures):
    sends, dice, voided, refused = size(200), random.Random(9), {}, {}
    server = sink(delay=(0.0, 0.02))
    deliveries = rig.queued(sends)
    invoices = list(
        Invoice.objects.order_by("-pk")
    )  # against the stream: the last ones wait still, the first ones left

    def void_all(chosen):
        try:
            for invoice in chosen:
                time.sleep(dice.uniform(0, 0.03))
                try:
                    correcting.void_invoice(invoice, by=SYSTEM, on=factories.TODAY, reason="Wrong customer")
                    voided[invoice.pk] = clock.database_now()
                except DomainError as refusal:
                    refused[invoice.pk] = str(refusal)
        finally:
            connection.close()

    clerks = [threading.Thread(target=void_all, args=(invoices[n::2],)) for n in range(2)]
    with crew("pump", 2, mail=server.url, lease=60, canned=True):
        while not server.mails:
            time.sleep(0.01)
        for clerk in clerks:
            clerk.start()
        for clerk in clerks:
            clerk.join()
        while Delivery.objects.filter(status__in=["queued", "sending", "retrying"]).exists():
            time.sleep(0.05)

    sent = set(Delivery.objects.filter(status="sent").values_list("documents__invoice", flat=True))
    late = Delivery.objects.filter(documents__invoice__in=voided, wire_started_at__isnull=False)
    assert set(Delivery.objects.values_list("status", flat=True)) <= ENDS
    assert Invoice.objects.filter(status="void").count() == len(voided) > 0
    assert refused
    assert set(voided) & sent == set()
    assert not late.exists()  # nothing of a void invoice was ever on the wire
    assert len(server.mails) == len(sent) == sends - len(voided)
    assert sorted(server.counted().values()) == [1] * len(sent)
    said = set(Delivery.objects.filter(documents__invoice__in=voided).values_list("reason", flat=True))
    assert all("void" in reason for reason in said)
    assert len(deliveries) == sends
    figures({"sends": sends, "void": len(voided), "refused": len(refused), "mails after a void": 0})
