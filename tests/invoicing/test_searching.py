"""Search from anywhere."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from invoicing.views import searching
from tests import factories

pytestmark = pytest.mark.django_db


def test_an_exact_number_leads_straight_to_its_invoice(as_role, viewer):
    invoice = factories.opened()

    response = as_role(viewer).get("/search/", {"q": " inv-2026-00001 "})

    assert response["Location"] == f"/invoices/{invoice.pk}/"


def test_a_part_finds_invoices_and_customers(as_role, viewer):
    factories.opened()

    response = as_role(viewer).get("/search/", {"q": "harbour"})

    assert [invoice.number for invoice in response.context["invoices"]] == ["INV-2026-00001"]
    assert [customer.name for customer in response.context["customers"]] == ["Harbour Café GmbH"]


def test_an_amount_finds_the_invoice(as_role, viewer):
    factories.opened()

    assert len(as_role(viewer).get("/search/", {"q": "242.00"}).context["invoices"]) == 1


def test_nothing_found_says_what_to_try(as_role, viewer):
    factories.organization()

    page = as_role(viewer).get("/search/", {"q": "<b>zzz"}).text

    assert "Nothing found" in page
    assert "&lt;b&gt;zzz" in page


def test_without_words_it_asks_for_some(as_role, viewer):
    assert "Type a number, a customer, a reference or an amount." in as_role(viewer).get("/search/").text


def _numbers(client, words):
    return [invoice.number for invoice in client.get("/search/", {"q": words}).context["invoices"]]


@pytest.mark.parametrize("words", ["inv-2026-0", "PO-7", "SRC-1", "Desk 4", "C-00001", "EUR 242", "242.00 €", "242"])
def test_number_order_references_customer_and_amount_find_the_invoice(as_role, viewer, words):
    factories.opened(order_number="PO-77", source_reference="SRC-123", buyer_reference="Desk 4")
    factories.opened(factories.customer("Another B.V."), lines=[factories.line(unit_price="7")])

    assert "INV-2026-00001" in _numbers(as_role(viewer), words)


def test_an_amount_with_a_currency_finds_that_currency_alone(as_role, viewer):
    factories.opened()

    assert _numbers(as_role(viewer), "USD 242.00") == []


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("EUR 1,234.50", ("1,234.50", "EUR")),
        ("1.234,50 €", ("1.234,50", "EUR")),
        ("kr 5", ("kr 5", "")),
        ("INV 2026", ("INV 2026", "")),
        ("EUR 5 USD", ("EUR 5 USD", "")),
        ("12", ("12", "")),
    ],
)
def test_a_currency_is_told_from_other_letters(words, found):
    assert searching.money_in(words) == found


def test_an_amount_is_read_as_the_reader_writes_it(db):
    factories.opened(lines=[factories.line(quantity="1", unit_price="1000")])  # 1,210.00 with its tax

    with translation.override("de"):
        assert searching.invoices_of("1.210,00").count() == 1


def test_a_payment_is_found_by_its_reference_and_its_amount(as_role, viewer):
    payment = factories.payment(factories.billed(factories.opened()), reference="RF18 5390")
    client = as_role(viewer)

    for words in ("rf18", "242.00"):
        assert client.get("/search/", {"q": words}).context["payments"] == [payment]


def test_a_customer_is_found_by_number_and_the_email_of_a_contact(as_role, viewer):
    customer = factories.customer(email="ap@harbour.example")
    factories.organization()

    for words in ("c-0000", "ap@harbour"):
        assert as_role(viewer).get("/search/", {"q": words}).context["customers"] == [customer]


def test_the_box_suggests_a_few_of_each_and_never_leads_away(as_role, viewer):
    buyer = factories.opened().customer
    for _n in range(searching.SUGGESTED):
        factories.opened(buyer)
    client = as_role(viewer)
    answer = client.get("/search/", {"q": "INV-2026-00001"}, headers={"HX-Request": "true", "HX-Target": "found"})

    assert answer.status_code == 200
    assert "<main" not in answer.text
    assert "INV-2026-00001" in answer.text
    many = client.get("/search/", {"q": "harbour"}, headers={"HX-Request": "true", "HX-Target": "found"})
    assert len(many.context["invoices"]) == searching.SUGGESTED
    assert "6 found" in many.text


def test_one_letter_suggests_nothing(as_role, viewer):
    factories.opened()

    answer = as_role(viewer).get("/search/", {"q": "h"}, headers={"HX-Request": "true", "HX-Target": "found"})

    assert "<a" not in answer.text


def test_searching_takes_as_many_queries_for_much_as_for_little(as_role, viewer, django_assert_num_queries):
    client = as_role(viewer)
    factories.payment(factories.billed(factories.opened()))
    with CaptureQueriesContext(connection) as few:
        client.get("/search/", {"q": "harbour"})
    for _n in range(4):
        factories.payment(factories.billed(factories.opened()))

    with django_assert_num_queries(len(few)):
        client.get("/search/", {"q": "harbour"})
