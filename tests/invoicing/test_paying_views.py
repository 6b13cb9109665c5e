import csv
import io
import re

import pytest
from django.urls import reverse

from invoicing.models import Invoice, Payment
from tests.factories import customer, draft, opened, payment

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true", "HX-Target": "dialog"}


@pytest.fixture
def client(as_role, clerk):
    return as_role(clerk)


def dialog(invoice):
    return reverse("invoicing:payments", args=[invoice.pk])


def typed(**changes):
    return {
        "amount": "242.00",
        "paid_on": "2026-11-19",
        "received_on": "2026-11-20",
        "method": "transfer",
        "reference": "WIRE-1",
        "note": "",
        "occasion": "token-1",
        **changes,
    }


def test_the_dialog_begins_with_the_whole_amount_due(client):
    form = client.get(dialog(opened())).context["form"]

    assert form["amount"].value() == "242.00"
    assert form["paid_on"].value() == form["received_on"].value()


def test_a_full_payment_makes_it_paid(client):
    invoice = opened()

    response = client.post(dialog(invoice), typed())

    assert response.url == reverse("invoicing:detail", args=[invoice.pk])
    assert Invoice.objects.get().status == "paid"
    paid = Payment.objects.get()
    assert (paid.amount, paid.reference, str(paid.paid_on), str(paid.received_on)) == (
        24200,
        "WIRE-1",
        "2026-11-19",
        "2026-11-20",
    )


def test_a_part_leaves_the_rest_due(client):
    invoice = opened()

    client.post(dialog(invoice), typed(amount="100"))

    invoice.refresh_from_db()
    assert (invoice.status, invoice.amount_due) == ("open", 14200)
    assert "Partly paid" in client.get(reverse("invoicing:detail", args=[invoice.pk])).content.decode()


def test_too_much_is_asked_about_and_then_kept_as_credit(client):
    invoice = opened()

    asked = client.post(dialog(invoice), typed(amount="292.00"))
    assert asked.status_code == 422
    assert (
        "EUR\N{NO-BREAK SPACE}50.00 will be kept as credit on account. Record it again if that is right."
        in asked.content.decode()
    )
    assert Payment.objects.count() == 0

    client.post(dialog(invoice), typed(amount="292.00", agreed=asked.context["form"]["agreed"].value()))
    assert Payment.objects.get().on_account == 5000
    assert Invoice.objects.get().status == "paid"


def test_what_was_agreed_to_counts_for_that_sum_alone(client):
    asked = client.post(dialog(opened()), typed(amount="9999", agreed="5000"))

    assert asked.status_code == 422
    assert Payment.objects.count() == 0


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("242", "This settles the invoice in full."),
        ("100", "EUR\N{NO-BREAK SPACE}142.00 stays due."),
        ("292", "EUR\N{NO-BREAK SPACE}50.00 will be kept as credit on account."),
        ("abc", ""),
        ("-1", ""),
    ],
)
def test_what_an_amount_would_do_is_told_while_typing(client, text, sentence):
    answer = client.get(dialog(opened()), {"effect": "", "amount": text}, headers=HTMX).content.decode()

    assert sentence in answer if sentence else re.sub("<[^>]*>", "", answer).strip() == ""


def test_the_same_submit_twice_is_one_payment(client):
    invoice = opened()

    client.post(dialog(invoice), typed(amount="100"))
    client.post(dialog(invoice), typed(amount="100"))

    assert Payment.objects.count() == 1
    assert Invoice.objects.get().amount_due == 14200


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"amount": "0"}, "it has to be more than zero"),
        ({"amount": "10.005"}, "EUR has 2 digits after the decimal sign, not more."),
        ({"amount": "much"}, "“much” is not an amount. Write it like 1,234.50."),
        ({"paid_on": "2026-11-21"}, "cannot have been received before it was paid"),
        ({"received_on": "9999-12-31"}, "That day is still to come"),
        ({"paid_on": "0001-01-01"}, "The year cannot be right"),
        ({"method": "shells"}, "Select a valid choice"),
    ],
)
def test_what_cannot_be_is_said_at_its_field(client, changes, sentence):
    response = client.post(dialog(opened()), typed(**changes))

    assert response.status_code == 422
    assert sentence in response.content.decode()
    assert Payment.objects.count() == 0


def test_the_slower_of_two_clerks_is_told_that_it_is_paid(client):
    invoice = opened()
    payment(invoice)

    response = client.post(dialog(invoice), typed(amount="0.01"))

    assert "is already paid in full" in response.content.decode()
    assert Payment.objects.count() == 1


def test_the_dialog_does_not_open_for_what_cannot_be_paid(client):
    for invoice, sentence in (
        (draft(), "A draft cannot be paid"),
        (opened(customer("Elbe"), kind="credit_note", corrects_text="x"), "A credit note is not paid"),
    ):
        response = client.get(dialog(invoice), headers=HTMX)
        assert response.status_code == 422
        assert sentence in response.content.decode()


def test_with_htmx_the_window_goes_on_to_the_invoice(client):
    invoice = opened()

    response = client.post(dialog(invoice), typed(), headers=HTMX)

    assert response["HX-Redirect"] == reverse("invoicing:detail", args=[invoice.pk])


def test_a_viewer_records_nothing(as_role, viewer):
    assert as_role(viewer).post(dialog(opened()), typed()).status_code == 403
    assert Payment.objects.count() == 0


# --- List and page --------------------------------------------------------------------------------------------


def test_payments_are_listed_with_their_credit_and_found(client):
    first, second = opened(), opened(customer("Elbe Werft"))
    payment(first, 30000, reference="WIRE-1")
    payment(second, 100, reference="WIRE-2", method="card")
    url = reverse("invoicing:payment_list")

    rows = lambda **query: [each.reference for each in client.get(url, query).context["page"].rows]  # noqa: E731

    assert rows() == ["WIRE-2", "WIRE-1"]
    assert rows(q="elbe") == ["WIRE-2"]
    assert rows(q="300") == ["WIRE-1"]
    assert rows(method="card") == ["WIRE-2"]
    assert rows(received_to="2020-01-01") == []
    assert "58.00" in client.get(url).content.decode(), "the credit on account"

    text = b"".join(client.get(url, {"format": "csv", "q": "elbe"}).streaming_content).decode("utf-8-sig")
    [row] = csv.DictReader(io.StringIO(text))
    assert (row["Amount"], row["Settles invoices"], row["Credit on account"], row["Currency"]) == (
        "1.00",
        "1.00",
        "0.00",
        "EUR",
    )


def test_the_page_of_a_payment_says_what_it_settles_and_what_is_left(client, clerk):
    invoice = opened()
    paid = payment(invoice, 30000, by=clerk)

    html = client.get(reverse("invoicing:payment", args=[paid.pk])).content.decode()

    assert invoice.number in html
    assert "242.00" in html
    assert "58.00" in html
    assert "Femke Clerk" in html


def test_the_number_of_queries_does_not_grow_with_the_payments(client, django_assert_num_queries):
    url = reverse("invoicing:payment_list")
    payment(opened())
    client.get(url)

    with django_assert_num_queries(6):
        client.get(url)
    for n in range(5):
        payment(opened(customer(f"Buyer {n}")))
    with django_assert_num_queries(6):
        client.get(url)
