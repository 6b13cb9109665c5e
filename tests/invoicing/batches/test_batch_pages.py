"""Batch Operations and the page of one: what they show, what they can be narrowed by, and what they cost."""

import csv
import io
import re
from datetime import timedelta

import pytest
from django.urls import reverse

from config.common import clock, states
from invoicing.models import BatchItem, BatchOperation, Delivery
from invoicing.services.batches import closing, deciding, filling
from invoicing.views.batches import page as batch_page
from tests import factories
from tests.invoicing import operations

pytestmark = pytest.mark.django_db
LIST = "/batches/"


def words(response) -> str:
    """What a reader sees, without the tags and with single spaces."""
    html = re.sub(r"<(script|svg|template).*?</\1>", " ", response.content.decode(), flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html).replace("&nbsp;", " ").replace("\N{NO-BREAK SPACE}", " "))


def main(response) -> str:
    html = response.content.decode()
    return html[html.index("<main") : html.index("</main>")]


def listed(response) -> list[str]:
    return [str(operation) for operation in response.context["page"].rows]


def page_of(operation) -> str:
    return reverse("invoicing:batch", args=[operation.pk])


# --- The list -------------------------------------------------------------------------------------------------


def test_an_operation_says_what_it_does_who_started_it_and_what_came_of_it(as_role, clerk, worker):
    operation = operations.with_one_failed(worker, by=clerk)

    shown = words(as_role(clerk).get(LIST))

    assert "Open and send 3 invoices Failed" in shown
    assert re.search(rf"{operation}, finished .{{5,20}}, started by Femke Clerk, Send Email", shown)
    assert "1 Failed 2 Completed" in shown
    assert "The customer has no contact with an email address." in shown


def test_what_failed_leads_to_where_it_is_mended(as_role, clerk, worker):
    operation = operations.with_one_failed(worker, by=clerk)
    silent = operation.items.get(status="failed").invoice

    html = main(as_role(clerk).get(LIST))

    assert f'href="/customers/{silent.customer_id}/?next=/batches/"' in html
    assert f'href="/invoices/{silent.pk}/"' in html


def test_a_refused_email_leads_to_its_delivery(as_role, clerk, worker, demo_outbox):
    lost = factories.draft(factories.customer(email="nobody@harbour.example"))
    operation = operations.completed(worker, lost, by=clerk, send_email=True)
    delivery = Delivery.objects.get(role="to")
    assert operation.status == "failed"

    html = main(as_role(clerk).get(LIST))

    assert html.count(f'href="/deliveries/{delivery.pk}/"') == 2  # the light, and where it is put right


def test_the_tabs_are_what_needs_somebody_what_runs_and_how_it_ended(as_role, clerk, worker):
    failed = operations.with_one_failed(worker, by=clerk)
    done = operations.completed(worker, by=clerk)
    seen = operations.completed(worker, by=clerk)
    deciding.acknowledge_operation(seen, by=clerk)
    running = factories.operation(factories.draft(), by=clerk)
    client = as_role(clerk)

    assert listed(client.get(LIST)) == [str(running), str(done), str(failed)]
    assert listed(client.get(LIST + "?tab=in-progress")) == [str(running)]
    assert listed(client.get(LIST + "?tab=completed")) == [str(seen), str(done)]
    assert listed(client.get(LIST + "?tab=failed")) == [str(failed)]
    assert len(listed(client.get(LIST + "?tab=all"))) == 4
    tabs = {tab["label"]: tab["count"] for tab in client.get(LIST).context["tabs"]}
    assert tabs == {"Not acknowledged": 3, "In Progress": 1, "Completed": 2, "Failed": 1, "All": None}


def test_the_list_is_narrowed_by_person_action_day_and_name(as_role, clerk, manager, worker):
    opened = operations.completed(worker, by=clerk)
    marked = operations.completed(
        worker, factories.opened(), by=manager, action="mark", how="Post", sent_on=factories.TODAY
    )
    client = as_role(clerk)
    number = opened.items.first().invoice.number
    tomorrow = (clock.now() + timedelta(days=2)).date().isoformat()

    assert listed(client.get(LIST + f"?person={manager.pk}")) == [str(marked)]
    assert listed(client.get(LIST + "?action=open")) == [str(opened)]
    assert listed(client.get(LIST + f"?since={tomorrow}")) == []
    assert listed(client.get(LIST + f"?until={tomorrow}")) == [str(marked), str(opened)]
    assert listed(client.get(LIST + f"?q={opened}")) == [str(opened)]
    assert listed(client.get(LIST + f"?q={number}")) == [str(opened)]
    assert listed(client.get(LIST + "?tab=failed&acknowledged=no")) == []


