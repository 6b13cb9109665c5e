"""A group's emails are queued as one invoice's would be."""

import pytest
from django.core import mail
from django.forms import model_to_dict

from config.common.errors import Forbidden
from config.common.models import AuditEvent
from invoicing.models import Delivery, DeliveryDocument
from invoicing.services import delivering
from invoicing.services.delivering_groups import Letter, queue_deliveries
from invoicing.services.mail import check_mail
from tests import factories

pytestmark = pytest.mark.django_db

ITS_OWN = ("id", "public_id", "message_id", "idempotency_key", "dedupe_key", "occasion", "created_at", "queued_at")


def letter(invoice):
    asked = factories.mail(cc=["boss@harbour.example"])
    return Letter(invoice, asked, check_mail(asked))


def facts(delivery):
    return {name: value for name, value in model_to_dict(delivery).items() if name not in ITS_OWN}


def test_each_row_and_event_is_what_a_single_send_leaves(clerk, bell):
    buyer = factories.customer()
    alone, grouped = factories.opened(buyer), factories.opened(buyer)
    delivering.queue_delivery(alone, by=clerk, mail=factories.mail(cc=["boss@harbour.example"]))

    queue_deliveries([letter(grouped)], by=clerk, on=factories.TODAY)

    def of(invoice):
        return Delivery.objects.filter(documents__invoice=invoice).order_by("pk")

    assert [facts(each) for each in of(grouped)] == [facts(each) for each in of(alone)]
    assert DeliveryDocument.objects.filter(live=True).count() == 4
    events = [AuditEvent.objects.for_thread(each).get(action="delivery.queued") for each in (alone, grouped)]
    assert events[1].after == {**events[0].after, "subject": f"Invoice {grouped.number}"}
    bell.carry()
    assert len(mail.outbox) == 4


def test_nothing_is_a_group_too(clerk, bell):
    queue_deliveries([], by=clerk, on=factories.TODAY)

    assert bell.rings == []


def test_a_viewer_queues_nothing(viewer):
    invoice = factories.opened()

    with pytest.raises(Forbidden):
        queue_deliveries([letter(invoice)], by=viewer, on=factories.TODAY)

    assert not Delivery.objects.exists()
