"""The pages that put money right: allocate, use credit, move, take back, refund, reverse; and the write-off limits."""

import re
from decimal import Decimal

import pytest
from django.urls import reverse

from invoicing.models import Allocation, Invoice, Payment, Refund, WriteOffLimit
from invoicing.services import correcting, crediting, opening, paying, refunding
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(as_role, clerk):
    return as_role(clerk)


@pytest.fixture
def boss(as_role, manager):
    return as_role(manager)


@pytest.fixture
def over():
    """A payment with 58.00 on account, and an open invoice of 242.00 beside."""
    first = factories.opened()
    return factories.payment(first, 30000), factories.opened(first.customer)


@pytest.fixture
def note(manager):
    """A credit note of 242.00 that settles nothing yet."""
    invoice = factories.opened()
    factories.payment(invoice)
    return opening.open_invoice(crediting.draft_credit_note(invoice, by=manager), by=manager, on=factories.TODAY)


def at(name, thing):
    return reverse(f"invoicing:{name}", args=[thing.pk])


def words(response) -> str:
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", response.content.decode()))
    return text.replace("&nbsp;", " ")


def fresh(thing):
    return type(thing).objects.get(pk=thing.pk)


def test_credit_on_account_is_proposed_for_the_invoice_due_first_and_allocated(client, over):
    payment, invoice = over
    field = f"part-invoice-{invoice.pk}"

    form = client.get(at("payment_allocations", payment)).context["form"]
    assert form[field].value() == "58.00"
    response = client.post(at("payment_allocations", payment), {field: "50"})

    assert response.url == at("payment", payment)
    assert (fresh(payment).on_account, fresh(invoice).settled) == (800, 5000)


def test_more_than_is_on_account_is_said_and_what_was_typed_stays(client, over):
    payment, invoice = over
    field = f"part-invoice-{invoice.pk}"

    response = client.post(at("payment_allocations", payment), {field: "58.01"})

    assert response.status_code == 422
    assert "only EUR 58.00 is there" in words(response)
    assert response.context["form"][field].value() == "58.01"
    assert fresh(invoice).settled == 0


def test_the_invoice_offers_the_credit_there_is_and_takes_it(client, over, manager):
    payment, invoice = over
    paid = factories.opened(invoice.customer)
    factories.payment(paid)
    note = opening.open_invoice(crediting.draft_credit_note(paid, by=manager), by=manager, on=factories.TODAY)

    page = words(client.get(at("detail", invoice)))
    assert "58.00 on account" in page
    assert f"on credit note {note.number}" in page
    form = client.get(at("use_credit", invoice)).context["form"]
    assert [(row["thing"], row["field"].value()) for row in form.rows()] == [(note, "242.00"), (payment, None)]
    client.post(at("use_credit", invoice), {f"part-invoice-{note.pk}": "184.00", f"part-payment-{payment.pk}": "58.00"})

    assert (fresh(invoice).status, fresh(invoice).settled_by_credit) == ("paid", 18400)
    assert "Paid and credited" in words(client.get(at("detail", invoice)))


def test_the_record_dialog_leads_to_the_credit(client, over):
    _payment, invoice = over

    assert at("use_credit", invoice) in client.get(at("payments", invoice)).content.decode()


def test_a_credit_note_is_allocated_from_its_own_page(client, note):
    invoice = factories.opened(note.customer)

    client.post(at("note_allocations", note), {f"part-invoice-{invoice.pk}": "242.00"})

    assert (fresh(invoice).status, fresh(note).status) == ("paid", "paid")
    assert "Credited" in words(client.get(at("detail", invoice)))
    assert invoice.number in words(client.get(at("detail", note)))


def test_taking_back_spells_the_effect_out_and_opens_the_invoice_again(client):
    invoice = factories.opened()
    payment = factories.payment(invoice)
    row = payment.allocations.get()

    asked = words(client.get(at("taking_back", row)))
    assert f"Opens {invoice.number} again: EUR 242.00 will be due on it." in asked
    response = client.post(at("taking_back", row), {"reason": "Wrong one"})

    assert response.url == at("payment", payment)
    assert (fresh(invoice).status, fresh(payment).on_account) == ("open", 24200)
    page = words(client.get(at("payment", payment)))
    assert "Taken back" in page
    assert "took back what had settled an invoice" in page


