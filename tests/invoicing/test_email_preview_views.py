"""The preview beside a template: what is typed, as the email it becomes."""

import re
from html import unescape

import pytest

from invoicing.models import EmailTemplate, Invoice, InvoiceTemplate
from invoicing.services import email_previews
from tests import factories, hostile

pytestmark = pytest.mark.django_db
HERE = "/settings/email-preview/"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def seat(as_role, manager):
    factories.organization()
    return as_role(manager)


def ask(seat, **fields):
    body = {"mail_kind": "reminder", "mail_language": "en", "subject": "{number}", "message": "Hello", **fields}
    return seat.post(HERE, body, headers=HTMX)


def again(answer) -> dict:
    """What the frame's own form sends."""
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', answer.text)
    return {name: unescape(value) for name, value in found if name != "csrfmiddlewaretoken"}


def frame(seat, answer):
    return seat.post(f"{HERE}?part=html", again(answer))


def test_subject_and_frame_show_the_newest_opened_invoice(seat):
    factories.opened(factories.customer("First Ltd"))
    newest = factories.opened()
    factories.draft(factories.customer("Draft Ltd"))

    answer = ask(seat, message="To {customer}")

    assert answer.status_code == 200
    assert f'<b lang="en">{newest.number}</b>' in answer.text
    assert "Harbour Café GmbH" in answer.text
    mail = frame(seat, answer)
    assert "To Harbour Café GmbH" in mail.text
    assert Invoice.objects.get(pk=newest.pk).version == newest.version


def test_each_kind_begins_with_an_invoice_it_is_likely_for(seat, monkeypatch):
    monkeypatch.setattr("invoicing.views.email_preview.today_of", lambda request: factories.TODAY)
    late = factories.opened(factories.customer("Late Ltd"), due_on=factories.TODAY.replace(day=2), due_typed=True)
    paid = factories.opened(factories.customer("Paid Ltd"))
    factories.payment(paid)
    newest = factories.opened(factories.customer("New Ltd"))

    for kind, invoice in (("invoice", newest), ("reminder", late), ("receipt", paid)):
        assert f">{invoice.number}</a>" in ask(seat, mail_kind=kind).text


def test_before_the_first_invoice_it_says_that_it_is_a_sample(seat):
    answer = ask(seat, message="To {customer}")

    assert "A sample: no invoice has been opened yet." in answer.text
    assert "To Example &amp; Sons" in frame(seat, answer).text
    assert not Invoice.objects.exists()


@pytest.mark.parametrize("words", ["INV-2026-00001", "inv-2026-00001", "First", "first l"])
def test_the_invoice_is_found_by_number_or_customer(words, seat):
    first = factories.opened(factories.customer("First Ltd"))
    factories.opened()

    answer = ask(seat, mail_invoice=words)

    assert f">{first.number}</a>" in answer.text
    assert again(answer)["mail_invoice"] == first.number


def test_where_none_fits_it_says_so_and_shows_another(seat):
    invoice = factories.opened()

    answer = ask(seat, mail_invoice="Nobody & Co")

    assert "No opened invoice fits “Nobody &amp; Co”." in answer.text
    assert f">{invoice.number}</a>" in answer.text


def test_the_box_offers_eight_opened_invoices_at_most(seat):
    buyer = factories.customer()
    for _each in range(10):
        factories.opened(buyer)
    factories.draft(buyer)

    def offered(words):
        return re.findall(
            r'<option value="([^"]*)"', seat.get("/settings/preview-invoices/", {"mail_invoice": words}).text
        )

    assert offered("harbour") == [f"INV-2026-{n:05}" for n in range(10, 2, -1)]
    assert offered("INV-2026-00003") == ["INV-2026-00003"]
    assert offered("zzz") == []
    assert len(offered("")) == 8


def test_words_of_the_chosen_language_are_shown_in_it(seat):
    factories.opened()
    words = {"subject_en": "English", "message_en": "", "subject_de": "Deutsch {due_date}", "message_de": ""}

    answer = ask(seat, mail_language="de", **words)

    assert "Deutsch 20. Dezember 2026" in answer.text
    assert '<html lang="de">' in frame(seat, answer).text
    assert '<b lang="en">English</b>' in ask(seat, mail_language="xx", **words).text


