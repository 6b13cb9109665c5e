"""An invented invoice, and any other, drawn as a template would have it."""

import io
from datetime import date

import pytest
from pypdf import PdfReader

from invoicing.models import Invoice, InvoiceTemplate
from invoicing.services import sampling
from tests import factories

pytestmark = pytest.mark.django_db
LOOKS = {"layout": "window", "colour": "#0b5c75", "payment_instructions": "Pay well", "footer": "Foot"}


def text_of(pdf: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages).split())


def drawn(invoice=None, **looks):
    factories.organization()
    template = InvoiceTemplate.objects.get()
    found = {**LOOKS, **looks}
    return text_of(sampling.draw_sample(template, looks=found, language="en", invoice=invoice, on=factories.TODAY))


def test_an_invented_invoice_adds_up_and_asks_the_tables_nothing_of_itself():
    factories.organization()

    text = drawn()

    assert "Calibration of a pressure sensor 4 120.00 19% 480.00" in text
    assert "Subtotal 605.30" in text
    assert "EUR 720.31" in text
    assert "Pay well" in text
    assert "Kelpworks Instruments B.V. · Maashaven 14 · 3072 AE Rotterdam" in text


def test_it_is_due_when_it_is_said_to_be_and_was_issued_thirty_days_before():
    ours = factories.organization()

    invoice = sampling.invented_invoice(ours, language="en", due_on=factories.TODAY)

    assert (invoice.due_on, invoice.issued_on) == (factories.TODAY, date(2026, 10, 21))
    assert (invoice.total, invoice.customer_name) == (72031, "Example & Sons")
    assert not Invoice.objects.exists()


def test_a_draft_is_still_marked_as_one():
    assert "Draft: this is not an invoice yet." in drawn(factories.draft())
