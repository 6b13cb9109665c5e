import csv
import io
from datetime import date
from decimal import Decimal
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from invoicing.filters import STATES
from invoicing.models import Invoice
from invoicing.views.invoices import InvoiceListView
from tests.factories import TODAY, billed, customer, draft, line, opened, payment, queued

pytestmark = pytest.mark.django_db
LIST = "invoicing:list"


@pytest.fixture
def browse(as_role, clerk):
    client = as_role(clerk)

    def ask(**query):
        return client.get(f"{reverse(LIST)}?{urlencode(query)}")

    return ask


def numbers(response):
    return [row.invoice.number or "Draft" for row in response.context["rows"]]


def some(n):
    buyer = customer()
    return [opened(buyer) for _ in range(n)]


@pytest.mark.parametrize("n", [10, 200])
def test_the_number_of_queries_does_not_grow_with_the_rows(n, as_role, clerk, django_assert_num_queries):
    first, second = some(2)
    queued(first)
    queued(second)
    Invoice.objects.bulk_create(
        Invoice(customer_id=first.customer_id, customer_name=f"Buyer {i}") for i in range(n - 2)
    )
    client = as_role(clerk)
    client.get(reverse(LIST))

    # who is signed in (2), the shell with what the filters offer, the rows with their count, lights, saved views
    with django_assert_num_queries(6):
        response = client.get(reverse(LIST))

    assert len(response.context["rows"]) == min(n, 50)


def test_every_state_in_every_order_is_six_queries_at_most_and_seven_where_a_page_looks_for_rows_without_a_day(
    browse, size
):
    """Those stand last and are read apart: by the page on which the rows with a day end. `make torture` asks all."""
    first, paid = some(2)
    billed(first)
    payment(paid)
    Invoice.objects.bulk_create(
        Invoice(customer_id=first.customer_id, customer_name=f"Buyer {i}", due_on=TODAY) for i in range(60)
    )
    orders = [f"{sign}{name}" for name in InvoiceListView.sorts for sign in ("", "-")]
    wrong, deeper = {}, 0
    browse()

    def look(**query):
        with CaptureQueriesContext(connection) as asked:
            answer = browse(**query)
        page, by_day = answer.context["page"], query.get("sort", "").lstrip("-") in ("issued", "due")
        days_end = by_day and (not page.next or any(row.invoice.issued_on is None for row in answer.context["rows"]))
        if len(asked) > 6 + days_end:
            wrong[urlencode(query)] = len(asked)
        return page

    states = ("", *dict(STATES)) if size(10) == 10 else ("", "draft", "overdue")
    for state in states:
        for order in orders:
            page = look(status=state, sort=order)
            if page.next:
                look(status=state, sort=order, after=page.next)
                deeper += 1
    for narrowed in (
        {"kind": "invoice"},
        {"currency": "EUR"},
        {"q": "Buyer"},
        {"issued_from": TODAY},
        {"due_to": TODAY},
    ):
        look(**narrowed)

    assert wrong == {}
    assert deeper >= 2 * len(orders)  # all of them, and drafts, have a second page


def test_a_page_leads_to_the_next_and_back_without_losing_filters(browse):
    some(60)

    first = browse(currency="EUR", sort="number")
    second = browse(currency="EUR", sort="number", after=first.context["page"].next)
    back = browse(currency="EUR", sort="number", before=second.context["page"].previous)

    assert len(numbers(first)) == 50
    assert len(numbers(second)) == 10
    assert numbers(back) == numbers(first)
    assert set(numbers(first)).isdisjoint(numbers(second))


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("INV-2026-00002", ["INV-2026-00002"]),
        ("inv-2026-0000", ["INV-2026-00002", "INV-2026-00001"]),
        ("elbe", ["INV-2026-00002"]),
        ("PO-77", ["INV-2026-00001"]),
        ("1,210.00", ["INV-2026-00002"]),
        ("1210", ["INV-2026-00002"]),
        ("%", []),
    ],
)
def test_one_field_searches_number_customer_purchase_order_and_amount(browse, typed, found):
    opened(customer("Harbour"), order_number="PO-7741")
    opened(customer("Elbe Werft"), lines=[line(unit_price="500")])

    assert numbers(browse(q=typed)) == found


def test_the_states_are_tabs(browse):
    buyer = customer()
    unsent = opened(buyer)
    draft(buyer)
    paid = opened(buyer)
    payment(paid)
    partly = opened(buyer)
    payment(partly, 100)
    late = billed(opened(buyer, on=date(2026, 1, 5)))

    assert numbers(browse(status="draft")) == ["Draft"]
    assert numbers(browse(status="paid")) == [paid.number]
    assert numbers(browse(status="partly_paid")) == [partly.number]
    assert late.number in numbers(browse(status="overdue"))
    assert unsent.number in numbers(browse(status="unbilled"))
    assert numbers(browse(status="unpaid")) == [late.number]


