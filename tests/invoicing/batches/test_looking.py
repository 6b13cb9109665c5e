"""The mail as it would go, before anything does."""

from datetime import date, time

import pytest
from django.core import mail

from config.common.models import AuditEvent
from customers.services.contacts import add_contact
from invoicing.models import Delivery, Invoice, InvoiceTemplateText
from invoicing.services.batches import looking
from invoicing.services.batches.mailing import Refusal
from invoicing.services.batches.wishes import Wishes
from tests import factories

pytestmark = pytest.mark.django_db


def look(invoice, **wishes):
    return looking.look_at(
        invoice, wishes=Wishes(**{"action": "open", "send_email": True, **wishes}), on=factories.TODAY
    )


def test_a_draft_shows_the_mail_with_the_number_it_would_get_and_stays_as_it_is(clerk):
    draft = factories.draft()
    add_contact(draft.customer, by=clerk, name="Kim", email="kim@harbour.example", role="finance")
    events = AuditEvent.objects.count()

    found = look(draft, cc="boss@harbour.example", message="Dear {contact}")

    assert found.to == ["ap@harbour.example", "kim@harbour.example"]
    assert found.cc == ["boss@harbour.example"]
    assert found.subject == "INV-2026-00001 from Kelpworks Instruments B.V."
    assert found.reply_to == "receivables@kelpworks.example"
    assert "Dear Dagny Halvorsen" in found.text
    assert "Dear Dagny Halvorsen" in found.html
    draft.refresh_from_db()
    assert (draft.status, draft.number) == ("draft", "")
    assert not Delivery.objects.exists()
    assert mail.outbox == []
    assert AuditEvent.objects.count() == events


def test_what_is_shared_goes_before_the_template_and_blank_is_the_templates_own():
    invoice = factories.opened()
    InvoiceTemplateText.objects.filter(template=invoice.template_id).update(
        subject="Of the template", reply_to="t@kelp.example"
    )
    invoice.refresh_from_db()

    assert (look(invoice).subject, look(invoice).reply_to) == ("Of the template", "t@kelp.example")
    shared = look(invoice, subject="Shared {number}", reply_to="s@kelp.example")
    assert (shared.subject, shared.reply_to) == ("Shared INV-2026-00001", "s@kelp.example")


def test_where_no_mail_can_go_it_says_why():
    silent = factories.opened(factories.customer("Silent Ltd", email=""))

    assert look(silent) == Refusal("The customer has no contact with an email address.", "contact")


def test_without_a_customer_there_is_no_mail_either():
    draft = factories.draft()
    Invoice.objects.filter(pk=draft.pk).update(customer=None)
    draft = Invoice.objects.get(pk=draft.pk)

    assert look(draft) == Refusal("The customer has no contact with an email address.", "contact")


@pytest.mark.parametrize(
    ("day", "zone", "sentence"),
    [
        (date(1, 1, 1), "Asia/Tokyo", "That moment has passed already. Choose a later one, or send it now."),
        (date(9999, 12, 31), "America/New_York", "That is more than a year ahead. Choose an earlier day."),
    ],
)
def test_a_day_at_the_end_of_the_calendar_is_refused_and_breaks_nothing(day, zone, sentence):
    invoice = factories.opened(factories.customer(time_zone=zone))

    for at in (time(0, 5), time(23, 50)):
        assert look(invoice, action="send", send_on=day, send_at=at) == Refusal(sentence, "customer_profile")