def test_the_slower_of_two_is_told_in_the_dialog(client, clerk):
    row = factories.payment(factories.opened()).allocations.get()
    client.post(at("taking_back", row), {})

    response = client.post(at("taking_back", row), {})

    assert response.status_code == 422
    assert "taken back already" in words(response)
    assert Allocation.objects.count() == 2


def test_an_allocation_moves_to_the_invoice_chosen(client, over):
    payment, invoice = over
    row = payment.allocations.get()

    client.post(at("moving", row), {"to": invoice.pk, "reason": "Named the wrong one"})

    assert (fresh(invoice).status, fresh(row.invoice).status) == ("paid", "open")


def test_only_open_invoices_of_the_same_customer_are_offered(client, over):
    payment, invoice = over
    factories.opened(factories.customer("Elbe"))
    stranger = Invoice.objects.last()

    response = client.post(at("moving", payment.allocations.get()), {"to": stranger.pk})

    assert response.status_code == 422
    assert list(response.context["form"].fields["to"].queryset) == [invoice]


def test_a_manager_records_a_refund_and_takes_it_back(boss, over):
    payment, _invoice = over
    form = boss.get(at("payment_refunds", payment)).context["form"]
    assert form["amount"].value() == "58.00"

    data = {"amount": "58.00", "paid_on": "2026-11-20", "method": "transfer", "reason": "Twice", "occasion": "r"}
    boss.post(at("payment_refunds", payment), data)
    boss.post(at("payment_refunds", payment), data)

    assert fresh(payment).refunded == 5800
    assert "Refunds" in words(boss.get(at("payment", payment)))
    assert "Twice" in words(boss.get(reverse("customers:detail", args=[payment.customer_id])))
    boss.post(at("refund_taking_back", Refund.objects.get()), {})
    assert fresh(payment).on_account == 5800


def test_too_large_a_refund_is_refused_in_the_dialog(boss, over):
    data = {"amount": "58.01", "paid_on": "2026-11-20", "method": "transfer", "reason": "Twice", "occasion": "r"}

    response = boss.post(at("payment_refunds", over[0]), data)

    assert response.status_code == 422
    assert "of this payment is on account" in words(response)
    assert response.context["form"]["reason"].value() == "Twice"
    assert not Refund.objects.exists()


def test_a_credit_note_is_paid_back(boss, note):
    data = {"amount": "242", "paid_on": "2026-11-20", "method": "transfer", "reason": "Left us", "occasion": "r"}
    boss.post(at("credit_refunds", note), data)

    assert fresh(note).status == "paid"
    assert "Settled" in words(boss.get(at("detail", note)))


def test_a_clerk_sees_no_refund_and_may_record_none(client, over, note):
    assert "Record refund" not in words(client.get(at("payment", over[0])))
    assert client.get(at("payment_refunds", over[0])).status_code == 403
    assert client.post(at("credit_refunds", note), {}).status_code == 403
    assert not Refund.objects.exists()


def test_reversing_says_how_many_invoices_open_again_and_by_how_much(client, clerk):
    first = factories.opened()
    second = factories.opened(first.customer)
    payment = paying.record_payment(
        first.customer,
        by=clerk,
        currency="EUR",
        amount=50000,
        shares=[paying.Share(first, 24200), paying.Share(second, 24200)],
        paid_on=factories.TODAY,
        received_on=factories.TODAY,
        method="debit",
        occasion="x",
    )

    asked = words(client.get(at("reversing", payment)))
    assert "Opens 2 invoices again, EUR 484.00. EUR 16.00 leaves the credit on account." in asked
    client.post(at("reversing", payment), {"because": "returned", "on": "2026-11-21", "reason": "No cover"})

    assert fresh(payment).status == "reversed"
    assert {fresh(first).status, fresh(second).status} == {"open"}
    page = words(client.get(at("payment", payment)))
    assert "Returned by the bank on 21 Nov 2026" in page
    assert "Because: Returned by the bank; No cover" in page
    assert page.count("recorded a payment") == 1, "not once for each invoice"
    assert "Returned by the bank" in words(client.get(reverse("invoicing:payment_list")))