@pytest.mark.parametrize(
    "query", ["since=0001-01-01", "until=9999-12-31", "q=%00", "person=x", "tab=x&after=%2e", "q=B-"]
)
def test_nonsense_in_the_address_breaks_nothing(query, as_role, clerk, worker):
    operations.completed(worker, by=clerk)

    assert as_role(clerk).get(f"{LIST}?{query}").status_code == 200


def test_the_list_as_a_file_is_what_the_tab_shows(as_role, clerk, worker):
    operation = operations.with_one_failed(worker, by=clerk)
    operations.completed(worker, by=clerk)
    client = as_role(clerk)

    rows = _csv(client.get(LIST + "?tab=failed&format=csv"))
    book = client.get(LIST + "?tab=failed&format=xlsx")

    assert [row["Operation"] for row in rows] == [str(operation)]
    assert (rows[0]["Action"], rows[0]["Failed"], rows[0]["Completed"]) == ("Open and send 3 invoices", "1", "2")
    assert rows[0]["Started by"] == "Femke Clerk"
    assert book["Content-Type"].endswith("spreadsheetml.sheet")


def test_an_empty_list_says_where_operations_begin(as_role, clerk):
    factories.organization()

    shown = words(as_role(clerk).get(LIST))

    assert "Nothing waits for you here" in shown
    assert "Tick invoices in a list" in shown


@pytest.mark.parametrize("n", [1, 12])
def test_the_list_is_six_queries_however_many_there_are(n, as_role, clerk, worker, django_assert_num_queries):
    for _each in range(n):
        operations.with_one_failed(worker, by=clerk, sound=0)
    client = as_role(clerk)
    client.get(LIST)

    with django_assert_num_queries(6):  # two of them: who is asking
        client.get(LIST)


def test_a_longer_list_goes_on_behind_the_last_one(as_role, clerk):
    made = [factories.operation(factories.draft(), by=clerk) for _n in range(12)]
    client = as_role(clerk)

    first = client.get(LIST)
    second = client.get(f"{LIST}?after={first.context['page'].next}")
    back = client.get(f"{LIST}?before={second.context['page'].previous}")

    assert listed(first) + listed(second) == [str(operation) for operation in reversed(made)]
    assert listed(back) == listed(first)


# --- One operation --------------------------------------------------------------------------------------------


def test_the_page_tells_what_was_asked_for_and_where_the_invoices_were_chosen(as_role, clerk, worker):
    operation = operations.with_one_failed(
        worker, by=clerk, subject="Your invoice {number}", submit_einvoice=True, query="status=draft&currency=EUR"
    )

    answer = as_role(clerk).get(page_of(operation))

    shown = words(answer)
    assert "Send Email on Submit E-Invoice on Subject Your invoice {number} Reply-To each template’s own" in shown
    assert "Chosen in Sales invoices Status: Draft, Currency: EUR" in shown
    assert 'href="/invoices/?status=draft&amp;currency=EUR"' in main(answer)
    assert "Femke Clerk started it" in shown


def test_mark_as_sent_tells_how_and_when(as_role, clerk, worker):
    operation = operations.completed(
        worker,
        factories.opened(),
        by=clerk,
        action="mark",
        how="Post",
        sent_on=factories.TODAY,
        note="Two boxes",
        page="queue",
    )

    shown = words(as_role(clerk).get(page_of(operation)))

    assert "Mark 1 invoice as sent Completed" in shown
    assert "How Post Sent on 20 Nov 2026 Note Two boxes" in shown
    assert "Chosen in Invoices to be sent" in shown


def test_what_needs_somebody_stands_first_and_each_outcome_has_its_tab(as_role, clerk, worker):
    operation = operations.with_one_failed(worker, by=clerk)
    client = as_role(clerk)

    whole = client.get(page_of(operation))
    done = client.get(page_of(operation) + "?outcome=done")

    assert [row.item.status for row in whole.context["rows"]] == ["failed", "done", "done"]
    assert [(tab["label"], tab["count"]) for tab in whole.context["tabs"]] == [
        ("All", "3"),
        ("Failed", "1"),
        ("Completed", "2"),
    ]
    assert [row.item.status for row in done.context["rows"]] == ["done", "done"]


