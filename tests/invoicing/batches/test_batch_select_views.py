"""Ticks, Select All and the bar in both lists of invoices, and how what is chosen becomes a selection."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from config.common import paging
from invoicing.models import Invoice, Selection
from invoicing.services import crediting, marking
from invoicing.services.batches import selecting
from tests import factories

pytestmark = pytest.mark.django_db
LIST, QUEUE, SELECT = "/invoices/", "/invoices/to-be-sent/", "/batches/selecting/"
HTMX = {"HX-Request": "true", "HX-Target": "dialog"}


@pytest.fixture
def due(today):
    """`due(days)`: a draft that is due so many days from now."""

    def draft(days=0, **fields):
        return factories.draft(due_on=today + timedelta(days=days), due_typed=True, **fields)

    return draft


def boxes(page) -> list[dict]:
    found = re.findall(r'<input type="checkbox" name="chosen" value="(\d+)" ([^>]*)>', page.text)
    return [{"pk": int(pk), **dict(re.findall(r'([\w-]+)="([^"]*)"', rest))} for pk, rest in found]


def choose(client, address=SELECT, action="open", **typed):
    return client.post(address, {"action": action, **typed})


# --- In the lists ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", [LIST, QUEUE])
def test_a_clerk_can_tick_each_row_and_a_viewer_sees_no_ticks(address, as_role, clerk, viewer, due):
    draft = due()

    ours, theirs = as_role(clerk).get(address), as_role(viewer).get(address)

    assert [box["pk"] for box in boxes(ours)] == [draft.pk]
    assert "data-bulk" in ours.text
    assert boxes(theirs) == []
    assert "data-bulk" not in theirs.text
    assert "Select all" not in theirs.text


def test_a_box_carries_what_its_row_adds_to_the_sum(as_role, clerk, manager):
    invoice = factories.opened()
    factories.draft(factories.customer("Shiomino", currency="JPY"), accounting_rate=Decimal("0.0061"))
    crediting.draft_credit_note(invoice, by=manager, reason="Wrong")

    found = boxes(as_role(clerk).get(LIST))

    assert [(box["data-minor"], box["data-currency"], box["data-digits"]) for box in found] == [
        ("-24200", "EUR", "2"),
        ("242", "JPY", "0"),
        ("24200", "EUR", "2"),
    ]


def test_the_queue_offers_send_first_of_all_and_the_list_has_its_own_first_button(as_role, clerk, due):
    due()
    client = as_role(clerk)

    for page, primary in ((QUEUE, ["send"]), (LIST, [])):
        text = client.get(page).text
        assert set(re.findall(r'name="action" value="(\w+)"', text)) == {"open", "send", "mark", "submit"}
        assert re.findall(r'class="btn primary" name="action" value="(\w+)"', text) == primary


@pytest.mark.parametrize("address", [LIST, QUEUE])
def test_all_that_match_are_offered_by_number_where_there_are_more_than_a_page(
    address, as_role, clerk, due, monkeypatch
):
    due(), due(), due()
    client = as_role(clerk)
    assert "matching" not in client.get(address).text.replace('id="matching"', "").replace("data-matching", "")

    monkeypatch.setattr("config.common.views.FilteredListView.page_size", 2)
    assert "Select all 3 matching" in client.get(address).text

    monkeypatch.setattr(paging, "COUNT_LIMIT", 2)
    assert "Select all that match, more than 10,000" in client.get(address).text


def test_a_row_that_asks_for_itself_again_keeps_its_box(as_role, clerk, viewer, today):
    invoice = factories.opened()
    factories.queued(invoice)

    for name in ("list_row", "row"):
        url = reverse(f"invoicing:{name}", args=[invoice.pk])
        assert boxes(as_role(viewer).get(url)) == []
    assert [box["pk"] for box in boxes(as_role(clerk).get(reverse("invoicing:list_row", args=[invoice.pk])))] == [
        invoice.pk
    ]


def test_a_row_of_the_queue_that_is_done_has_no_box_but_its_cell(as_role, clerk, due, today):
    draft = due()
    marking.mark_as_sent(draft, by=clerk, how="Post", sent_on=today, on=today)

    row = as_role(clerk).get(reverse("invoicing:row", args=[draft.pk]))

    assert boxes(row) == []
    assert '<td class="tick"></td>' in row.text


# --- What all that match come to ------------------------------------------------------------------------------


def test_all_that_match_are_counted_and_added_up_per_currency(as_role, clerk, django_assert_num_queries):
    factories.opened(), factories.opened()
    factories.draft(factories.customer("Atlantic", currency="USD"), accounting_rate=Decimal("0.9"))
    client = as_role(clerk)
    client.get(LIST)

    with django_assert_num_queries(5):  # who is signed in (2), our own row, how many, the sums
        answer = client.get("/batches/matching/", {"from": "list"})

    text = re.sub(r"<[^>]+>|&nbsp;", " ", answer.text)
    assert "3 selected" in text
    assert re.search(r"EUR\s+484\.00\s+USD\s+242\.00", text)


def test_they_are_counted_with_the_filters_of_the_list_and_the_tab_of_the_queue(as_role, clerk, due):
    due(), due(9), factories.opened(factories.customer("Elbe"), order_number="PO-7")
    client = as_role(clerk)

    def selected(**query):
        return client.get("/batches/matching/", query).text

    assert "1 selected" in selected(**{"from": "list", "q": "PO-7"})
    assert "2 selected" in selected(**{"from": "list", "status": "draft"})
    assert "1 selected" in selected(**{"from": "queue"})
    assert "2 selected" in selected(**{"from": "queue", "tab": "ready"})


def test_more_than_one_operation_takes_are_not_added_up(as_role, clerk, monkeypatch):
    factories.opened(), factories.opened()
    monkeypatch.setattr(selecting, "MOST", 1)

    assert "more than 1 selected" in as_role(clerk).get("/batches/matching/").text


# --- Choosing -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["list", "queue"])
def test_what_is_ticked_is_frozen_and_leads_to_the_dialog(place, as_role, clerk, due):
    first, second = due(), due()
    due()

    answer = choose(as_role(clerk), f"{SELECT}?from={place}&q=harbour", action="send", chosen=[first.pk, second.pk])

    selection = Selection.objects.get()
    assert (selection.person, selection.page, selection.every, selection.query) == (clerk, place, False, "q=harbour")
    assert selection.rows == [[first.pk, 1], [second.pk, 1]]
    assert selection.sums == {"EUR": 48400}
    assert (answer.status_code, answer["Location"]) == (302, f"/batches/new/{selection.pk}/?action=send")


def test_with_htmx_the_same_answer_is_the_dialog(as_role, clerk, due):
    answer = as_role(clerk).post(SELECT, {"action": "open", "chosen": due().pk}, headers=HTMX, follow=True)

    assert answer.status_code == 200
    assert "Open 1 invoice" in answer.text
    assert "<!doctype html>" not in answer.text


def test_every_one_that_matches_is_chosen_with_the_filters_and_nothing_beside(as_role, clerk, due, monkeypatch):
    monkeypatch.setattr("config.common.views.FilteredListView.page_size", 1)
    drafts = [due(), due(), due()]
    factories.opened()

    choose(as_role(clerk), f"{SELECT}?from=list&status=draft&sort=due", every="1", chosen=[drafts[0].pk])

    selection = Selection.objects.get()
    assert [pk for pk, _version in selection.rows] == [draft.pk for draft in drafts]
    assert (selection.every, selection.query) == (True, "status=draft&sort=due")


def test_every_one_of_the_queue_is_what_its_tab_and_filters_show(as_role, clerk, due):
    late, ready = due(-3), due(9)
    due(-3, buyer=factories.customer("Elbe Werft"))
    client = as_role(clerk)

    choose(client, f"{SELECT}?from=queue&q=harbour", every="1")
    choose(client, f"{SELECT}?from=queue&tab=ready", every="1")
    choose(client, f"{SELECT}?from=queue&tab=earlier&q=elbe", every="1")

    rows = [[pk for pk, _version in each.rows] for each in Selection.objects.order_by("pk")]
    assert rows[:2] == [[late.pk], [ready.pk]]
    assert len(rows[2]) == 1
    assert rows[2] != [late.pk]


def test_ids_nobody_could_have_ticked_choose_nothing(as_role, clerk, due):
    draft = due()
    client = as_role(clerk)

    choose(client, chosen=[draft.pk, 10**9, "x", "-1", "1; DROP", "9" * 40, "١"])
    answer = choose(client, chosen=["x", 10**9])

    assert Selection.objects.get().rows == [[draft.pk, 1]]
    assert answer.status_code == 422
    assert "No invoice is chosen. Tick at least one, or Select All." in answer.text


def test_nothing_ticked_is_said_beside_the_list_and_nothing_is_kept(as_role, clerk, due):
    due()

    answer = as_role(clerk).post(SELECT, {"action": "open"}, headers=HTMX)

    assert answer.status_code == 422
    assert answer["HX-Retarget"] == "[data-refusal]"
    assert "No invoice is chosen." in answer.text
    assert not Selection.objects.exists()


def test_an_act_there_is_not_is_not_found(as_role, clerk, due):
    assert choose(as_role(clerk), action="delete", chosen=[due().pk]).status_code == 404
    assert not Selection.objects.exists()


def test_a_viewer_neither_chooses_nor_adds_up(as_role, viewer, due):
    draft = due()
    client = as_role(viewer)

    assert choose(client, chosen=[draft.pk]).status_code == 403
    assert choose(client, every="1").status_code == 403
    assert client.get("/batches/matching/").status_code == 403
    assert not Selection.objects.exists()
    assert Invoice.objects.get().is_draft
