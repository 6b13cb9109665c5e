"""What a customer finds behind the link of a mail."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from config.common import clock
from invoicing.models import Delivery, Document, Invoice
from invoicing.services import correcting, crediting, opening
from portal.views.invoice import masked
from tests import factories
from tests.invoicing.heard import READER
from tests.portal.visiting import let_in, link_of, linked, page_of

pytestmark = pytest.mark.django_db


def read(link, path) -> str:
    answer = let_in(path).get(page_of(link))
    assert answer.status_code == 200
    return answer.text


def test_the_page_says_what_is_owed_until_when_and_where_to(worker):
    link, path = linked()

    page = read(link, path)

    assert "Invoice INV-2026-00001" in page
    assert '<span class="cur">EUR</span>&nbsp;242.00' in page
    assert "Harbour Café GmbH" in page
    assert "Calibration" in page
    assert "NL91 ABNA 0417 1643 00".replace(" ", "\N{NO-BREAK SPACE}") in page
    assert 'data-copy="NL91ABNA0417164300"' in page
    assert 'src="data:image/png;base64,' in page
    assert '<html lang="en">' in page
    assert "Ask a question" in page


def test_it_speaks_the_language_of_the_mail():
    link, path = linked(factories.opened(factories.customer(language="de")))

    answer = let_in(path).get(page_of(link), headers={"Accept-Language": "en"})

    assert '<html lang="de">' in answer.text
    assert "Rechnung INV-2026-00001" in answer.text
    assert answer["Content-Language"] == "de"


def test_the_pdf_is_the_very_file_that_was_attached():
    link, path = linked()
    [(_name, attached, _kind)] = mail.outbox[-1].attachments

    answer = let_in(path).get(page_of(link) + "pdf/")

    assert answer.content == attached
    assert answer["Content-Disposition"] == 'attachment; filename="INV-2026-00001.pdf"'
    assert answer["Content-Type"] == "application/pdf"


def test_a_pdf_that_is_not_made_yet_is_said_so_and_not_made_by_a_stranger(monkeypatch):
    link, path = linked()
    monkeypatch.setattr("invoicing.documents.stored_pdf", lambda invoice: None)
    monkeypatch.setattr("invoicing.documents.ensure_pdf", None)

    answer = let_in(path).get(page_of(link) + "pdf/")

    assert (answer.status_code, answer["Retry-After"]) == (503, "60")
    assert "The PDF is not ready yet" in answer.text
    assert Document.objects.count() == 1


# --- How it stands --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("moment", "offered"),
    [
        ("2026-11-30T09:00", True),
        ("2026-11-30T22:59", True),  # a minute to midnight in Amsterdam
        ("2026-11-30T23:01", False),
        ("2027-01-20T09:00", False),
    ],
)
def test_the_cash_discount_is_offered_until_its_last_day_is_over_here(moment, offered, as_role, viewer):
    invoice = factories.opened(discount_percent=Decimal(2), discount_days=10)
    link, path = linked(invoice)

    with clock.at(datetime.fromisoformat(moment).replace(tzinfo=UTC)):
        page = read(link, path)
        ours = as_role(viewer).get(reverse("portal:as_customer", args=[invoice.pk])).text

    assert "How to pay" in page
    for text in (page, ours):
        assert ("2% cash discount if paid by 30 November 2026" in text.replace("\N{NO-BREAK SPACE}", " ")) is offered
        assert ("cash discount" in text) is offered


def test_what_is_late_is_said_with_its_days():
    link, path = linked(factories.opened(on=factories.TODAY - timedelta(days=60)))
    due = link.invoice.due_on
    late = (clock.today("Europe/Amsterdam") - due).days

    assert f"{late} days overdue" in read(link, path)


def test_what_is_partly_paid_asks_for_the_rest():
    link, path = linked()
    factories.payment(link.invoice, 4200)

    page = read(link, path)

    assert '<span class="cur">EUR</span>&nbsp;200.00' in page
    assert "Paid so far" in page
    assert 'data-copy="200.00"' in page


def test_what_is_paid_asks_for_nothing():
    link, path = linked()
    factories.payment(link.invoice)

    page = read(link, path)

    assert "Nothing is left to pay." in page
    assert "How to pay" not in page
    assert "NL91" not in page


def test_a_credit_note_is_shown_as_one(manager):
    invoice = factories.opened()
    note = crediting.draft_credit_note(invoice, by=manager, reason="Broken")
    opening.open_invoice(note, by=manager, on=factories.TODAY)
    link, path = linked(Invoice.objects.get(pk=note.pk))

    page = read(link, path)

    assert "Credited to you on" in page
    assert "How to pay" not in page


def test_what_is_void_is_said_to_be_and_hands_out_no_pdf(manager):
    link, path = linked()
    Delivery.objects.update(status="failed", reason="550", sent_at=None, response="")
    Invoice.objects.update(billed_at=None)
    invoice = Invoice.objects.get()
    correcting.void_invoice(invoice, by=manager, reason="Wrong customer", on=factories.TODAY)
    browser = let_in(path)

    page = browser.get(page_of(link))

    assert page.status_code == 200
    assert "INV-2026-00001 is void" in page.text
    assert "242.00" not in page.text
    assert browser.get(page_of(link) + "pdf/").status_code == 404


def test_whatever_stands_in_an_invoice_is_text_on_the_page():
    hostile = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{ 7 }}"
    buyer = factories.customer(hostile)
    link, path = linked(
        factories.opened(buyer, lines=[factories.line(hostile)], note=hostile, order_number=hostile[:40])
    )

    page = read(link, path)

    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "{{ 7 }}" in page


# --- Links that have run out ----------------------------------------------------------------------------------


@pytest.fixture
def expired():
    """(link, browser) of an invoice that was settled a hundred days ago, mailed before that."""
    link, path = linked(days_ago=120)
    factories.payment(link.invoice)
    Invoice.objects.update(settled_on=clock.today("Europe/Amsterdam") - timedelta(days=100))
    return link, let_in(path)


def test_an_expired_link_offers_a_fresh_one_to_the_same_address_alone(expired, worker):
    link, browser = expired
    page = browser.get(page_of(link))
    assert page.status_code == 410
    assert "This link has expired" in page.text
    assert "a•••@harbour.example" in page.text
    assert "ap@harbour.example" not in page.text
    assert "242.00" not in page.text
    assert browser.get(page_of(link) + "pdf/").status_code == 404

    for _twice in range(2):
        assert browser.post(page_of(link) + "fresh/", {"email": "thief@bank.example"}).status_code == 302
    worker()

    assert [message.to for message in mail.outbox[1:]] == [["ap@harbour.example"]]
    after = browser.get(page_of(link)).text
    assert "A fresh link is on its way to a•••@harbour.example." in after
    assert "Send a fresh one" not in after
    fresh = Delivery.objects.get(kind="notice").link
    assert "INV-2026-00001" in read(fresh, link_of(mail.outbox[-1]))


def test_a_fresh_link_is_asked_for_by_a_form_of_ours_alone(expired):
    link, browser = expired
    strict = Client(enforce_csrf_checks=True, headers={"User-Agent": READER})
    strict.cookies = browser.cookies

    assert strict.post(page_of(link) + "fresh/").status_code == 403
    assert strict.get(page_of(link) + "fresh/").status_code == 405
    assert not Delivery.objects.filter(kind="notice").exists()


def test_a_link_that_still_opens_sends_no_fresh_one():
    link, path = linked()

    assert let_in(path).post(page_of(link) + "fresh/").status_code == 302

    assert Delivery.objects.count() == 1


def test_what_is_refused_is_said_on_the_page(expired):
    link, browser = expired
    link.delivery.customer.contacts.update(complained_at=clock.now())

    answer = browser.post(page_of(link) + "fresh/")

    assert answer.status_code == 422
    assert "We cannot send to that address any more. Please write to us instead." in answer.text


@pytest.mark.parametrize(
    ("email", "shown"), [("ap@harbour.example", "a•••@harbour.example"), ("x@y.example", "x•••@y.example")]
)
def test_an_address_is_shown_to_its_owner_alone(email, shown):
    assert masked(email) == shown


# --- Previews and our own people ------------------------------------------------------------------------------


def test_the_link_of_a_preview_says_what_it_is(client):
    answer = client.get("/i/preview/")

    assert answer.status_code == 200
    assert "This link was in a preview" in answer.text


def test_our_people_see_it_as_the_customer_does_and_are_not_counted(as_role, viewer):
    link, _path = linked()

    answer = as_role(viewer).get(reverse("portal:as_customer", args=[link.invoice_id]))

    assert "You see this page as the customer does. Nothing of it is counted." in answer.text
    assert "How to pay" in answer.text
    assert not link.delivery.events.exists()


def test_a_draft_has_no_such_page(as_role, viewer):
    draft = factories.draft()

    assert as_role(viewer).get(reverse("portal:as_customer", args=[draft.pk])).status_code == 404


def test_the_page_asks_little(django_assert_num_queries):
    link, path = linked()
    browser, page = let_in(path), page_of(link)

    with django_assert_num_queries(6):
        browser.get(page)