def test_kind_currency_customer_template_and_dates_narrow_the_list(browse):
    yen = opened(customer("Shiomino", currency="JPY"), accounting_rate=Decimal("0.0061"))
    credit = opened(customer("Harbour"), kind="credit_note", corrects_text="INV-1")
    old = opened(customer("Elbe"), on=date(2026, 3, 2))

    assert numbers(browse(currency="JPY")) == [yen.number]
    assert numbers(browse(kind="credit_note")) == [credit.number]
    assert numbers(browse(customer=old.customer_id)) == [old.number]
    assert numbers(browse(template=yen.template_id)) == [old.number, credit.number, yen.number]
    assert numbers(browse(issued_to="2026-03-31")) == [old.number]
    assert numbers(browse(due_from="2026-12-01", currency="JPY")) == [yen.number]


@pytest.mark.parametrize("sort", ["number", "customer", "issued", "due", "amount"])
def test_every_column_that_offers_it_sorts_both_ways(browse, sort):
    opened(customer("Anchor"), on=date(2026, 3, 2))
    opened(customer("Buoy"), lines=[line(unit_price="500")])

    assert numbers(browse(sort=sort)) == numbers(browse(sort=f"-{sort}"))[::-1]


def test_a_list_of_certain_dates_begins_with_the_newest_of_them(browse):
    newer, older = opened(on=date(2026, 3, 20)), opened(on=date(2026, 3, 2))

    assert numbers(browse()) == [older.number, newer.number]  # the one made last
    assert numbers(browse(issued_from="2026-03-01")) == [newer.number, older.number]
    assert numbers(browse(due_to="2026-12-31")) == [newer.number, older.number]
    assert numbers(browse(issued_from="2026-03-01", sort="issued")) == [older.number, newer.number]
    assert numbers(browse(issued_from="2026-03-01", sort="nonsense")) == [newer.number, older.number]


def test_the_csv_has_exactly_the_filtered_rows_and_a_credit_note_takes_away(browse):
    opened(customer("Harbour"))
    credit = opened(customer("=HYPERLINK(1)"), kind="credit_note", corrects_text="INV-1")

    response = browse(kind="credit_note", format="csv")
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    [row] = csv.DictReader(io.StringIO(text))

    assert row["Number"] == credit.number
    assert row["Customer"] == "'=HYPERLINK(1)"
    assert row["Total"] == "-242.00"
    assert row["Currency"] == "EUR"


def test_the_light_tells_what_became_of_the_email_and_the_row_asks_again_meanwhile(browse, worker):
    delivery = queued()
    pk = Invoice.objects.get().pk

    html = browse().content.decode()
    assert "Queued" in html
    assert reverse("invoicing:list_row", args=[pk]) in html

    worker()
    html = browse().content.decode()
    assert "Sent, opens not measured" in html
    assert reverse("invoicing:list_row", args=[pk]) not in html
    assert reverse("invoicing:delivery", args=[delivery.pk]) in html


def test_a_row_stops_asking_after_a_while(as_role, clerk):
    queued()
    url = reverse("invoicing:list_row", args=[Invoice.objects.get().pk])
    client = as_role(clerk)

    assert b"hx-get" in client.get(f"{url}?n=3").content.split(b"</th>")[0]
    assert b"hx-get" not in client.get(f"{url}?n=60").content.split(b"</th>")[0]


def test_a_viewer_is_offered_nothing_that_writes(as_role, viewer):
    opened()
    draft(customer("Elbe"))

    html = as_role(viewer).get(reverse(LIST)).content.decode()

    for name in ("edit", "opening", "deliveries", "marking", "payments", "deleting"):
        for pk in Invoice.objects.values_list("pk", flat=True):
            assert reverse(f"invoicing:{name}", args=[pk]) not in html
    assert reverse("invoicing:new") not in html
    assert reverse("invoicing:import") not in html


def test_the_menu_fits_the_state(browse):
    buyer = customer()
    keys = lambda response: [[action.key for action in row.actions] for row in response.context["rows"]]  # noqa: E731

    draft(buyer)
    assert keys(browse()) == [["open", "later", "edit", "mark", "delete", "pdf"]]

    opened(buyer)
    assert keys(browse(status="open")) == [["send", "later", "pay", "mark", "as_customer", "pdf"]]

    payment(Invoice.objects.open().get())
    assert keys(browse(status="paid")) == [["send", "mark", "as_customer", "pdf"]]


def test_empty_lists_say_what_to_do_next(browse, as_role, viewer):
    customer()

    assert "Write the first one" in browse().content.decode()
    assert "Take away a filter" in browse(q="nothing").content.decode()
    assert reverse("invoicing:new") not in as_role(viewer).get(reverse(LIST)).content.decode()


def test_today_decides_what_is_late():
    late = billed(opened(on=date(2026, 10, 1)))
    opened(customer("Never sent"), on=date(2026, 10, 1))

    assert list(Invoice.objects.overdue(on=TODAY)) == [late]