@pytest.mark.parametrize("missing", ["because", "on", "reason"])
def test_reversing_needs_to_know_what_happened(client, missing):
    payment = factories.payment(factories.opened())
    data = {"because": "returned", "on": "2026-11-21", "reason": "No cover"}
    del data[missing]

    assert client.post(at("reversing", payment), data).status_code == 422
    assert fresh(payment).status == "recorded"


def test_a_refunded_payment_is_not_reversed_and_the_dialog_says_what_first(client, over, manager):
    refunding.refund_payment(
        over[0],
        by=manager,
        amount=1,
        paid_on=factories.TODAY,
        method="transfer",
        reason="x",
        occasion="r",
    )

    response = client.post(at("reversing", over[0]), {"because": "mistake", "on": "2026-11-20", "reason": "x"})

    assert "Take the refund back first" in words(response)
    assert response.status_code == 422


# --- The list -------------------------------------------------------------------------------------------------


def test_the_list_is_narrowed_by_state_amount_and_customer_and_added_up(client, clerk, over):
    payment, invoice = over
    gone = factories.payment(invoice, 1000)
    paying.reverse_payment(gone, by=clerk, because="mistake", on=factories.TODAY)
    stranger = factories.payment(factories.opened(factories.customer("Elbe")), 700)
    url = reverse("invoicing:payment_list")

    rows = lambda **query: {each.pk for each in client.get(url, query).context["page"].rows}  # noqa: E731

    assert rows(state="on_account") == {payment.pk}
    assert rows(state="reversed") == rows(state="mistake") == {gone.pk}
    assert rows(state="recorded") == {payment.pk, stranger.pk}
    assert rows(least="10", most="299.99") == {gone.pk}
    assert rows(customer=stranger.customer_id) == {stranger.pk}
    [total] = client.get(url).context["totals"]
    assert (total["currency"], total["n"], total["sum"], total["left"]) == ("EUR", 2, 30700, 5800)


def test_what_is_asked_of_the_list_in_nonsense_breaks_nothing(client, over):
    url = reverse("invoicing:payment_list")

    for query in ({"state": "x"}, {"least": "x"}, {"most": "1e99"}, {"customer": "x"}, {"customer": "99999999"}):
        assert client.get(url, query).status_code == 200


# --- Limits ---------------------------------------------------------------------------------------------------


def test_an_admin_sets_and_takes_away_a_limit(as_role, admin):
    factories.organization()
    client = as_role(admin)

    client.post(reverse("invoicing:limit_new"), {"role": "clerk", "currency": "USD", "most": "7.50"})
    assert WriteOffLimit.objects.get(currency="USD").most == 750
    page = words(client.get(reverse("invoicing:limit_list")))
    assert "7.50" in page
    client.post(reverse("invoicing:limit_new"), {"role": "clerk", "currency": "USD", "most": ""})

    assert not WriteOffLimit.objects.filter(currency="USD").exists()


def test_a_limit_that_is_none_is_refused_at_its_field(as_role, admin):
    factories.organization()

    response = as_role(admin).post(reverse("invoicing:limit_new"), {"role": "clerk", "currency": "USD", "most": "-1"})

    assert response.status_code == 422
    assert "zero or more" in words(response)


def test_nobody_else_sets_one_but_all_may_read(as_role, manager, viewer):
    factories.organization()

    assert as_role(manager).post(reverse("invoicing:limit_new"), {}).status_code == 403
    assert as_role(viewer).get(reverse("invoicing:limit_list")).status_code == 200


# --- The dialog -----------------------------------------------------------------------------------------------


def typed(**changes):
    return {
        "amount": "242.00",
        "paid_on": "2026-11-20",
        "received_on": "2026-11-20",
        "method": "transfer",
        "occasion": "token-1",
        **changes,
    }


def test_a_short_payment_is_told_and_can_be_closed(client):
    invoice = factories.opened()
    url = at("payments", invoice)

    shown = words(client.get(url, {"effect": "", "amount": "240", "close_as": "bank_charge"}))
    assert "This settles the invoice in full; EUR 2.00 is let go as “Bank charge”." in shown
    client.post(url, typed(amount="240", close_as="bank_charge", reason="Abroad", seen="24200"))

    assert fresh(invoice).status == "paid"
    page = words(client.get(at("detail", invoice)))
    assert "Bank charge" in page
    assert "Abroad" in page


