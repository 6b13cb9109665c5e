"""Record a payment over several invoices: whose, how it is shared out, all or nothing, nothing typed is lost."""

import re
from decimal import Decimal

import pytest
from django.urls import reverse

from invoicing.models import Allocation, Invoice, Payment
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(as_role, clerk):
    return as_role(clerk)


@pytest.fixture
def three():
    """Three open invoices of one customer, 242.00 each; the last one opened is due first."""
    buyer = factories.customer()
    later, soon, first = (factories.opened(buyer, terms_days=days) for days in (30, 20, 10))
    return first, soon, later


def url(customer, **query):
    return reverse("invoicing:payment_new", query={"customer": customer.pk, **query})


def typed(**changes):
    return {
        "act": "record",
        "amount": "500",
        "paid_on": "2026-11-19",
        "received_on": "2026-11-20",
        "method": "transfer",
        "reference": "WIRE-9",
        "note": "",
        "occasion": "token-9",
        **changes,
    }


def part(invoice, amount):
    return {f"part-invoice-{invoice.pk}": amount}


def words(response) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", response.content.decode())).replace("&nbsp;", " ")


def test_first_it_asks_whose_money_it_is_and_says_what_they_owe(client, three):
    factories.customer("Elbe Werft")

    page = words(client.get(reverse("invoicing:payment_new"), {"q": "harb"}))

    assert "Harbour Café GmbH" in page
    assert "Elbe Werft" not in page
    assert "726.00" in page


def test_the_open_invoices_of_one_currency_are_offered_the_first_due_first(client, three):
    buyer = three[0].customer
    dollars = factories.opened(buyer, currency="USD", accounting_rate=Decimal("0.92"))

    form = client.get(url(buyer)).context["form"]
    assert [row["thing"] for row in form.rows()] == list(three)
    form = client.get(url(buyer, currency="USD")).context["form"]
    assert [row["thing"] for row in form.rows()] == [dollars]


def test_distributing_fills_the_rows_and_writes_nothing(client, three):
    first = three[0]

    response = client.post(url(first.customer), typed(act="distribute"))

    form = response.context["form"]
    assert [form[f"part-invoice-{each.pk}"].value() for each in three] == ["242.00", "242.00", "16.00"]
    assert form["reference"].value() == "WIRE-9"
    assert not Payment.objects.exists()


def test_with_htmx_the_rows_alone_come_back_and_the_sums_with_them(client, three):
    headers = {"HX-Request": "true", "HX-Target": "payment-shares"}

    html = client.post(url(three[0].customer), typed(act="distribute"), headers=headers).content.decode()

    assert "<html" not in html
    assert 'hx-swap-oob="innerHTML:#payment-sums"' in html


def test_the_sums_are_told_while_one_types(client, three):
    headers = {"HX-Request": "true", "HX-Target": "payment-sums"}
    data = typed(act="sums", **part(three[0], "242"), **part(three[1], "x"))

    page = words(client.post(url(three[0].customer), data, headers=headers))

    assert "Settles 1 invoice EUR 242.00 Stays on account EUR 258.00" in re.sub(r"\s+", " ", page)
    assert not Payment.objects.exists()


def test_one_payment_settles_two_and_a_part_of_the_third(client, three):
    shares = part(three[0], "242") | part(three[1], "242") | part(three[2], "16")

    response = client.post(url(three[0].customer), typed(**shares))

    paid = Payment.objects.get()
    assert response.url == reverse("invoicing:payment", args=[paid.pk])
    assert (paid.amount, paid.allocated, paid.reference) == (50000, 50000, "WIRE-9")
    assert [Invoice.objects.get(pk=each.pk).amount_due for each in three] == [0, 0, 22600]


def test_what_stays_on_account_is_asked_about_once(client, three):
    data = typed(**part(three[0], "242"))

    asked = client.post(url(three[0].customer), data)
    assert asked.status_code == 422
    assert "EUR 258.00 will be kept as credit on account. Record it again if that is right." in words(asked)
    assert not Payment.objects.exists()

    client.post(url(three[0].customer), data | {"agreed": asked.context["form"]["agreed"].value()})
    assert Payment.objects.get().on_account == 25800


def test_a_small_rest_is_closed_with_its_reason(client, three):
    key = f"invoice-{three[0].pk}"
    data = typed(amount="240", **part(three[0], "240"), **{f"rest-{key}": "bank_charge"})

    refused = client.post(url(three[0].customer), data)
    assert "the auditor will ask" in words(refused)
    client.post(url(three[0].customer), data | {f"why-{key}": "Correspondent bank"})

    assert Invoice.objects.get(pk=three[0].pk).status == "paid"
    assert Allocation.objects.get(kind="bank_charge").amount == 200


def test_above_the_limit_it_says_so_at_the_row_and_keeps_what_was_typed(client, three):
    key = f"invoice-{three[0].pk}"
    data = typed(amount="100", **part(three[0], "100"), **{f"rest-{key}": "write_off", f"why-{key}": "Old"})

    response = client.post(url(three[0].customer), data)

    assert response.status_code == 422
    assert "ask a manager" in words(response)
    assert response.context["form"][f"why-{key}"].value() == "Old"
    assert not Payment.objects.exists()


@pytest.mark.parametrize(
    ("amounts", "sentence"),
    [
        (["300", "", ""], "is due on INV-2026-00003. Allocate that, or less."),
        (["242", "242", "100"], "only EUR 500.00 was paid"),
        (["-5", "", ""], "it has to be more than zero"),
        (["much", "", ""], "is not an amount"),
    ],
)
def test_what_cannot_be_is_said_and_nothing_is_recorded(client, three, amounts, sentence):
    shares = {f"part-invoice-{each.pk}": amount for each, amount in zip(three, amounts, strict=True)}

    response = client.post(url(three[0].customer), typed(**shares))

    assert response.status_code == 422
    assert sentence in words(response)
    assert not Payment.objects.exists()


def test_an_invoice_settled_meanwhile_is_said_not_dropped(client, three):
    factories.payment(three[0])

    response = client.post(url(three[0].customer), typed(amount="242", **part(three[0], "242")))

    assert "settled or used meanwhile" in words(response)
    assert Payment.objects.count() == 1


def test_the_same_submit_twice_is_one_payment(client, three):
    data = typed(amount="242", **part(three[0], "242"))
    client.post(url(three[0].customer), data)
    client.post(url(three[0].customer), data)

    assert Payment.objects.count() == 1


def test_money_in_advance_is_credit_on_account(client):
    buyer = factories.customer()

    asked = client.post(url(buyer), typed())
    client.post(url(buyer), typed(agreed=asked.context["form"]["agreed"].value()))

    assert Payment.objects.get().on_account == 50000


def test_a_viewer_records_nothing(as_role, viewer, three):
    assert as_role(viewer).post(url(three[0].customer), typed()).status_code == 403
    assert not Payment.objects.exists()


def test_the_number_of_queries_does_not_grow_with_the_invoices(client, three, django_assert_max_num_queries):
    client.get(url(three[0].customer))
    with django_assert_max_num_queries(8):
        client.get(url(three[0].customer))
    for _each in range(4):
        factories.opened(three[0].customer)
    with django_assert_max_num_queries(8):
        client.get(url(three[0].customer))
