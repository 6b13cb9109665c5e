"""Send me a preview: that mail, to me alone, and nothing else happens."""

import pytest
from django.core import mail

from config.common.errors import DomainError, Forbidden
from config.common.models import AuditEvent
from invoicing.models import Counter, Delivery, Document
from invoicing.services import previewing
from tests import factories
from tests.factories import TODAY


def test_a_preview_is_the_very_mail_with_its_pdf_to_the_person_alone(clerk):
    invoice = factories.opened()
    before = AuditEvent.objects.count()

    previewing.send_preview(invoice, by=clerk, mail=factories.mail("ap@harbour.example", cc=["boss@harbour.example"]))

    [message] = mail.outbox
    assert message.recipients() == [clerk.email] or message.to == [f"{clerk.name} <{clerk.email}>"]
    assert message.subject == "[Preview] Invoice INV-2026-00001"
    assert message.reply_to == ["receivables@kelpworks.example"]
    assert "boss@harbour.example" in message.body  # who would read it is said, as in the mail itself
    assert [attached[0] for attached in message.attachments] == ["INV-2026-00001.pdf"]
    assert not Delivery.objects.exists()
    assert AuditEvent.objects.count() == before
    invoice.refresh_from_db()
    assert invoice.billed_at is None


def test_a_preview_of_a_draft_draws_no_number_and_stores_no_paper(clerk):
    invoice = factories.draft()

    previewing.send_preview(invoice, by=clerk, mail=factories.mail())

    [message] = mail.outbox
    assert message.subject == "[Preview] Invoice INV-2026-00001"  # the number it would get
    assert [attached[0] for attached in message.attachments] == ["Draft.pdf"]
    invoice.refresh_from_db()
    assert invoice.is_draft
    assert not Counter.objects.exists()
    assert not Document.objects.exists()


def test_what_sending_would_refuse_a_preview_refuses_too(clerk):
    invoice = factories.opened()

    with pytest.raises(DomainError, match="There is no field {numbr}. Did you mean {number}?"):
        previewing.send_preview(invoice, by=clerk, mail=factories.mail(subject="{numbr}"))

    assert mail.outbox == []


def test_a_mail_server_that_refuses_is_quoted(clerk, settings):
    settings.EMAIL_BACKEND = "tests.nowhere.Backend"
    invoice = factories.opened()

    with pytest.raises(DomainError, match="The preview could not be sent. The mail server says: The mail set-up"):
        previewing.send_preview(invoice, by=clerk, mail=factories.mail())


def test_a_viewer_gets_no_preview(viewer):
    invoice = factories.opened()

    with pytest.raises(Forbidden):
        previewing.send_preview(invoice, by=viewer, mail=factories.mail())

    assert mail.outbox == []


def test_wording_fills_fields_and_says_which_cannot_be(db):
    invoice = factories.draft()

    words = previewing.wording(invoice, subject="Bill {number}", message="{nothing}")

    assert words["subject"] == "Bill INV-2026-00001"
    assert words["message_error"].startswith("There is no field {nothing}.")


def test_a_draft_reads_as_if_opened_today_and_stays_a_draft(db):
    invoice = factories.draft()

    shown = previewing.as_if_opened(invoice, on=TODAY)

    assert (shown.number, shown.issued_on) == ("INV-2026-00001", TODAY)
    assert (invoice.number, invoice.issued_on) == ("", None)
