"""The rest of an invoice let go from its own page: named, with a reason, within the role's limit, never another sum."""

import re

import pytest
from django.urls import reverse

from invoicing.models import Allocation, Invoice
from invoicing.services import letting_go, reallocating
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def short():
    """An open invoice of which 2.00 were left open."""
    invoice = factories.opened()
    factories.payment(invoice, 24000)
    invoice.refresh_from_db()
    return invoice


def at(invoice):
    return reverse("invoicing:letting_go", args=[invoice.pk])


def words(response) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", response.content.decode())).replace("&nbsp;", " ")


def typed(invoice, **changes):
    return {"kind": "bank_charge", "reason": "Correspondent bank", "rest": str(invoice.amount_due), **changes}


def test_what_was_left_open_is_closed_from_the_menu_of_the_invoice(as_role, manager, short):
    client = as_role(manager)
    assert at(short) in client.get(reverse("invoicing:detail", args=[short.pk])).content.decode()
    assert "EUR 2.00 is let go without money" in words(client.get(at(short)))

    page = client.post(at(short), typed(short), follow=True)

    row = Allocation.objects.get(kind="bank_charge")
    assert (row.amount, row.payment, row.reason) == (200, None, "Correspondent bank")
    assert Invoice.objects.get(pk=short.pk).status == "paid"
    assert f"EUR 2.00 of {short.number} is let go." in words(page)


def test_a_clerk_above_the_limit_is_told_at_the_field_and_below_it_may(as_role, clerk, admin, short):
    client = as_role(clerk)
    letting_go.set_limit(by=admin, role="clerk", currency="EUR", most=199)

    refused = client.post(at(short), typed(short))

    assert refused.status_code == 422
    assert "ask a manager" in words(refused)
    assert refused.context["form"]["reason"].value() == "Correspondent bank"
    letting_go.set_limit(by=admin, role="clerk", currency="EUR", most=200)
    assert client.post(at(short), typed(short)).status_code == 302


def test_another_sum_than_was_seen_is_asked_about_first(as_role, manager, short):
    row = Allocation.objects.get()
    data = typed(short)
    reallocating.take_back(row, by=manager)

    told = as_role(manager).post(at(short), data)

    assert "EUR 242.00 would be let go. Look at it again." in words(told)
    assert Invoice.objects.get(pk=short.pk).status == "open"
    again = as_role(manager).post(at(short), {**data, "rest": told.context["form"]["rest"].value()})
    assert again.status_code == 302


def test_it_is_offered_for_a_rest_alone(as_role, manager):
    whole = factories.opened()

    assert at(whole) not in as_role(manager).get(reverse("invoicing:detail", args=[whole.pk])).content.decode()
