"""Pages that move money, sent twice: once recorded, and other figures on a page sent before are never swallowed."""

import re

import pytest
from django.urls import reverse

from invoicing.models import Allocation, Invoice, Payment, Refund
from invoicing.services import crediting, opening
from tests import factories

pytestmark = pytest.mark.django_db
MONEY = {"paid_on": "2026-11-19", "received_on": "2026-11-20", "method": "transfer", "reference": "WIRE-1"}
BACK = {"paid_on": "2026-11-20", "method": "transfer", "reference": "OUT-1", "reason": "Paid twice"}


@pytest.fixture
def client(as_role, manager):
    return as_role(manager)


def sent_with(page) -> dict:
    """What a page carries beside what is typed."""
    found = re.findall(r'name="(once|occasion|agreed|seen)"[^>]*?value="([^"]*)"', page.content.decode())
    return dict(found)


def words(response) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", response.content.decode())).replace("&nbsp;", " ")


def at(name, thing):
    return reverse(f"invoicing:{name}", args=[thing.pk])


def test_another_amount_on_a_page_sent_before_is_said_and_recorded_when_sent_again(client):
    invoice = factories.opened()
    data = {**sent_with(client.get(at("payments", invoice))), **MONEY}
    client.post(at("payments", invoice), {**data, "amount": "100"})

    told = client.post(at("payments", invoice), {**data, "amount": "50"})

    assert told.status_code == 422
    assert "saved already as WIRE-1" in words(told)
    assert told.context["form"]["amount"].value() == "50"
    assert Payment.objects.count() == 1
    client.post(at("payments", invoice), {**data, **sent_with(told), "amount": "50"})
    assert sorted(Payment.objects.values_list("amount", flat=True)) == [5000, 10000]


def test_a_payment_sent_twice_is_told_as_saved_once(client):
    invoice = factories.opened()
    data = {**sent_with(client.get(at("payments", invoice))), **MONEY, "amount": "242"}
    client.post(at("payments", invoice), data)

    page = client.post(at("payments", invoice), data, follow=True)

    assert "sent twice and saved once" in words(page)
    assert Payment.objects.count() == 1


def test_a_payment_over_several_sent_twice_leads_to_the_one_that_was_recorded(client):
    invoice = factories.opened()
    url = reverse("invoicing:payment_new", query={"customer": invoice.customer_id})
    data = {**sent_with(client.get(url)), **MONEY, "act": "record", "amount": "242"}
    data[f"part-invoice-{invoice.pk}"] = "242"
    client.post(url, data)

    again = client.post(url, data)

    assert again.status_code == 302
    assert again.url == at("payment", Payment.objects.get())


def test_other_rows_settled_by_a_page_sent_before_are_said(client):
    buyer = factories.customer()
    one, two = factories.opened(buyer), factories.opened(buyer)
    url = reverse("invoicing:payment_new", query={"customer": buyer.pk})
    data = {**sent_with(client.get(url)), **MONEY, "act": "record", "amount": "100"}
    client.post(url, {**data, f"part-invoice-{one.pk}": "100"})

    told = client.post(url, {**data, f"part-invoice-{two.pk}": "100"})

    assert told.status_code == 422
    assert "saved already as WIRE-1" in words(told)
    client.post(url, {**data, **sent_with(told), f"part-invoice-{two.pk}": "100"})
    assert [Invoice.objects.get(pk=each.pk).settled for each in (one, two)] == [10000, 10000]


def test_another_refund_on_a_page_sent_before_is_said_and_recorded_when_sent_again(client):
    payment = factories.payment(factories.opened(), 34200)
    data = {**sent_with(client.get(at("payment_refunds", payment))), **BACK}
    client.post(at("payment_refunds", payment), {**data, "amount": "10"})

    told = client.post(at("payment_refunds", payment), {**data, "amount": "20"})

    assert told.status_code == 422
    assert "saved already as OUT-1" in words(told)
    assert Refund.objects.count() == 1
    client.post(at("payment_refunds", payment), {**data, **sent_with(told), "amount": "20"})
    assert sorted(Refund.objects.values_list("amount", flat=True)) == [1000, 2000]


def test_credit_allocated_by_a_double_click_is_allocated_once(client):
    payment = factories.payment(factories.opened(), 34200)
    invoice = factories.opened(payment.customer)
    url = at("payment_allocations", payment)
    data = {**sent_with(client.get(url)), f"part-invoice-{invoice.pk}": "30"}

    client.post(url, data)
    again = client.post(url, data)

    assert again.url == at("payment", payment)
    assert Invoice.objects.get(pk=invoice.pk).settled == 3000


def test_credit_used_by_a_double_click_is_used_once(client):
    payment = factories.payment(factories.opened(), 34200)
    invoice = factories.opened(payment.customer)
    url = at("use_credit", invoice)
    data = {**sent_with(client.get(url)), f"part-payment-{payment.pk}": "30"}

    client.post(url, data)
    client.post(url, data)

    assert Invoice.objects.get(pk=invoice.pk).settled == 3000


def test_a_credit_note_used_up_by_the_first_click_is_no_error_of_the_second(client, manager):
    invoice = factories.opened()
    factories.payment(invoice)
    note = opening.open_invoice(crediting.draft_credit_note(invoice, by=manager), by=manager, on=factories.TODAY)
    other = factories.opened(invoice.customer)
    url = at("note_allocations", note)
    data = {**sent_with(client.get(url)), f"part-invoice-{other.pk}": "242"}

    client.post(url, data)
    again = client.post(url, data)

    assert again.status_code == 302
    assert Allocation.objects.filter(kind="credit").count() == 1