def test_the_discount_is_proposed_while_it_is_granted_and_chosen_by_nobody(client):
    invoice = factories.opened(discount_percent=Decimal(2), discount_days=10)
    url = at("payments", invoice)

    effect = lambda **query: words(client.get(url, {"effect": "", "amount": "237.16", **query}))  # noqa: E731

    assert "choose “Discount taken” to grant it" in effect(paid_on="2026-11-30")
    assert "Discount taken" not in effect(paid_on="2026-12-01")
    client.post(url, typed(amount="237.16"))
    assert fresh(invoice).amount_due == 484


def test_above_the_limit_the_dialog_says_whom_to_ask_and_keeps_everything(client):
    invoice = factories.opened()

    response = client.post(at("payments", invoice), typed(amount="200", close_as="write_off", reason="Old"))

    assert response.status_code == 422
    assert "ask a manager" in words(response)
    form = response.context["form"]
    assert (form["amount"].value(), form["reason"].value(), form["close_as"].value()) == ("200", "Old", "write_off")
    assert not Payment.objects.exists()


def test_what_is_let_go_is_what_was_seen(boss):
    invoice = factories.opened()
    data = typed(amount="240", close_as="rounding", reason="Cents", seen="24000")

    response = boss.post(at("payments", invoice), data)

    assert "changed meanwhile" in words(response)
    assert not Payment.objects.exists()
    boss.post(at("payments", invoice), data | {"seen": response.context["form"]["seen"].value()})
    assert fresh(invoice).status == "paid"


def test_the_dialog_page_of_a_payment_carries_what_was_seen_once(client):
    invoice = factories.opened()

    text = client.get(at("payments", invoice)).content.decode()

    assert text.count('name="seen"') == 1


def test_nothing_is_due_on_what_is_void(boss, manager):
    invoice = factories.opened()
    correcting.void_invoice(invoice, by=manager, on=factories.TODAY, reason="Typed twice")

    said = words(boss.get(at("detail", invoice)))

    assert "Nothing is owed on what is void." in said
    assert re.search(r"Amount due EUR +0\.00", said)


def test_an_invoice_names_the_credit_notes_that_take_it_back(boss, manager, note):
    said = words(boss.get(at("detail", note.corrects)))

    assert f"Credit note {note.number} EUR" in said


def test_moving_says_where_the_rest_goes_and_then_how_much_arrived(client):
    large = factories.opened()
    payment = factories.payment(large)
    small = factories.opened(large.customer, lines=[factories.line(quantity="1", unit_price="10")])
    row = payment.allocations.get()

    said = words(client.get(at("moving", row)))
    answer = client.post(at("moving", row), {"to": small.pk}, follow=True)

    assert "As much of the EUR 242.00 as the other invoice needs settles that one" in said
    assert f"EUR 12.10 is moved to {small.number}." in words(answer)
    assert (fresh(payment).on_account, fresh(small).status, fresh(large).amount_due) == (22990, "paid", 24200)


def test_moving_credit_says_where_its_rest_stays(client, manager):
    invoice = factories.opened()
    note = opening.open_invoice(crediting.draft_credit_note(invoice, by=manager), by=manager, on=factories.TODAY)
    factories.opened(invoice.customer)

    said = words(client.get(at("moving", note.given.get())))

    assert f"a rest is free on {note.number}" in said


@pytest.mark.parametrize(
    ("who", "offered"),
    [
        ("viewer", []),
        ("clerk", ["allocate", "reverse"]),
        ("manager", ["allocate", "refund", "reverse"]),
    ],
)
def test_the_menu_of_a_payment_in_the_list_offers_what_its_page_offers(who, offered, request, as_role, over):
    payment, _invoice = over
    client = as_role(request.getfixturevalue(who))

    [(_payment, menu)] = client.get(reverse("invoicing:payment_list")).context["rows"]
    actions = client.get(at("payment", payment)).context["actions"]

    assert [each.key for each in menu] == ["view", *offered]
    assert menu[1:] == actions
