"""What the send dialog is filled with."""

from config.common.roles import SYSTEM
from customers.services.organization import add_organization_email
from invoicing.models import Counter, Delivery, InvoiceTemplate, Series
from invoicing.services import proposing, templates
from tests import factories
from tests.factories import TODAY


def _customer(*contacts):
    return factories.customer(contacts=list(contacts))


def test_primary_and_finance_contacts_get_the_invoice(db):
    buyer = _customer(
        {"name": "Dagny", "email": "dagny@harbour.example", "role": "primary"},
        {"name": "Lou", "email": "lou@harbour.example", "role": "finance"},
        {"name": "Kim", "email": "kim@harbour.example", "role": "other"},
        {"name": "No mail", "email": "", "role": "primary"},
        {"name": "Not me", "email": "not@harbour.example", "role": "finance", "gets_invoices": False},
    )

    proposal = proposing.propose(factories.draft(buyer))

    assert proposal.to == ["dagny@harbour.example", "lou@harbour.example"]
    assert proposal.known == [
        "dagny@harbour.example",
        "lou@harbour.example",
        "kim@harbour.example",
        "not@harbour.example",
    ]


def test_where_only_others_get_invoices_they_are_proposed(db):
    buyer = _customer({"name": "Kim", "email": "kim@harbour.example", "role": "other"})

    assert proposing.propose(factories.draft(buyer)).to == ["kim@harbour.example"]


def test_our_preselected_addresses_get_copies_and_the_others_are_offered(db):
    invoice = factories.draft()
    add_organization_email(factories.organization(), by=SYSTEM, email="archive@kelpworks.example", preselected=False)

    proposal = proposing.propose(invoice)

    assert proposal.copies == ["receivables@kelpworks.example"]
    assert proposal.own == ["receivables@kelpworks.example", "archive@kelpworks.example"]


def test_words_come_from_the_template_with_their_fields_unfilled(db):
    invoice = factories.draft()
    template = InvoiceTemplate.objects.get(pk=invoice.template_id)
    words = {
        "subject": "Bill {number}",
        "message": "Hello {contact}",
        "reply_to": "ar@kelpworks.example",
        "cc": "one@kelpworks.example, two@kelpworks.example",
    }
    templates.change_template(template, by=SYSTEM, version=template.version, texts={"en": words})
    invoice.refresh_from_db()

    proposal = proposing.propose(invoice)

    assert (proposal.subject, proposal.message, proposal.reply_to) == (
        "Bill {number}",
        "Hello {contact}",
        "ar@kelpworks.example",
    )
    assert proposal.cc == ["one@kelpworks.example", "two@kelpworks.example"]


def test_the_words_are_those_of_the_invoices_language(db):
    german, english = factories.draft(factories.customer(language="de")), factories.draft()

    assert german.template == english.template
    assert proposing.propose(german).subject == "{number} von {organization}"
    assert proposing.propose(english).subject == "{number} from {organization}"


def test_without_a_reply_to_of_its_own_the_organizations_address_stands_in(db):
    assert proposing.propose(factories.draft()).reply_to == "receivables@kelpworks.example"


def test_a_customer_without_an_address_has_nothing_to_propose(db):
    proposal = proposing.propose(factories.draft(factories.customer(email="")))

    assert not proposal.has_address
    assert proposal.to == []


def test_an_address_that_is_a_contacts_carries_the_contact(db):
    invoice = factories.draft()
    contact = invoice.customer.contacts.get()

    readers = proposing.readers(
        invoice, to=["AP@harbour.example", "new@harbour.example"], copies=["us@kelpworks.example"]
    )

    assert [(reader.email, reader.role, reader.name, reader.contact_id) for reader in readers] == [
        ("AP@harbour.example", Delivery.Role.TO, "Dagny Halvorsen", contact.pk),
        ("new@harbour.example", Delivery.Role.TO, "", None),
        ("us@kelpworks.example", Delivery.Role.COPY, "", None),
    ]


def test_the_expected_number_is_the_one_opening_then_draws(db):
    first = factories.draft()

    assert proposing.expected_number(first, on=TODAY) == "INV-2026-00001"
    assert not Counter.objects.exists()

    assert factories.opening.open_invoice(first, by=SYSTEM, on=TODAY).number == "INV-2026-00001"
    assert proposing.expected_number(factories.draft(first.customer), on=TODAY) == "INV-2026-00002"


def test_without_a_series_there_is_no_number_to_expect(db):
    invoice = factories.draft()
    Series.objects.filter(kind="invoice").delete()

    assert proposing.expected_number(invoice, on=TODAY) == ""