def test_a_row_tells_customer_amount_attempts_reason_and_its_email(as_role, clerk, worker):
    operation = operations.with_one_failed(worker, by=clerk, sound=1)
    sent = operation.items.get(status="done")

    answer = as_role(clerk).get(page_of(operation))

    shown = words(answer)
    assert (
        "Draft Silent Ltd Failed The customer has no contact with an email address. 1 EUR 242.00 Add a contact" in shown
    )
    assert f"{sent.invoice.number} Harbour Café GmbH Completed 1 EUR 242.00" in shown
    assert f'href="/deliveries/{sent.deliveries.get().pk}/"' in main(answer)


def test_a_deleted_draft_is_still_told_by_the_name_it_had(as_role, clerk, worker):
    draft = factories.draft()
    operation = factories.operation(draft, by=clerk)
    filling.fill_next(operation)
    draft.refresh_from_db()
    factories.drafting.delete_draft(draft, by=clerk, version=draft.version)
    worker()

    shown = words(as_role(clerk).get(page_of(operation)))

    assert "Draft for Harbour Café GmbH" in shown
    assert "The draft was deleted meanwhile." in shown


def test_the_invoices_are_searched_by_number_and_customer(as_role, clerk, worker):
    operation = operations.with_one_failed(worker, by=clerk)
    client = as_role(clerk)
    number = operation.items.filter(status="done").first().invoice.number

    assert [row.item.status for row in client.get(page_of(operation) + "?q=silent").context["rows"]] == ["failed"]
    assert len(client.get(page_of(operation) + f"?q={number}").context["rows"]) == 1
    nothing = client.get(page_of(operation) + "?q=nobody&outcome=done")
    assert "No invoice fits" in words(nothing)


def test_htmx_gets_the_rows_alone(as_role, clerk, worker):
    operation = operations.with_one_failed(worker, by=clerk)
    headers = {"HX-Request": "true", "HX-Target": "rows"}

    answer = as_role(clerk).get(page_of(operation) + "?outcome=failed", headers=headers)

    assert "<main" not in answer.content.decode()
    assert "Silent Ltd" in answer.content.decode()


def test_the_outcome_as_a_file_is_exactly_the_filtered_rows(as_role, clerk, worker):
    operation = operations.with_one_failed(worker, by=clerk)
    client = as_role(clerk)

    whole = _csv(client.get(page_of(operation) + "?format=csv"))
    failed = _csv(client.get(page_of(operation) + "?outcome=failed&format=csv"))
    searched = _csv(client.get(page_of(operation) + "?q=harbour&format=csv"))

    assert [row["Outcome"] for row in whole] == ["Failed", "Completed", "Completed"]
    assert [(row["Customer"], row["Reason"], row["Attempts"], row["Currency"], row["Amount"]) for row in failed] == [
        ("Silent Ltd", "The customer has no contact with an email address.", "1", "EUR", "242.00")
    ]
    assert [row["Outcome"] for row in searched] == ["Completed", "Completed"]
    assert client.get(page_of(operation) + "?format=xlsx")["Content-Type"].endswith("spreadsheetml.sheet")


@pytest.mark.parametrize("n", [3, 300])
def test_the_page_is_six_queries_however_many_invoices_are_in_it(n, as_role, clerk, django_assert_num_queries):
    operation = _filled(clerk, n)
    client = as_role(clerk)
    client.get(page_of(operation))

    for query in ("", "?outcome=failed", "?q=harbour"):
        with django_assert_num_queries(6):  # two of them: who is asking
            client.get(page_of(operation) + query)


def test_paging_shows_each_invoice_once_in_both_directions(as_role, clerk):
    operation = _filled(clerk, 130)
    client = as_role(clerk)

    seen, cursor, pages = [], "", 0
    while True:
        answer = client.get(f"{page_of(operation)}?after={cursor}")
        seen += [row.item.pk for row in answer.context["rows"]]
        pages += 1
        cursor = answer.context["page"].next
        if not cursor:
            break
    back = client.get(f"{page_of(operation)}?before={answer.context['page'].previous}")

    assert (pages, len(seen), len(set(seen))) == (3, 130, 130)
    assert [row.item.pk for row in back.context["rows"]] == seen[50:100]
    assert answer.context["page"].count == 130
    statuses = [BatchItem.objects.get(pk=pk).status for pk in seen]
    assert statuses == sorted(statuses, key=["failed", "pending"].index)


