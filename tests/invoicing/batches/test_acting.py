"""What a group does with each of its invoices."""

from datetime import date

import pytest
from django.core import mail

from config.common import clock
from config.common.roles import SYSTEM
from customers.models import Contact
from customers.services import contacts
from invoicing.models import Delivery, Invoice
from invoicing.services import crediting, drafting, opening
from invoicing.services.batches import deciding, filling
from tests import factories

pytestmark = pytest.mark.django_db


def outcome(operation, invoice):
    item = operation.items.get(invoice=invoice)
    return item.status, item.reason


@pytest.fixture
def filled(clerk):
    """`filled(*invoices, **wishes)`: an operation whose items are made and not begun."""

    def fill(*invoices, **wishes):
        operation = factories.operation(*invoices, by=clerk, **wishes)
        filling.fill_waiting(until=float("inf"))
        return operation

    return fill


def test_opening_by_a_colleague_meanwhile_is_skipped_and_says_who(filled, manager, bell):
    draft = factories.draft()
    operation = filled(draft, send_email=True)
    opening.open_invoice(draft, by=manager, on=factories.TODAY)

    bell.carry()

    assert outcome(operation, draft) == (
        "skipped",
        "Tomáš Manager already opened it, as INV-2026-00001. Nothing was done twice.",
    )
    assert mail.outbox == []


def test_a_draft_that_is_deleted_meanwhile_is_skipped(filled, clerk, bell):
    draft, other = factories.draft(), factories.draft()
    operation = filled(draft, other)
    drafting.delete_draft(draft, by=clerk, version=1)

    bell.carry()

    gone = operation.items.get(invoice=None)
    assert (gone.status, gone.reason) == ("skipped", "The draft was deleted meanwhile.")
    assert gone.label == "Draft for Harbour Café GmbH"
    assert outcome(operation, other) == ("done", "")


def test_a_draft_without_an_address_is_neither_opened_nor_sent(filled, bell):
    silent = factories.draft(factories.customer("Silent Ltd", email=""))
    operation = filled(silent, send_email=True)

    bell.carry()

    assert outcome(operation, silent) == ("failed", "The customer has no contact with an email address.")
    assert Invoice.objects.get().is_draft


def test_opened_ones_are_sent_and_sent_again(filled, bell):
    first, second = factories.opened(), factories.opened()
    factories.queued(second)
    bell.carry()
    mail.outbox.clear()

    operation = filled(first, second, action="send", send_email=True)
    bell.carry()

    assert set(operation.items.values_list("status", flat=True)) == {"done"}
    assert len(mail.outbox) == 2


def test_the_queue_opens_and_sends_a_draft(filled, bell):
    draft = factories.draft()

    operation = filled(draft, action="send", send_email=True, opens_drafts=True, page="queue")
    bell.carry()

    assert outcome(operation, draft) == ("done", "")
    assert Invoice.objects.get().billed_at


def test_all_are_marked_as_sent_and_drafts_opened_for_it(filled, bell):
    draft, opened = factories.draft(), factories.opened()

    operation = filled(draft, opened, action="mark", how="By post", sent_on=date(2026, 11, 19), note="Tuesday's bag")
    bell.carry()

    assert set(operation.items.values_list("status", flat=True)) == {"done"}
    assert Invoice.objects.exclude(marked_sent_at=None).count() == 2
    assert set(Delivery.objects.values_list("channel", "subject", "note")) == {("manual", "By post", "Tuesday's bag")}
    assert operation.items.get(invoice=draft).opened_at
    assert mail.outbox == []


def test_one_that_was_sent_meanwhile_is_not_marked(filled, clerk, bell):
    invoice = factories.opened()
    operation = filled(invoice, action="mark", how="By post", sent_on=factories.TODAY)
    factories.billed(invoice, by=clerk)

    bell.carry()

    assert outcome(operation, invoice) == ("skipped", "It was sent already.")
    assert Delivery.objects.count() == 1


def test_a_credit_note_needs_the_role_for_it(filled, manager, bell):
    note = crediting.draft_credit_note(factories.opened(), by=manager, reason="Wrong")
    operation = filled(note)

    bell.carry()

    status, reason = outcome(operation, note)
    assert status == "failed"
    assert reason == "Your role does not allow this. It needs the role Manager or higher; ask an admin."
    note.refresh_from_db()
    assert note.is_draft


def test_an_address_that_mail_came_back_from_needs_a_person_and_nothing_is_sent(filled, bell, clerk):
    draft, other = factories.draft(), factories.draft(factories.customer("Other", email="ap@other.example"))
    trouble = {"kind": "bounced", "at": clock.now(), "reason": "550 no such user"}
    contacts.mark_contact(Contact.objects.get(email="ap@harbour.example"), by=SYSTEM, **trouble)
    operation = filled(draft, other, send_email=True)

    bell.carry()

    item = operation.items.get(invoice=draft)
    draft.refresh_from_db()
    assert (item.status, item.mend, draft.status) == ("needs_attention", "contact", "draft")
    assert "550 no such user" in item.reason
    assert [message.to for message in mail.outbox] == [["Dagny Halvorsen <ap@other.example>"]]

    contacts.change_contact(Contact.objects.get(email="ap@harbour.example"), by=clerk, email="right@harbour.example")
    deciding.retry_failed(operation, by=clerk)
    bell.carry()

    assert outcome(operation, draft) == ("done", "")
