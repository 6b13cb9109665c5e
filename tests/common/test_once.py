"""What is sent twice is made once: the same form again, at the same moment, or with other words in it."""

import re
import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.urls import reverse

from config.common import clock, once
from config.common.models import AuditEvent, Submission
from customers.models import BankAccountChange, Contact, Customer
from invoicing.models import Invoice, TaxRate
from tests import factories

pytestmark = pytest.mark.django_db


def token_of(answer) -> str:
    return re.search(r'name="once" value="([^"]+)"', answer.content.decode())[1]


@pytest.fixture
def typed():
    """A new customer as it is typed."""
    factories.organization()
    return {
        "name": "Elbe Werft", "kind": "business", "language": "de", "time_zone": "Europe/Berlin", "currency": "EUR",
        "terms_days": "30", "billing_street": "Kai 1", "billing_city": "Hamburg", "billing_country": "DE",
    }  # fmt: skip


@pytest.fixture
def send(as_role, clerk):
    """`send(typed)`: what the page for a new customer answers; with the token of one page unless told."""
    client, url = as_role(clerk), reverse("customers:new")
    token = token_of(client.get(url))
    return lambda typed, token=token: client.post(url, {**typed, "once": token})


def test_the_same_form_again_leads_to_what_the_first_made_and_makes_nothing(typed, send):
    first, again = send(typed), send(typed)

    made = Customer.objects.get()
    assert first.status_code == again.status_code == 302
    assert first.url == again.url == reverse("customers:detail", args=[made.pk])
    assert (AuditEvent.objects.filter(object_type="customer", object_id=made.pk).count()) == 1


def test_other_words_in_a_form_that_was_saved_are_kept_and_what_was_made_is_named(typed, send):
    send(typed)
    made = Customer.objects.get()

    told = send({**typed, "name": "Alster Werft"})

    page = told.content.decode()
    assert told.status_code == 422
    assert f'saved already as <a href="{reverse("customers:detail", args=[made.pk])}">Elbe Werft</a>' in page
    assert 'value="Alster Werft"' in page
    assert Customer.objects.count() == 1

    assert send({**typed, "name": "Alster Werft"}, token_of(told)).status_code == 302
    assert sorted(Customer.objects.values_list("name", flat=True)) == ["Alster Werft", "Elbe Werft"]


def test_a_name_that_looks_like_markup_is_shown_as_it_is(typed, send):
    send({**typed, "name": "<b>Elbe</b>"})

    told = send(typed).content.decode()

    assert "&lt;b&gt;Elbe&lt;/b&gt;" in told
    assert "<b>Elbe</b>" not in told


def test_a_form_that_was_refused_is_not_used_up(typed, send):
    refused = send({**typed, "name": ""})
    taken = factories.customer()
    again = send({**typed, "number": taken.number})

    assert (refused.status_code, again.status_code) == (422, 422)
    assert not Submission.objects.exists()
    assert send(typed).status_code == 302
    assert Customer.objects.filter(name="Elbe Werft").count() == 1


def test_a_token_counts_for_its_person_and_its_page_alone(typed, send, as_role, manager):
    send(typed, "borrowed")
    answer = as_role(manager).post(reverse("customers:new"), {**typed, "once": "borrowed"})

    assert answer.status_code == 302
    assert Customer.objects.count() == 2


def test_a_form_without_a_token_makes_something_each_time(typed, as_role, clerk):
    for _time in range(2):
        as_role(clerk).post(reverse("customers:new"), typed)

    assert Customer.objects.count() == 2
    assert not Submission.objects.exists()


def test_a_dialog_by_htmx_is_led_to_the_same_place_twice(as_role, manager):
    invoice = factories.opened()
    client, url = as_role(manager), reverse("invoicing:crediting", args=[invoice.pk])
    body = {"part": "whole", "reason": "Returned", "once": token_of(client.get(url, headers={"HX-Request": "true"}))}

    answers = [client.post(url, body, headers={"HX-Request": "true"}) for _time in range(2)]

    note = Invoice.objects.get(kind="credit_note")
    assert [answer["HX-Redirect"] for answer in answers] == [reverse("invoicing:detail", args=[note.pk])] * 2


def test_a_bank_account_is_proposed_once(as_role, admin):
    factories.opened()  # from here on a change has to be confirmed
    client, url = as_role(admin), reverse("customers:bank_account_new")
    body = {"holder": "Kelpworks", "iban": "DE89370400440532013000", "once": token_of(client.get(url))}

    for _time in range(2):
        assert client.post(url, body).status_code == 302

    assert BankAccountChange.objects.filter(status="waiting").count() == 1


@pytest.mark.parametrize("what", ["contact", "tax rate"])
def test_what_has_nothing_unique_about_it_is_added_once_too(what, as_role, admin):
    buyer = factories.customer()
    client = as_role(admin)
    url, body, rows = {
        "contact": (
            reverse("customers:contact_new", args=[buyer.pk]), {"name": "Mads", "role": "finance"}, Contact.objects,
        ),
        "tax rate": (
            reverse("invoicing:tax_new"), {"name": "Typed", "category": "S", "percent": "17", "active": "on"},
            TaxRate.objects,
        ),
    }[what]  # fmt: skip
    body["once"] = token_of(client.get(url))

    for _time in range(2):
        assert client.post(url, body).status_code == 302

    assert rows.filter(name=body["name"]).count() == 1


def test_a_line_added_without_script_keeps_the_token_of_the_draft(as_role, clerk):
    buyer = factories.customer()
    client, url = as_role(clerk), reverse("invoicing:new")
    token = token_of(client.get(f"{url}?customer={buyer.pk}"))

    grown = client.post(url, {"act": "add_line", "once": token, "lines-TOTAL_FORMS": "1", "lines-INITIAL_FORMS": "0"})

    assert token_of(grown) == token


def test_tokens_are_forgotten_after_two_days(typed, send):
    send(typed)
    assert once.sweep() == 0

    Submission.objects.update(made_at=clock.database_now() - timedelta(days=2, minutes=1))

    assert once.sweep() == 1


@pytest.mark.django_db(transaction=True)
def test_of_many_at_the_same_moment_one_makes_it_and_all_are_led_there(typed, as_role, clerk):
    clients, url = [as_role(clerk) for _each in range(4)], reverse("customers:new")
    body = {**typed, "once": token_of(clients[0].get(url))}
    answers, together = [], threading.Barrier(len(clients))

    def work(client):
        try:
            together.wait()
            answers.append(client.post(url, body))
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    made = Customer.objects.get()
    assert [answer.status_code for answer in answers] == [302] * 4
    assert {answer.url for answer in answers} == {reverse("customers:detail", args=[made.pk])}
    assert Submission.objects.count() == 1
