"""Search from anywhere."""

import pytest

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
    assert "Type a number, a customer" in as_role(viewer).get("/search/").text
