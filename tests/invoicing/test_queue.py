"""Invoices to be sent: what stands there, in which tab, and how a row tells what becomes of it."""

import csv
import re
from datetime import timedelta

import pytest
from django.urls import reverse

from config.common import clock
from config.common.roles import SYSTEM
from invoicing.models import Invoice
from invoicing.services import marking
from tests import factories
from tests.invoicing.problems import failed, unknown

pytestmark = pytest.mark.django_db
QUEUE = "/invoices/to-be-sent/"


@pytest.fixture
def today(db):
    return clock.today(factories.organization().time_zone)


def _draft(today, days, name="Harbour Café GmbH", **fields):
    buyer = factories.customer(
        name, email=fields.pop("email", "ap@harbour.example"), currency=fields.get("currency", "EUR")
    )
    return factories.draft(buyer, due_on=today + timedelta(days=days), due_typed=True, **fields)


def _open(today, days, name="Harbour Café GmbH", **fields):
    return factories.opening.open_invoice(_draft(today, days, name, **fields), by=SYSTEM, on=today)


def _names(response):
    return [invoice.customer_name for invoice in response.context["page"].rows]


def test_it_lists_what_is_due_and_not_sent_the_most_overdue_first(as_role, clerk, today):
    _open(today, 0, "Due today")
    _draft(today, -3, "Draft, late")
    _open(today, 1, "Due tomorrow")
    sent = _open(today, -9, "Sent")
    marking.mark_as_sent(sent, by=SYSTEM, how="By post", sent_on=today, on=today)
    factories.queued(_open(today, -8, "On its way"))

    response = as_role(clerk).get(QUEUE)

    assert _names(response) == ["Draft, late", "Due today"]
    assert "Due today or earlier and not sent yet." in response.text
    assert "3 days late" in response.text


def test_an_invoice_of_unknown_outcome_waits_under_delivery_problems_and_a_failed_one_here(as_role, clerk, today):
    unknown(_open(today, 0, "Unknown"))
    failed(_open(today, 0, "Failed"))

    response = as_role(clerk).get(QUEUE)

    assert _names(response) == ["Failed"]
    assert "550 5.1.1 no such user" in response.text


def test_tabs_split_the_queue_and_count_it(as_role, clerk, today):
    _open(today, 0, "Today")
    _draft(today, -3, "Earlier")
    _open(today, -1, "No address", email="")
    _open(today, 9, "Ready")

    client = as_role(clerk)
    tabs = client.get(QUEUE).context["tabs"]

    assert [(tab["label"], tab["count"]) for tab in tabs] == [
        ("All", 3),
        ("Due today", 1),
        ("Due earlier", 2),
        ("No contact email", 1),
        ("Ready to send", 1),
    ]
    assert _names(client.get(QUEUE, {"tab": "today"})) == ["Today"]
    assert _names(client.get(QUEUE, {"tab": "earlier"})) == ["Earlier", "No address"]
    assert _names(client.get(QUEUE, {"tab": "no-contact"})) == ["No address"]
    assert _names(client.get(QUEUE, {"tab": "ready"})) == ["Ready"]


def test_a_draft_without_dates_payable_at_once_is_due_today(as_role, clerk, today):
    factories.draft(factories.customer("At once", terms_days=0))

    client = as_role(clerk)

    assert _names(client.get(QUEUE, {"tab": "today"})) == ["At once"]


def test_an_unsent_credit_note_is_ready_to_send(as_role, clerk, today):
    note = factories.draft(factories.customer("Credited"), kind="credit_note", corrects_text="INV-2025-00009")
    factories.opening.open_invoice(note, by=SYSTEM, on=today)

    client = as_role(clerk)

    page = client.get(QUEUE, {"tab": "ready"})
    assert _names(page) == ["Credited"]
    assert _names(client.get(QUEUE)) == []
    assert (">Credit note<" in page.text, "−242.00" in page.text) == (True, True)
    assert re.search(r'data-label="Due"><span class="mute">–</span>', page.text), "nobody owes it, so it is never due"
    file = b"".join(client.get(QUEUE, {"tab": "ready", "format": "csv"}).streaming_content).decode()
    assert '"Credit note","Credited"' in file
    assert '"EUR","-242.00"' in file


def test_it_can_be_narrowed_and_sorted(as_role, clerk, today):
    _open(today, -1, "Alpha", order_number="PO-77")
    _open(today, -2, "Beta", lines=[factories.line(unit_price="500")])

    client = as_role(clerk)

    assert _names(client.get(QUEUE, {"q": "bet"})) == ["Beta"]
    assert _names(client.get(QUEUE, {"q": "PO-77"})) == ["Alpha"]
    assert _names(client.get(QUEUE, {"min": "1000"})) == ["Beta"]
    assert _names(client.get(QUEUE, {"customer": Invoice.objects.get(customer_name="Alpha").customer_id})) == ["Alpha"]
    assert _names(client.get(QUEUE, {"sort": "-amount"})) == ["Beta", "Alpha"]
    assert _names(client.get(QUEUE, {"sort": "customer"})) == ["Alpha", "Beta"]


def test_the_least_amount_counts_in_the_digits_of_each_currency(as_role, clerk, today):
    for currency, price in (("JPY", "600"), ("KWD", "600"), ("USD", "600")):
        _draft(today, 0, currency, currency=currency, lines=[factories.line(quantity="1", unit_price=price)])

    client = as_role(clerk)

    assert sorted(_names(client.get(QUEUE, {"min": "700"}))) == ["JPY", "KWD", "USD"]
    assert _names(client.get(QUEUE, {"min": "727"})) == []
    assert _names(client.get(QUEUE, {"currency": "JPY"})) == ["JPY"]