def test_what_a_search_finds_is_paged_in_the_same_order(as_role, clerk, monkeypatch):
    monkeypatch.setattr(batch_page, "PAGE", 2)
    operation = _filled(clerk, 3)
    one = {"operation": operation, "version": 1, "lane": "invoice", "issued_on": factories.TODAY}
    buyer = operation.items.first().invoice.customer
    BatchItem.objects.bulk_create(BatchItem(**one, invoice=factories.draft(buyer)) for _n in range(2))
    client = as_role(clerk)

    first = client.get(f"{page_of(operation)}?q=harbour")
    second = client.get(f"{page_of(operation)}?q=harbour&after={first.context['page'].next}")
    third = client.get(f"{page_of(operation)}?q=harbour&after={second.context['page'].next}")
    back = client.get(f"{page_of(operation)}?q=harbour&before={third.context['page'].previous}")

    pages = [[row.item for row in answer.context["rows"]] for answer in (first, second, third)]
    assert [[item.status for item in items] for items in pages] == [["failed"] * 2, ["failed", "pending"], ["pending"]]
    assert len({item.pk for items in pages for item in items}) == 5
    assert [row.item.pk for row in back.context["rows"]] == [item.pk for item in pages[1]]
    assert (third.context["page"].next, first.context["page"].count) == ("", 5)


@pytest.mark.parametrize(
    "query", ["after=failed.x", "after=x.1", "before=.", "outcome=x", "after=done.99999999999999999999"]
)
def test_a_cursor_that_cannot_be_read_means_the_first_page(query, as_role, clerk, worker):
    operation = operations.with_one_failed(worker, by=clerk)

    answer = as_role(clerk).get(f"{page_of(operation)}?{query}")

    assert len(answer.context["rows"]) == 3


# --- Moving by itself -----------------------------------------------------------------------------------------


def test_a_running_operation_asks_for_itself_again_and_an_ended_one_does_not(as_role, clerk, worker):
    operation = factories.operation(factories.draft(), factories.draft(), by=clerk)
    client = as_role(clerk)
    asking = f"/batches/{operation.pk}/progress/?seen="

    assert asking in client.get(LIST).content.decode()
    assert asking in client.get(page_of(operation)).content.decode()
    worker()
    assert asking not in client.get(LIST + "?tab=all").content.decode()
    assert asking not in client.get(page_of(operation)).content.decode()


def test_only_the_meter_is_answered_until_more_than_figures_has_changed(as_role, clerk, worker):
    operation = factories.operation(factories.draft(), factories.draft(), by=clerk)
    filling.fill_next(operation)
    client = as_role(clerk)
    url = reverse("invoicing:batch_progress", args=[operation.pk])

    still = client.get(url + "?seen=in_progress-0-0")
    worker()
    ended = client.get(url + "?seen=in_progress-0-0&on=page")

    assert "HX-Retarget" not in still
    assert "0 of 2 processed" in words(still)
    assert "<article" not in still.content.decode()
    assert ended["HX-Retarget"] == f"#batch-{operation.pk}"
    assert "Open 2 invoices Completed" in words(ended)
    assert "hx-trigger" not in ended.content.decode()


def test_while_it_is_prepared_it_says_that_nothing_has_happened_yet(as_role, clerk):
    operation = factories.operation(factories.draft(), factories.draft(), by=clerk)

    shown = words(as_role(clerk).get(page_of(operation)))

    assert "Getting ready: 0 of 2 looked at, nothing is opened or sent yet" in shown


def test_the_answer_to_its_own_asking_costs_four_queries(as_role, clerk, django_assert_num_queries):
    operation = _filled(clerk, 30)
    client = as_role(clerk)
    url = reverse("invoicing:batch_progress", args=[operation.pk])
    client.get(url)

    with django_assert_num_queries(4):
        client.get(url + "?seen=in_progress-3-0")


# --- Where else it is told ------------------------------------------------------------------------------------


def test_the_navigation_counts_what_needs_somebody_and_tells_what_runs(as_role, clerk, worker):
    failed = operations.with_one_failed(worker, by=clerk)
    factories.operation(factories.draft(), by=clerk)
    client = as_role(clerk)

    [entry] = [item for item in client.get("/search/").context["nav"][0]["items"] if item["url"] == LIST]
    assert (entry["label"], entry["count"], entry["running"]) == ("Batch Operations", 1, 1)
    assert 'aria-label="1 in progress"' in client.get("/search/").content.decode()

    deciding.acknowledge_operation(failed, by=clerk)
    [entry] = [item for item in client.get("/search/").context["nav"][0]["items"] if item["url"] == LIST]
    assert entry["count"] == 0


