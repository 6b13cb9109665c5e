"""How a template's words read in the email while they are typed."""

import re
from datetime import date
from html.parser import HTMLParser

import pytest

from config.common.errors import DomainError
from invoicing.models import Invoice
from invoicing.services import email_previews as service
from invoicing.services import paying
from tests import factories, hostile

pytestmark = pytest.mark.django_db
DAY = date(2026, 12, 29)


def shown(invoice=None, **fields):
    words = {"kind": "reminder", "subject": "{number}", "message": "{contact}: {days_late}", "language": "en"}
    return service.preview(invoice, **{**words, "on": DAY, **fields})


def test_the_email_is_composed_with_what_is_typed_around_the_chosen_invoice():
    invoice = factories.opened()

    preview = shown(invoice)

    assert preview.subject == invoice.number
    assert "Dagny Halvorsen: 9" in preview.html
    assert f"Reminder: Invoice {invoice.number}" in preview.html
    assert "This email went to ap@harbour.example." in preview.html
    assert preview.mistakes == []


def test_it_speaks_the_chosen_language_whatever_the_invoices_own():
    preview = shown(factories.opened(), language="de", message="Fällig {due_date}")

    assert "Fällig 20. Dezember 2026" in preview.html
    assert '<html lang="de">' in preview.html


def test_a_receipt_is_for_the_newest_payment_that_counts():
    invoice = factories.opened()
    factories.payment(invoice, 10000)
    invoice.refresh_from_db()
    wrong = factories.payment(invoice, 5000)
    paying.reverse_payment(wrong, by=factories.SYSTEM, because="mistake", on=factories.TODAY, reason="Typo")
    invoice.refresh_from_db()

    preview = shown(invoice, kind="receipt", subject="{amount_paid} on {paid_on}, {amount_due} left")

    assert preview.subject == "EUR 100.00 on 20 November 2026, EUR 142.00 left"


def test_where_nothing_was_paid_it_is_as_if_all_had_been():
    invoice = factories.opened()

    preview = shown(invoice, kind="receipt", subject="{amount_paid} on {paid_on}, {amount_due} left")

    assert preview.subject == "EUR 242.00 on 29 December 2026, EUR 0.00 left"
    invoice.refresh_from_db()
    assert (invoice.settled, invoice.amount_due) == (0, 24200)


@pytest.mark.parametrize("kind", ["invoice", "reminder", "receipt"])
def test_before_the_first_invoice_a_sample_stands_in_and_leaves_no_row(kind):
    factories.organization()

    preview = shown(None, kind=kind, message="{customer} {amount_due} {days_late}")

    assert preview.subject == "INV-0000"
    assert f"Example &amp; Sons EUR {'0.00' if kind == 'receipt' else '720.31'} 9" in preview.html
    assert "Travel to the site" in preview.html or kind == "receipt"
    assert not Invoice.objects.exists()


def test_the_sample_speaks_the_language_of_the_words_and_is_for_a_reader_who_has_a_name():
    factories.organization()

    preview = shown(None, language="de", message="{contact}, {due_date}")

    assert "Kreditorenbuchhaltung, 20. Dezember 2026" in preview.html


def test_without_an_organization_it_says_what_to_do_first():
    with pytest.raises(DomainError, match="Fill in Settings → Organization first."):
        shown(None)


def test_what_cannot_be_filled_is_said_and_stays_as_typed():
    preview = shown(factories.opened(), subject="{numbr}", message="Lone { and {amount_paid}")

    assert preview.subject == "{numbr}"
    assert preview.mistakes == [
        ("Default Email Subject", "There is no field {numbr}. Did you mean {number}?"),
        ("Default Email Message", "There is a lone {. Write a field as {number}, and a brace that is to stay as {{."),
    ]


def test_a_field_of_receipts_is_none_of_a_reminder():
    invoice = factories.opened()

    for kind in ("invoice", "reminder"):
        [(_what, sentence)] = shown(invoice, kind=kind, message="{amount_paid}").mistakes
        assert sentence == "There is no field {amount_paid}. Did you mean {amount_due}?"
    assert shown(invoice, kind="receipt", message="{amount_paid}").mistakes == []


def test_more_than_the_form_takes_is_not_composed():
    preview = shown(factories.opened(), subject="x" * 5000, message="y" * 100_000)

    assert len(preview.subject) == 200
    assert preview.html.count("y" * 10_000) == 1
    assert "y" * 10_001 not in preview.html


class Tags(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, sorted(name for name, _value in attrs)))


@pytest.mark.parametrize("kind", ["invoice", "reminder", "receipt"])
def test_whatever_is_typed_stays_text(kind):
    invoice = factories.opened(factories.customer("</title><script>xss()</script>"))
    plain = Tags(shown(invoice, kind=kind, subject="x", message="x").html).found

    for payload in hostile.PAYLOADS:
        preview = shown(invoice, kind=kind, subject=payload + "\r\nBcc: x@x.example", message=payload)

        assert Tags(preview.html).found == plain, payload
        assert not re.search(r"[\r\n]", preview.subject)