def test_the_csv_has_exactly_the_filtered_rows(as_role, clerk, today):
    _open(today, -1, "Alpha")
    _draft(today, -2, "=Beta")

    client = as_role(clerk)
    text = client.get(QUEUE, {"format": "csv", "q": "beta"}).getvalue().decode("utf-8-sig")

    head, *rows = csv.reader(text.splitlines())
    assert head == ["Invoice", "Kind", "Customer", "Customer Emails", "Due", "State", "Currency", "Amount"]
    assert rows == [
        [
            "Draft",
            "Invoice",
            "'=Beta",
            "ap@harbour.example",
            str(today - timedelta(days=2)),
            "Draft · Unbilled",
            "EUR",
            "242.00",
        ]
    ]


def test_a_row_names_the_first_address_and_how_many_more(as_role, clerk, today):
    buyer = factories.customer(contacts=[{"email": "a@harbour.example"}, {"email": "b@harbour.example"}])
    factories.draft(buyer, due_on=today, due_typed=True)

    page = as_role(clerk).get(QUEUE).text

    assert "a@harbour.example <span" in page
    assert "+1" in page


def test_without_an_address_the_row_leads_to_the_customers_profile_and_back(as_role, clerk, today):
    invoice = _open(today, 0, email="")

    page = as_role(clerk).get(QUEUE).text

    assert "No contact email." in page
    assert f"/customers/{invoice.customer_id}/?next=/invoices/to-be-sent/" in page


def test_the_row_menu_has_every_act(as_role, clerk, today):
    _draft(today, 0)

    page = as_role(clerk).get(QUEUE).text

    for words in ("Send", "Mark as Sent", "Open", "View", "Send me a preview", "Preview PDF", "Customer’s profile"):
        assert f"</svg>{words}" in page
    assert "Sent some other way. No autopayment and no reminders." in page


@pytest.mark.parametrize("who", ["clerk", "manager"])
def test_the_row_menu_ends_with_what_the_page_offers_to_put_it_right(who, request, as_role, today):
    _open(today, 0)
    _draft(today, -1)
    client = as_role(request.getfixturevalue(who))

    page = client.get(QUEUE).text
    (waiting,) = Invoice.objects.filter(status="open")
    detail = client.get(reverse("invoicing:detail", args=[waiting.pk])).text

    assert "</svg>Delete draft" in page
    for words in ("Credit note", "Make it void", "Mark as uncollectible"):
        assert (f"</svg>{words}" in page) == (f"</svg>{words}" in detail) == (who == "manager")


def test_a_viewer_sees_the_queue_and_no_act(as_role, viewer, today):
    _draft(today, 0)

    page = as_role(viewer).get(QUEUE).text

    assert "View" in page
    for words in ("Mark as Sent", "Send me a preview", "from=queue"):
        assert words not in page


@pytest.mark.parametrize("n", [10, 200])
def test_more_rows_need_no_more_queries(n, as_role, clerk, today, django_assert_num_queries):
    client = as_role(clerk)
    first = _draft(today, 0)
    Invoice.objects.bulk_create(_copy(first, number) for number in range(n - 1))
    client.get(QUEUE)

    # who is signed in (2), the shell with tabs and choices, the rows with their count, what was sent, saved views
    with django_assert_num_queries(6):
        response = client.get(QUEUE)

    assert response.context["page"].count == n


def _copy(draft, number):
    return Invoice(
        customer_id=draft.customer_id,
        customer_name=f"Buyer {number}",
        template_id=draft.template_id,
        due_on=draft.due_on,
        due_typed=True,
    )


def test_an_empty_queue_says_what_is_next(as_role, clerk, today):
    page = as_role(clerk).get(QUEUE).text

    assert "Nothing to send" in page
    assert "?tab=ready" in page


def _row(client, invoice, **query):
    return client.get(reverse("invoicing:row", args=[invoice.pk]), query).text


def test_a_row_on_its_way_asks_again_until_it_is_sent(as_role, clerk, today, worker):
    invoice = _open(today, 0)
    factories.queued(invoice)
    client = as_role(clerk)

    waiting = _row(client, invoice, n=3)
    worker()
    done = _row(client, invoice)

    assert "Queued" in waiting
    assert f'hx-get="/invoices/{invoice.pk}/row/?n=4"' in waiting
    assert "Sent, opens not measured" in done
    assert "Unpaid" in done
    assert 'class="done"' in done
    assert "/row/?n=" not in done


def test_a_row_that_failed_says_why_and_can_be_sent_again(as_role, clerk, today):
    invoice = _open(today, 0)
    lost = failed(invoice)

    row = _row(as_role(clerk), invoice)

    assert "Failed" in row
    assert "550 5.1.1 no such user" in row
    assert f"/deliveries/{lost.pk}/" in row
    assert f"/invoices/{invoice.pk}/deliveries/?from=queue" in row
    assert "Unbilled" in row


def test_a_row_does_not_ask_for_ever(as_role, clerk, today):
    invoice = _open(today, 0)
    factories.queued(invoice)
    client = as_role(clerk)

    assert "/row/?n=" not in _row(client, invoice, n=60)
    assert "/row/?n=1" in _row(client, invoice, n="x")


def test_a_row_marked_as_sent_offers_undo(as_role, clerk, viewer, today):
    invoice = _open(today, 0)
    marking.mark_as_sent(invoice, by=clerk, how="By post", sent_on=today, on=today)

    assert "Undo" in _row(as_role(clerk), invoice)
    assert "Undo" not in _row(as_role(viewer), invoice)
