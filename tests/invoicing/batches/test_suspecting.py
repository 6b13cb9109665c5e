"""Whatever keeps a draft from being opened, the database's glance finds it."""

import pytest

from config.common import clock
from config.common.roles import SYSTEM
from customers.models import Contact, Customer
from customers.services import contacts
from invoicing.models import Invoice
from invoicing.services import completeness
from invoicing.services.batches import checking, suspecting
from invoicing.services.batches.wishes import Wishes
from tests import factories

pytestmark = pytest.mark.django_db

WRONG = {
    "customer": lambda draft: _set(draft, customer=None),
    "archived": lambda draft: Customer.objects.filter(pk=draft.customer_id).update(archived_at="2026-11-01T00:00Z"),
    "template": lambda draft: _set(draft, template=None),
    "future": lambda draft: _set(draft, issued_on="2026-12-01"),
    "no line": lambda draft: draft.lines.all().delete(),
    "no name": lambda draft: draft.lines.update(name=" \t"),
    "no quantity": lambda draft: draft.lines.update(quantity=0),
    "negative price": lambda draft: draft.lines.update(unit_price=-1, quantity=-1),
    "no reason": lambda draft: draft.tax_lines.update(category="E"),
    "mixed scope": lambda draft: _second_tax(draft, "O"),
    "no VAT id": lambda draft: draft.tax_lines.update(category="AE", exemption_code="VATEX-EU-AE"),
    "no country": lambda draft: draft.tax_lines.update(category="K", exemption_code="VATEX-EU-IC"),
    "no rate": lambda draft: _set(draft, accounting_currency="USD"),
    "negative total": lambda draft: _set(draft, total=-1),
    "prepaid": lambda draft: _set(draft, prepaid=10_000_000),
    "corrects nothing": lambda draft: _set(draft, kind="credit_note"),
    "seller": lambda draft: type(factories.organization()).objects.update(vat_id="", tax_number=""),
}


def _set(draft, **fields):
    Invoice.objects.filter(pk=draft.pk).update(**fields)


def _second_tax(draft, category):
    draft.tax_lines.create(category=category, percent=0, taxable=0, tax=0, exemption_text="Out of scope")


@pytest.mark.parametrize("what", WRONG)
def test_a_draft_that_cannot_be_opened_is_suspected(what):
    draft = factories.draft()
    WRONG[what](draft)
    draft = Invoice.objects.get(pk=draft.pk)

    found = suspecting.suspicious(Invoice.objects.all(), wishes=Wishes("open"), on=factories.TODAY)

    assert completeness.problems(draft, on=factories.TODAY)
    assert list(found) == [draft]


def test_one_in_order_is_not():
    factories.draft()

    found = suspecting.suspicious(Invoice.objects.all(), wishes=Wishes("open", send_email=True), on=factories.TODAY)

    assert not found.exists()


def test_nobody_to_send_it_to_is_suspected_only_where_it_is_sent():
    draft = factories.draft(factories.customer("Silent Ltd", email=""))

    def glance(wishes):
        return list(suspecting.suspicious(Invoice.objects.all(), wishes=wishes, on=factories.TODAY))

    assert glance(Wishes("open")) == []
    assert glance(Wishes("open", send_email=True)) == [draft]
    assert glance(Wishes("open", submit_einvoice=True)) == [draft]


def test_an_address_that_mail_came_back_from_is_suspected_and_told_before_anything_runs():
    draft = factories.draft()
    contacts.mark_contact(Contact.objects.get(), by=SYSTEM, kind="bounced", at=clock.now(), reason="550 no such user")
    wishes = Wishes("open", send_email=True)

    found = suspecting.suspicious(Invoice.objects.all(), wishes=wishes, on=factories.TODAY)
    looked = checking.look([draft.pk], by=factories.SYSTEM, wishes=wishes, on=factories.TODAY)

    assert list(found) == [draft]
    [finding] = looked.failing
    assert (finding.invoice, finding.mend) == (draft.pk, "contact")
    assert "550 no such user" in finding.sentence
