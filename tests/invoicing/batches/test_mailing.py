"""Each invoice's mail in a batch: whom it goes to, which words it has, and what is never sent twice."""

import pytest
from django.core import mail

from customers.models import Contact, Organization
from invoicing.channels.base import OutcomeUnknown
from invoicing.models import Delivery, InvoiceTemplateText
from invoicing.services.batches import filling, mailing, running
from invoicing.services.batches.wishes import Wishes
from tests import factories

pytestmark = pytest.mark.django_db


def letter(invoice, **wishes):
    return mailing.letter_of(
        invoice,
        wishes=Wishes(**{"action": "open", "send_email": True, **wishes}),
        contacts=mailing.contacts_of([invoice]).get(invoice.customer_id, []),
        organization=Organization.objects.current(),
    )


def test_a_blank_setting_means_the_templates_and_a_typed_one_all_invoices():
    draft = factories.draft()
    InvoiceTemplateText.objects.filter(template=draft.template_id).update(
        subject="Own {number}", message="Own words", reply_to="own@kelp.example", cc="cc@kelp.example"
    )
    draft.template.refresh_from_db()

    own = letter(draft).mail
    shared = letter(draft, subject="Shared", message="Words", reply_to="us@kelp.example", cc="boss@kelp.example").mail

    assert (own.subject, own.message, own.reply_to) == ("Own {number}", "Own words", "own@kelp.example")
    assert [(reader.email, reader.role) for reader in own.readers] == [
        ("ap@harbour.example", "to"),
        ("cc@kelp.example", "cc"),
    ]
    assert (shared.subject, shared.message, shared.reply_to) == ("Shared", "Words", "us@kelp.example")
    assert [reader.email for reader in shared.readers] == ["ap@harbour.example", "boss@kelp.example"]


def test_readers_come_from_the_customers_contacts_with_their_names():
    found = letter(factories.draft()).readers

    assert [(reader.email, reader.name) for reader in found] == [("ap@harbour.example", "Dagny Halvorsen")]
    assert found[0].contact_id == Contact.objects.get().pk


@pytest.mark.parametrize(
    ("contacts", "sentence"),
    [
        ([], "The customer has no contact with an email address."),
        (
            [{"name": "A", "email": "a@x.example", "gets_invoices": False}],
            "No contact of the customer is marked to get invoices by email.",
        ),
    ],
)
def test_nobody_to_send_it_to_is_a_sentence(contacts, sentence):
    refusal = letter(factories.draft(factories.customer(contacts=contacts)))

    assert refusal == mailing.Refusal(sentence, "contact")


def test_without_an_e_invoice_address_it_goes_by_email_once_and_says_why(clerk, bell):
    operation = factories.operation(factories.draft(), by=clerk, send_email=True, submit_einvoice=True)

    bell.carry()

    assert operation.items.get().status == "done"
    assert len(mail.outbox) == 1
    assert Delivery.objects.get().fallback_reason == "The customer has no e-invoice address, so it goes by email."
    assert mail.outbox[0].attachments[0][0] == "INV-2026-00001.pdf"


def test_what_somebody_sent_meanwhile_is_not_sent_again(clerk, manager, bell):
    invoice = factories.opened()
    operation = factories.operation(invoice, by=clerk, action="send", send_email=True)
    filling.fill_waiting(until=float("inf"))
    assert bell.rings
    bell._rung.clear()
    factories.queued(invoice, by=manager)
    bell.carry()

    running.run_waiting()
    bell.carry()

    item = operation.items.get()
    assert (item.status, item.mend) == ("failed", "history")
    assert item.reason == (
        "Tomáš Manager sent it meanwhile. Look at its Email History, and send it once more only if that is wanted."
    )
    assert len(mail.outbox) == 1


def test_a_mail_that_is_still_under_way_is_decided_first(clerk, bell, channel):
    invoice = factories.opened()
    factories.queued(invoice)
    channel.after = [OutcomeUnknown("No answer came.")]
    bell.carry()

    operation = factories.operation(invoice, by=clerk, action="send", send_email=True)
    bell.carry()

    item = operation.items.get()
    assert (item.status, item.reason) == ("skipped", "An email with it is scheduled, under way or of unknown outcome.")
    assert Delivery.objects.count() == 1


@pytest.mark.parametrize("wanted", [True, False])
def test_the_portal_link_is_the_batchs_own_switch(worker, clerk, wanted):
    invoices = [factories.opened(), factories.opened()]

    factories.operation(*invoices, by=clerk, action="send", send_email=True, portal_link=wanted)
    worker()

    assert [delivery.with_link for delivery in Delivery.objects.filter(role="to")] == [wanted] * 2
    assert ["View and pay invoice" in message.body for message in mail.outbox] == [wanted] * 2


def test_a_template_that_names_the_link_cannot_go_without_it():
    draft = factories.draft()
    InvoiceTemplateText.objects.update(message="See {portal_link}")
    draft.template.refresh_from_db()

    refused = letter(draft)

    assert (refused.sentence, refused.mend) == (
        "The message has {portal_link}, but the portal link is off. Turn it on, or take the field out.",
        "template",
    )
    assert letter(draft, portal_link=True).mail.portal_link
