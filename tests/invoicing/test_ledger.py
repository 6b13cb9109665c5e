"""The number ledger: the proof is made anew with each look."""

import pytest
from django.db import connection
from django.urls import reverse

from invoicing.services import correcting, crediting
from tests import factories

pytestmark = pytest.mark.django_db


def page_of(client):
    return client.get(reverse("invoicing:ledger"))


def test_it_shows_first_last_and_that_nothing_is_missing(as_role, viewer, manager):
    first, last = factories.opened(), factories.opened()
    correcting.void_invoice(first, by=manager, on=factories.TODAY, reason="Twice")

    page = page_of(as_role(viewer)).content.decode()

    assert "No number is missing" in page
    assert first.number in page
    assert last.number in page


def test_a_gap_made_past_dunlin_is_told(as_role, viewer):
    factories.opened()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE invoicing_counter SET next_no = 4")

    page = page_of(as_role(viewer))

    assert "Numbers are missing" in page.content.decode()
    assert page.context["counters"][0]["counter"].missing == 2


def test_every_document_of_a_counter_is_listed_in_order_void_ones_too(as_role, viewer, manager):
    first, last = factories.opened(), factories.opened()
    correcting.void_invoice(first, by=manager, on=factories.TODAY, reason="Twice")
    client = as_role(viewer)
    url = reverse("invoicing:ledger_counter", args=[first.counter_id])

    page = client.get(url)
    sheet = b"".join(client.get(url, {"format": "csv"}).streaming_content).decode()

    assert [(row.number, badge.text) for row, badge, _counted in page.context["rows"]] == [
        (first.number, "Void"),
        (last.number, "Open · Unbilled"),
    ]
    assert f'"1","{first.number}"' in sheet


def test_a_credit_note_takes_away_in_the_ledger_as_in_every_list(as_role, viewer, manager):
    note = crediting.draft_credit_note(factories.opened(), by=manager)
    note = factories.opening.open_invoice(note, by=manager, on=factories.TODAY)
    client = as_role(viewer)
    url = reverse("invoicing:ledger_counter", args=[note.counter_id])

    sheet = b"".join(client.get(url, {"format": "csv"}).streaming_content).decode()

    assert '"EUR","-242.00"' in sheet
    assert "−242.00" in client.get(url).text


def test_before_the_first_number_it_says_when_there_will_be_one(as_role, viewer):
    factories.organization()

    assert "No number was given yet" in page_of(as_role(viewer)).content.decode()
