"""Ageing: today from what is open, a past day by rolling back, each figure equal to its rows."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from invoicing.reports import ageing, statement, unallocated
from invoicing.services import allocating, correcting, crediting, opening, paying, refunding
from tests import factories

pytestmark = pytest.mark.django_db
TODAY = factories.TODAY


def days_ago(days):
    return TODAY - timedelta(days=days)


def late(days, buyer=None, **fields):
    """An open invoice of 242.00 that many days late."""
    return factories.opened(buyer, issued_on=days_ago(days + 10), terms_days=10, **fields)


def buckets(on=TODAY):
    (ledger,) = ageing.by_currency(on, today=TODAY)
    return list(ledger.buckets.values())


@pytest.mark.parametrize(
    ("days", "place"), [(-5, 0), (0, 0), (1, 1), (30, 1), (31, 2), (60, 2), (61, 3), (90, 3), (91, 4), (400, 4)]
)
def test_each_day_falls_into_its_bucket(days, place):
    late(days)

    assert buckets() == [24200 if n == place else 0 for n in range(5)]


def test_money_that_came_before_the_invoice_was_credit_until_then():
    invoice = late(10)  # issued 20 days ago
    factories.payment(invoice, 24000, received_on=days_ago(25), paid_on=days_ago(25), close_as="rounding", reason="Two")
    before, after = days_ago(22), days_ago(15)

    assert unallocated.sums(before, today=TODAY) == {"EUR": 24000}
    assert unallocated.sums(after, today=TODAY) == {}
    for day in (before, after):
        owed = sum(row.balance for row in ageing.owed_on(day, today=TODAY))
        stood = statement.statement(invoice.customer, currency="EUR", since=days_ago(99), until=day).closing
        assert owed - sum(unallocated.sums(day, today=TODAY).values()) == stood


def test_older_money_settles_what_was_returned_from_the_day_it_was_owed_again(clerk):
    invoice = late(10)  # issued 20 days ago
    returned = factories.payment(invoice, received_on=days_ago(15), paid_on=days_ago(15))
    paying.reverse_payment(returned, by=clerk, because="returned", on=days_ago(5), reason="No funds")
    factories.payment(invoice, received_on=days_ago(18), paid_on=days_ago(18))

    for day in map(days_ago, (19, 16, 10, 4, 0)):
        owed = sum(row.balance for row in ageing.owed_on(day, today=TODAY))
        stood = statement.statement(invoice.customer, currency="EUR", since=days_ago(99), until=day).closing
        assert owed - sum(unallocated.sums(day, today=TODAY).values()) == stood


def test_currencies_stand_apart_and_drafts_void_and_uncollectible_ones_out(manager):
    late(5)
    late(5, currency="JPY", accounting_rate=Decimal("0.006"))
    factories.draft()
    correcting.void_invoice(late(5), by=manager, on=TODAY, reason="Twice")
    correcting.write_off_invoice(late(5), by=manager, on=TODAY, reason="Gone")

    assert {aged.currency: aged.total for aged in ageing.by_currency(TODAY, today=TODAY)} == {"EUR": 24200, "JPY": 242}


def test_a_past_day_shows_what_was_owed_then(manager):
    paid, part = late(40), late(40)
    factories.payment(paid, received_on=days_ago(20), paid_on=days_ago(20))
    factories.payment(part, 4200, received_on=days_ago(20), paid_on=days_ago(20))
    gone = late(40)
    correcting.void_invoice(gone, by=manager, on=days_ago(5), reason="Twice")

    assert buckets() == [0, 0, 20000, 0, 0]
    assert buckets(days_ago(21)) == [0, 3 * 24200, 0, 0, 0]
    assert buckets(days_ago(10)) == [0, 20000 + 24200, 0, 0, 0]
    assert ageing.by_currency(days_ago(60), today=TODAY) == []


def test_a_payment_recorded_by_mistake_never_lowered_anything_and_a_returned_one_only_in_between(clerk):
    wrong, returned = late(40), late(40)
    first = factories.payment(wrong, received_on=days_ago(20), paid_on=days_ago(20))
    second = factories.payment(returned, received_on=days_ago(20), paid_on=days_ago(20))
    paying.reverse_payment(first, by=clerk, because="mistake", on=TODAY, reason="Other customer")
    paying.reverse_payment(second, by=clerk, because="returned", on=days_ago(10), reason="No funds")

    assert sum(buckets()) == 2 * 24200
    assert sum(buckets(days_ago(15))) == 24200
    assert sum(buckets(days_ago(25))) == 2 * 24200


def test_credit_that_is_allocated_to_nothing_is_told_beside_it(manager, clerk):
    invoice = late(40)
    payment = factories.payment(invoice, 30000, received_on=days_ago(20), paid_on=days_ago(20))
    other = late(40, invoice.customer)
    paid = late(3)
    factories.payment(paid)
    opening.open_invoice(crediting.draft_credit_note(paid, by=manager), by=manager, on=TODAY)
    allocating.allocate_payment(payment, other, by=clerk, amount=800, on=days_ago(4))

    assert unallocated.sums(TODAY, today=TODAY) == {"EUR": 5000 + 24200}
    assert unallocated.sums(days_ago(10), today=TODAY) == {"EUR": 5800}
    assert unallocated.sums(days_ago(30), today=TODAY) == {}


def test_customers_stand_largest_first_and_add_up_to_the_whole(clerk):
    small, large = factories.customer("Small"), factories.customer("Large", email="l@l.example")
    late(5, small)
    late(35, large)
    late(95, large)

    found = ageing.by_customer(TODAY, today=TODAY, currency="EUR", first=0, count=10)

    assert [(aged.name, aged.total) for aged in found] == [("Large", 48400), ("Small", 24200)]
    assert sum(aged.total for aged in found) == sum(buckets())


def test_every_figure_on_the_page_leads_to_rows_that_add_up_to_it(as_role, viewer):
    late(5)
    late(35)
    page = as_role(viewer).get(reverse("invoicing:ageing"), {"on": TODAY.isoformat()})

    (ledger,) = page.context["ledgers"]
    for figure in ledger["figures"]:
        rows = as_role(viewer).get(figure["url"]).context["page"].rows
        assert sum(row.balance for row in rows) == figure["minor"]
    assert b"<svg" in page.content


@pytest.mark.parametrize("days", [0, 3, 10, 25])
def test_unallocated_credit_leads_to_payments_and_notes_that_add_up_to_it(days, as_role, viewer, manager, clerk):
    """Used, refunded, reversed and void since: a past day shows what was left then."""
    owed, other = late(40), late(40)
    on_account = factories.payment(owed, 30000, received_on=days_ago(20), paid_on=days_ago(20))
    details = {"method": "transfer", "reason": "Asked for"}
    refunding.refund_payment(on_account, by=manager, amount=1000, paid_on=days_ago(5), occasion="r-1", **details)
    returned = factories.payment(other, 30000, received_on=days_ago(20), paid_on=days_ago(20))
    paying.reverse_payment(returned, by=clerk, because="returned", on=days_ago(4), reason="No funds")
    credited = late(30)
    factories.payment(credited, received_on=days_ago(30), paid_on=days_ago(30))
    note = opening.open_invoice(crediting.draft_credit_note(credited, by=manager), by=manager, on=days_ago(15))
    refunding.refund_credit(note, by=manager, amount=24200, paid_on=days_ago(2), occasion="r-2", **details)
    late(1)

    day = days_ago(days)
    (ledger,) = as_role(viewer).get(reverse("invoicing:ageing"), {"on": day.isoformat()}).context["ledgers"]
    page = as_role(viewer).get(ledger["credit_url"])

    assert ledger["credit"] == {0: 4800, 3: 4800 + 24200, 10: 5800 + 5800 + 24200, 25: 0}[days]
    assert sum(row["left"] for row in page.context["rows"]) == ledger["credit"]
    assert all(row["left"] > 0 and as_role(viewer).get(row["url"]).status_code == 200 for row in page.context["rows"])


def test_a_void_credit_note_gave_credit_until_then(as_role, viewer, manager):
    paid = late(40)
    factories.payment(paid, received_on=days_ago(30), paid_on=days_ago(30))
    note = opening.open_invoice(crediting.draft_credit_note(paid, by=manager), by=manager, on=days_ago(15))
    correcting.void_invoice(note, by=manager, on=days_ago(5), reason="Twice")

    left = {days: list(unallocated.rows(days_ago(days), today=TODAY, currency="EUR")) for days in (0, 10)}

    assert [row[-1] for row in left[10]] == [24200]
    assert left[0] == []


def test_the_rows_of_credit_come_as_a_file_and_a_strange_currency_as_ours(as_role, viewer):
    factories.payment(late(5), 25000, reference="=1+1")
    client, url = as_role(viewer), reverse("invoicing:unallocated")

    sheet = b"".join(client.get(url, {"format": "csv"}).streaming_content).decode()

    assert '"Payment","\'=1+1","Harbour Café GmbH","EUR","8.00"' in sheet
    assert client.get(url, {"currency": "???", "on": "soon", "page": "-1"}).context["currency"] == "EUR"


@pytest.mark.parametrize("days", [0, 30])
def test_the_page_asks_a_constant_number_of_questions(as_role, viewer, django_assert_max_num_queries, days):
    client, url = as_role(viewer), reverse("invoicing:ageing")
    for n in range(12):
        late(n * 10, factories.customer(f"Customer {n}", email=f"c{n}@x.example"))
    client.get(url)

    with django_assert_max_num_queries(6):
        client.get(url, {"on": days_ago(days).isoformat()})


def test_the_sheet_has_a_row_a_customer(as_role, viewer):
    late(5)

    lines = b"".join(as_role(viewer).get(reverse("invoicing:ageing"), {"format": "csv"}).streaming_content)

    assert b'"Harbour Caf\xc3\xa9 GmbH","EUR","0.00","242.00"' in lines


def test_the_sheet_of_one_currency_has_that_one_alone(as_role, viewer):
    late(5)
    late(5, currency="JPY", accounting_rate=Decimal("0.006"))
    client, url = as_role(viewer), reverse("invoicing:ageing")

    whole, one = (
        b"".join(client.get(url, {"format": "csv", **asked}).streaming_content).decode()
        for asked in ({}, {"currency": "JPY"})
    )

    assert ('"EUR"' in whole, '"JPY"' in whole) == (True, True)
    assert ('"EUR"' in one, '"JPY"' in one) == (False, True)


def test_a_day_that_cannot_be_read_is_told_and_taken_as_today(as_role, viewer):
    late(5)

    page = as_role(viewer).get(reverse("invoicing:ageing"), {"on": "soon"})

    assert page.status_code == 200
    assert "Enter a valid date" in page.content.decode()
    assert page.context["ledgers"]


@pytest.mark.parametrize("address", ["ageing", "ageing_rows", "unallocated"])
@pytest.mark.parametrize("asked", ["on=0001-01-01", "on=9999-12-31", "on=rubbish", "customer=99999999999999999999"])
def test_what_cannot_be_a_day_or_a_customer_is_no_error_of_ours(address, asked, viewer, as_role):
    late(10)

    assert as_role(viewer).get(f"{reverse(f'invoicing:{address}')}?{asked}").status_code == 200
