"""A customer's timeline tells of the invoices, mails and payments too."""

import pytest

from customers.views.timeline import timeline
from invoicing.services import drafting, paying
from invoicing.views import stories
from tests import factories

pytestmark = pytest.mark.django_db


def _texts(customer, most=50):
    return [item["text"] for item in timeline(customer, most)[0]]


def test_invoices_mails_payments_and_notes_stand_in_one_thread_newest_first(clerk, worker):
    delivery = factories.queued(by=clerk)
    worker()
    invoice = delivery.documents.get().invoice
    factories.payment(invoice, by=clerk)
    drafting.write_internal_note(invoice, by=clerk, text="Ask again")

    told = _texts(invoice.customer)

    assert told[0] == "changed the internal note"
    assert "recorded a payment" in told
    assert "sent the email to ap@harbour.example" in told
    assert told.index("sent the email to ap@harbour.example") > told.index("recorded a payment")


def test_each_entry_says_which_invoice_and_leads_there():
    invoice = factories.opened()

    (item,), more = timeline(invoice.customer, 1)

    assert more
    assert item["detail"].startswith("INV-2026-00001")
    assert item["url"] == f"/invoices/{invoice.pk}/"


def test_another_customers_events_are_not_told():
    factories.opened()

    assert set(_texts(factories.customer("Another B.V."))) == {"made this customer", "added a contact"}


def test_the_profile_shows_them_with_its_own_and_the_rest_on_asking(as_role, viewer):
    invoice = factories.opened()
    for number in range(40):
        drafting.write_internal_note(invoice, by=factories.SYSTEM, text=f"note {number}")
    client = as_role(viewer)

    page = client.get(f"/customers/{invoice.customer_id}/")

    assert len(page.context["timeline"]) == 30
    assert "Show earlier entries" in page.text
    everything = client.get(f"/customers/{invoice.customer_id}/", {"activity": "all"})
    assert everything.context["timeline"][-1]["text"] == "made this customer"


def test_of_many_invoices_the_newest_are_told(monkeypatch):
    monkeypatch.setattr(stories, "REACH", 1)
    older = factories.opened()
    newer = factories.opened(older.customer)

    told = [item for item in timeline(older.customer, 50)[0] if item.get("url")]

    assert {item["url"] for item in told} == {f"/invoices/{newer.pk}/"}


def test_an_entry_of_a_payment_leads_to_it_and_shows_its_money():
    customer = factories.customer()
    money = {"currency": "USD", "amount": 5000, "method": "transfer", "occasion": "in-advance"}
    days = {"paid_on": factories.TODAY, "received_on": factories.TODAY}
    payment = paying.record_payment(customer, by=factories.SYSTEM, shares=[], **money, **days)

    item = timeline(customer, 1)[0][0]

    assert item["text"] == "recorded a payment"
    assert item["url"] == f"/payments/{payment.pk}/"
    assert "USD\N{NO-BREAK SPACE}50.00" in item["detail"]


@pytest.mark.parametrize("n", [1, 30])
def test_a_longer_story_is_one_query_too(n, django_assert_num_queries):
    customer = factories.customer()
    for _n in range(n):
        factories.payment(factories.opened(customer))

    with django_assert_num_queries(1):
        timeline(customer, 50)
