"""The statement of account: every movement in order, closing at what the ledger says."""

from datetime import timedelta

import pytest
from django.db.models import Sum
from django.urls import reverse

from invoicing.models import Invoice, Payment
from invoicing.reports import statement
from invoicing.services import correcting, crediting, letting_go, opening, paying, refunding
from tests import factories
from tests.invoicing.test_documents import text_of

pytestmark = pytest.mark.django_db
TODAY = factories.TODAY


@pytest.fixture
def busy(manager, clerk):
    """A customer with one of everything."""
    buyer = factories.customer()
    first, second, third, fourth = (factories.opened(buyer) for _n in range(4))
    over = factories.payment(first, 30000)
    factories.payment(second, 24000)
    second.refresh_from_db()
    letting_go.let_go(second, by=manager, kind="rounding", on=TODAY, reason="Two euros")
    returned = factories.payment(third)
    paying.reverse_payment(returned, by=clerk, because="returned", on=TODAY, reason="No funds")
    mistake = factories.payment(third)
    paying.reverse_payment(mistake, by=clerk, because="mistake", on=TODAY, reason="Wrong")
    refunding.refund_payment(
        over, by=manager, amount=800, paid_on=TODAY, method="transfer", reason="Asked for", occasion="r"
    )
    opening.open_invoice(crediting.draft_credit_note(first, by=manager), by=manager, on=TODAY)
    correcting.void_invoice(fourth, by=manager, on=TODAY, reason="Twice")
    return buyer


def ledger_of(customer) -> int:
    due = lambda rows: rows.aggregate(n=Sum("amount_due"))["n"] or 0  # noqa: E731
    mine = Invoice.objects.filter(customer=customer, status__in=["open", "uncollectible", "paid"])
    on_account = sum(payment.on_account for payment in Payment.objects.filter(customer=customer))
    return due(mine.invoices()) - due(mine.filter(kind="credit_note")) - on_account


def made(customer, since=TODAY - timedelta(days=30), until=TODAY):
    return statement.statement(customer, currency="EUR", since=since, until=until)


def test_it_closes_at_what_the_ledger_says(busy):
    found = made(busy)

    assert found.opening == 0
    assert found.closing == ledger_of(busy) == 24200 - 24200 - 5000
    assert sum(entry.amount for entry in found.entries) == found.closing


def test_void_documents_and_payments_by_mistake_are_not_told(busy):
    kinds = [entry.kind for entry in made(busy).entries]

    assert kinds.count("invoice") == 3
    assert (kinds.count("payment"), kinds.count("returned")) == (3, 1)
    assert (kinds.count("refund"), kinds.count("credit_note"), kinds.count("let_go")) == (1, 1, 1)


def test_what_came_before_stands_in_the_opening_balance(busy):
    whole = made(busy)

    later = made(busy, since=TODAY + timedelta(days=1), until=TODAY + timedelta(days=9))

    assert (later.opening, later.entries, later.closing) == (whole.closing, [], whole.closing)


def test_it_is_two_queries_whatever_moved(busy, django_assert_num_queries):
    with django_assert_num_queries(2):
        made(busy)


def test_the_page_the_pdf_and_the_sheet_say_the_same(busy, as_role, viewer):
    client, url = as_role(viewer), reverse("invoicing:statement", args=[busy.pk])
    span = {"since": TODAY - timedelta(days=30), "until": TODAY}

    page = client.get(url, span)
    pdf = client.get(url, {**span, "format": "pdf"})
    sheet = b"".join(client.get(url, {**span, "format": "csv"}).streaming_content)

    assert page.context["statement"].closing == -5000
    assert "you have EUR 50.00 to your credit with us" in text_of(pdf.content)
    assert b'"-50.00","EUR"' in sheet


def test_of_more_than_a_page_holds_the_balance_is_right_the_sheet_whole_and_no_pdf_is_made(
    busy, as_role, viewer, monkeypatch
):
    whole = made(busy)
    monkeypatch.setattr(statement.statement, "__kwdefaults__", {"most": 2})
    url, span = reverse("invoicing:statement", args=[busy.pk]), {"since": "2026-01-01", "until": "2026-12-31"}
    client = as_role(viewer)

    page = client.get(url, span)

    found = page.context["statement"]
    assert (len(found.entries), found.is_cut, found.closing) == (2, True, whole.closing)
    assert "more movements than one page holds" in page.content.decode()
    sheet = b"".join(client.get(url, {**span, "format": "csv"}).streaming_content).decode()
    assert len(sheet.splitlines()) == 2 + len(whole.entries)
    refused = client.get(url, {**span, "format": "pdf"})
    assert refused.status_code == 422
    assert "Ask for a shorter one" in refused.content.decode()


def test_days_the_wrong_way_round_are_told(busy, as_role, viewer):
    page = as_role(viewer).get(
        reverse("invoicing:statement", args=[busy.pk]), {"since": "2026-11-02", "until": "2026-11-01"}
    )

    assert "Turn them round" in page.content.decode()


def test_a_customer_number_of_two_lines_is_no_second_header(viewer, as_role):
    buyer = factories.customer(number='7"\r\nX-Evil: 1')

    answer = as_role(viewer).get(reverse("invoicing:statement", args=[buyer.pk]), {"format": "pdf"})

    assert (answer.status_code, "X-Evil" in answer.headers) == (200, False)
