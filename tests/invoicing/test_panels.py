"""What a customer's profile shows of invoices and money, and that it costs the same however much there is."""

import re
from datetime import timedelta

import pytest

from config.common import clock
from customers.services import contacts
from invoicing.services import crediting, opening, paying, refunding
from tests import factories

pytestmark = pytest.mark.django_db
TODAY = factories.TODAY


@pytest.fixture
def look(as_role, clerk):
    client = as_role(clerk)
    return lambda customer: client.get(f"/customers/{customer.pk}/")


def _words(response) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>|&nbsp;", " ", response.text))


def _panel(response) -> dict:
    return response.context["panels"][0]


def _given_back(source, by, n):
    money = {
        "amount": 100,
        "paid_on": TODAY,
        "method": "transfer",
        "reason": "Paid twice",
        "occasion": f"refund-of-{n}",
    }
    refund = refunding.refund_credit if hasattr(source, "kind") else refunding.refund_payment
    return refund(source, by=by, **money)


def _history(customer, n, manager):
    """n of everything: open, billed, part-paid and credited invoices, drafts, payments, refunds, contacts, mails."""
    for number in range(n):
        factories.draft(customer)
        factories.billed(factories.opened(customer, due_on=TODAY + timedelta(days=number), due_typed=True))
        factories.queued(factories.opened(customer))
        over = factories.payment(factories.opened(customer), 30000, reference=f"R-{number}")
        _given_back(over, manager, f"payment-{number}")
        paid = factories.opened(customer)
        factories.payment(paid)
        note = opening.open_invoice(crediting.draft_credit_note(paid, by=manager), by=manager, on=TODAY)
        _given_back(note, manager, f"note-{number}")
        contacts.add_contact(customer, by=manager, name=f"Reader {number}", email=f"r{number}@harbour.example")


@pytest.mark.parametrize("n", [1, 20])
def test_the_profile_is_five_queries_however_much_there_is(n, look, manager, django_assert_num_queries):
    customer = factories.customer()
    _history(customer, n, manager)
    look(customer)

    # who is signed in (2), the customer with contacts, addresses and money, what happened, the shell
    with django_assert_num_queries(5):
        response = look(customer)

    panel = _panel(response)
    assert panel["drafts"] == n
    assert panel["owes"] == {"EUR": 2 * n * 24200}
    assert panel["on_account"] == {"EUR": n * 5700}
    assert [len(panel[name]) for name in ("invoices", "payments", "refunds", "notes")] == [
        min(3 * n, 10),
        min(2 * n, 5),
        min(2 * n, 5),
        min(n, 10),
    ]
    assert panel["more"] == (3 * n > 10)
    assert len(response.context["contacts"]) == n + 1


def test_everything_of_the_story_is_five_queries_too(as_role, clerk, manager, django_assert_num_queries):
    customer = factories.customer()
    _history(customer, 3, manager)
    client = as_role(clerk)
    client.get(f"/customers/{customer.pk}/")

    with django_assert_num_queries(5):
        client.get(f"/customers/{customer.pk}/", {"activity": "all"})


def test_open_invoices_stand_by_due_date_with_their_state(look, monkeypatch):
    customer = factories.customer()
    late, soon = (factories.opened(customer, due_on=TODAY + timedelta(days=days), due_typed=True) for days in (-40, 40))
    factories.billed(late)
    factories.payment(late, 1000)

    monkeypatch.setattr(clock, "today", lambda zone: TODAY)
    panel = _panel(response := look(customer))

    assert [invoice.number for invoice in panel["invoices"]] == [late.number, soon.number]
    assert panel["invoices"][0].billed_at.tzinfo is not None
    shown = _words(response)
    assert f"{late.number} Open · Unpaid Partly paid Overdue" in shown
    assert f"{soon.number} Open · Unbilled" in shown
    assert "EUR 232.00" in shown


def test_the_last_payments_come_first_and_a_reversed_one_is_no_credit(look, clerk):
    invoice = factories.opened()
    before = TODAY - timedelta(days=3)
    old = factories.payment(invoice, 30000, paid_on=before, received_on=before, reference="Old")
    back = factories.payment(factories.opened(invoice.customer), 25000, reference="Came back")
    paying.reverse_payment(back, by=clerk, because="chargeback", on=TODAY, reason="Disputed")

    response = look(invoice.customer)

    panel = _panel(response)
    assert [payment.pk for payment in panel["payments"]] == [back.pk, old.pk]
    assert [payment.on_account for payment in panel["payments"]] == [0, 5800]
    assert panel["on_account"] == {"EUR": 5800}
    assert "Charged back" in _words(response)


def test_refunds_name_what_was_paid_back_and_those_taken_back_are_gone(look, manager):
    paid = factories.opened()
    factories.payment(paid)
    note = opening.open_invoice(crediting.draft_credit_note(paid, by=manager), by=manager, on=TODAY)
    kept, wrong = (_given_back(note, manager, n) for n in (1, 2))
    refunding.take_back_refund(wrong, by=manager, reason="Typed twice")

    response = look(paid.customer)

    assert [refund.pk for refund in _panel(response)["refunds"]] == [kept.pk]
    assert f"{note.number} Paid twice EUR 1.00" in _words(response)
    assert f"Credit note {note.number}" in _words(response)


def test_another_customers_money_is_not_shown(look):
    factories.payment(factories.opened(), 30000)
    other = factories.customer("Another B.V.")

    panel = _panel(look(other))

    empty = ("invoices", "drafts", "payments", "owes", "on_account", "notes", "refunds")
    assert not any(panel[name] for name in empty)


def test_a_customer_who_is_not_there_is_not_found(as_role, clerk):
    factories.organization()

    assert as_role(clerk).get("/customers/999/").status_code == 404