def test_the_snapshot_has_a_card_that_leads_to_what_failed(as_role, clerk, worker):
    failed = operations.with_one_failed(worker, by=clerk)
    factories.operation(factories.draft(), by=clerk)
    client = as_role(clerk)

    card = {card["title"]: card for card in client.get("/").context["cards"]}["Batch operations"]

    assert (card["count"], card["text"], card["tone"]) == (1, "1 with failed invoices, 1 in progress", "late")
    assert listed(client.get(card["url"])) == [str(failed)]
    deciding.acknowledge_operation(failed, by=clerk)
    card = {card["title"]: card for card in client.get("/").context["cards"]}["Batch operations"]
    assert (card["count"], card["text"]) == (0, "1 in progress")


def test_the_invoice_says_in_which_operation_it_is_and_its_history_what_was_done_there(as_role, clerk, worker):
    operation = operations.with_one_failed(worker, by=clerk, sound=1)
    silent = operation.items.get(status="failed").invoice
    sent = operation.items.get(status="done").invoice
    client = as_role(clerk)

    failed = client.get(reverse("invoicing:detail", args=[silent.pk]))
    done = client.get(reverse("invoicing:detail", args=[sent.pk]))

    assert f"In {operation} : Failed The customer has no contact with an email address." in words(failed)
    assert f'href="{page_of(operation)}"' in main(failed)
    told = {item["text"]: item["detail"] for item in done.context["events"]}
    assert told[f"opened it as {sent.number}"].startswith(f"in {operation}")
    assert told["sent the email to ap@harbour.example"].startswith(f"in {operation}")


def test_an_invoice_marked_as_sent_in_an_operation_says_so_in_its_history(as_role, clerk, worker):
    invoice = factories.opened()
    operation = operations.completed(worker, invoice, by=clerk, action="mark", how="Post", sent_on=factories.TODAY)

    page = as_role(clerk).get(reverse("invoicing:detail", args=[invoice.pk]))

    told = {item["text"]: item["detail"] for item in page.context["events"]}
    assert told["marked it as sent"].startswith(f"in {operation}")


def test_the_delivery_says_why_it_went_by_email_and_in_which_operation(as_role, clerk, worker):
    operation = operations.completed(worker, factories.opened(), by=clerk, action="submit", submit_einvoice=True)
    delivery = Delivery.objects.get(role="to")

    answer = as_role(clerk).get(reverse("invoicing:delivery", args=[delivery.pk]))

    assert "Why it went by email: The customer has no e-invoice address, so it goes by email." in words(answer)
    assert f'<a href="{page_of(operation)}">{operation}</a>' in main(answer)


def test_the_admin_looks_and_writes_nothing(as_role, admin, worker):
    operation = operations.with_one_failed(worker, by=admin)
    item = operation.items.first()
    client = as_role(admin)

    pages = [
        "/admin/invoicing/batchoperation/",
        f"/admin/invoicing/batchoperation/{operation.pk}/change/",
        "/admin/invoicing/batchitem/?q=silent",
        f"/admin/invoicing/batchitem/{item.pk}/change/",
    ]

    assert [client.get(page).status_code for page in pages] == [200] * 4
    assert client.post(f"/admin/invoicing/batchoperation/{operation.pk}/delete/", {"post": "yes"}).status_code == 403
    assert BatchOperation.objects.count() == 1


# --------------------------------------------------------------------------------------------------------------


def _csv(response) -> list[dict]:
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def _filled(clerk, n) -> BatchOperation:
    """Running, three of its items failed and all others waiting: for counting, so nothing of it is carried out."""
    buyer = factories.customer()
    operation = factories.operation(*[factories.draft(buyer) for _n in range(3)], by=clerk)
    filling.fill_next(operation)
    items = BatchItem.objects.filter(operation=operation)
    day = items[0].issued_on
    states.advance_rows(items, "failed", start=["pending"], reason="It is not complete.")
    BatchItem.objects.bulk_create(
        BatchItem(operation=operation, label=f"Draft {k}", version=1, lane="invoice", issued_on=day)
        for k in range(n - 3)
    )
    closing.settle_operations([operation.pk])
    operation.refresh_from_db()
    return operation
