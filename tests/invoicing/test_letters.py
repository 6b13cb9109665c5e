"""What an email is about: the invoice, a reminder of it, or a receipt for what was paid."""

from datetime import date

import pytest

from invoicing import letters, messages
from tests import factories

pytestmark = pytest.mark.django_db
PAID = letters.Received(24200, date(2026, 12, 1))


def composed(invoice, **fields):
    return messages.compose(invoice, **{"subject": "{number}", "message": "Hello", "on": factories.TODAY, **fields})


def test_a_reminder_shows_the_invoices_figures_under_its_own_heading():
    invoice = factories.opened()

    content = composed(invoice, kind=letters.REMINDER)

    for part in (content.text, content.html):
        assert f"Reminder: Invoice {invoice.number}" in part
        assert "EUR 242.00" in part
        assert "Due on 20 December 2026" in part
        assert "Amount due" in part


def test_a_receipt_says_what_was_paid_and_when():
    invoice = factories.opened()
    factories.payment(invoice)
    invoice.refresh_from_db()
    words = {"subject": "{amount_paid} for {number}", "message": "On {paid_on}. {{paid_on}}"}

    content = composed(invoice, kind=letters.RECEIPT, received=PAID, **words)

    assert content.subject == f"EUR 242.00 for {invoice.number}"
    for part in (content.text, content.html):
        assert f"Receipt for Invoice {invoice.number}" in part
        assert "On 1 December 2026. {paid_on}" in part
        assert "Paid on 1 December 2026" in part
        assert "Amount paid" in part
        assert "Left to pay" not in part
        assert "Amount due" not in part


def test_a_receipt_for_a_part_says_what_is_left():
    invoice = factories.opened()
    factories.payment(invoice, 4200)
    invoice.refresh_from_db()

    content = composed(invoice, kind=letters.RECEIPT, received=letters.Received(4200, factories.TODAY))

    assert "Total of the invoice: 242.00\nLeft to pay: 200.00\nAmount paid: EUR 42.00" in content.text


def test_the_email_that_brings_the_invoice_is_as_before_and_knows_no_payment():
    invoice = factories.opened()

    content = composed(invoice, message="{amount_paid} {paid_on}")

    assert f"\nInvoice {invoice.number}\n" in content.text
    assert "{amount_paid} {paid_on}" in content.text