def test_what_cannot_be_filled_is_said_right_there(seat):
    factories.opened()

    answer = ask(seat, message="{amount_paid}")

    assert answer.status_code == 200
    assert "There is no field {amount_paid}. Did you mean {amount_due}?" in answer.text
    assert "{amount_paid}" in frame(seat, answer).text


def test_line_breaks_reach_the_frame_as_they_were_typed(seat):
    answer = ask(seat, message="One\r\n\r\nTwo")

    assert "One<br><br>Two" in frame(seat, answer).text


def test_the_frame_is_shut_off(seat):
    answer = ask(seat)
    mail = frame(seat, answer)

    assert re.search(r'<iframe class="mail-frame" sandbox name="(mail-\w+)"', answer.text)[1] in answer.text
    assert mail["Content-Security-Policy"].startswith("default-src 'none'")
    assert "sandbox" in mail["Content-Security-Policy"]
    assert "script-src" not in mail["Content-Security-Policy"]
    assert mail["X-Frame-Options"] == "SAMEORIGIN"


def test_hostile_words_stay_text_beside_the_frame_and_in_it(seat):
    factories.opened(factories.customer("<img src=x onerror=xss()>"))
    words = "".join(hostile.PAYLOADS)

    answer = ask(seat, subject=hostile.PAYLOADS[0], message=words, mail_invoice=hostile.PAYLOADS[1])
    mail = frame(seat, answer)

    assert again(answer)["message"] == words
    for text in (answer.text, mail.text):
        assert "&lt;img src=x onerror=xss()&gt;" in text
        for part in (
            "<img src=x",
            "<svg onload",
            "<script",
            "<math",
            "<details open",
            "<a href=javascript",
            "<iframe srcdoc",
        ):
            assert part not in text
    offered = seat.get("/settings/preview-invoices/", {"mail_invoice": "<img"}).text
    assert "&lt;img src=x" in offered
    assert "<img" not in offered


def test_without_script_it_is_a_page_of_its_own(seat):
    answer = seat.post(HERE, {"mail_kind": "receipt", "subject": "Thanks", "message": ""})

    assert answer.status_code == 200
    assert '<main class="page"' in answer.text
    assert "<noscript><button" in answer.text


@pytest.mark.parametrize("kind", ["", "statement", "__class__"])
def test_a_kind_there_is_not_is_no_question(kind, seat):
    assert ask(seat, mail_kind=kind).status_code == 400


def test_odd_bytes_and_much_too_long_texts_are_no_crash(seat):
    answer = ask(seat, subject="\0" * 9 + "x" * 5000, message="y" * 200_000, mail_invoice="\0" + "9" * 5000)

    assert answer.status_code == 200
    assert "x" * (email_previews.LONGEST["subject"] + 1) not in answer.text.split("<form")[0]


def test_the_question_takes_few_queries(seat, django_assert_max_num_queries):
    factories.opened()
    ask(seat)

    with django_assert_max_num_queries(9):
        ask(seat)


def test_pages_of_templates_carry_the_preview_and_the_picker(seat):
    for address in (
        f"/settings/email-templates/{EmailTemplate.objects.first().pk}/",
        f"/settings/templates/{InvoiceTemplate.objects.first().pk}/",
    ):
        page = seat.get(address).text
        assert 'id="email-preview-shown"' in page
        assert 'name="mail_kind"' in page
        assert "data-fields=" in page
        assert "<code>{amount_due}</code>" in page


def test_the_picker_of_a_kind_lists_its_own_fields_alone(seat):
    reminder, receipt = (
        seat.get(f"/settings/email-templates/{EmailTemplate.objects.default_of(kind).pk}/").text
        for kind in ("reminder", "receipt")
    )

    assert "<code>{paid_on}</code>" in receipt
    assert "<code>{paid_on}</code>" not in reminder
