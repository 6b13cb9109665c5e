"""What failed in a batch and was done in some other way says so, and counts no longer."""

import pytest

from customers.services.contacts import add_contact
from invoicing.services import opening
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def failed(clerk, bell):
    """An operation that could not open a draft without a template."""
    draft = factories.draft()
    template, draft.template = draft.template, None
    type(draft).objects.filter(pk=draft.pk).update(template=None)
    operation = factories.operation(draft, by=clerk)
    bell.carry()
    operation.refresh_from_db()
    assert operation.status == "failed"
    type(draft).objects.filter(pk=draft.pk).update(template=template)
    draft.refresh_from_db()
    return operation, draft


def told(operation):
    operation.refresh_from_db()
    item = operation.items.get()
    return operation.status, item.status, item.reason


def test_opened_by_itself_it_says_by_whom(failed, manager, bell):
    operation, draft = failed

    opening.open_invoice(draft, by=manager, on=factories.TODAY)
    bell.carry()

    assert told(operation) == ("completed", "skipped", "Done since by Tomáš Manager.")


def test_opened_in_a_new_operation_it_says_in_which(failed, clerk, bell):
    operation, draft = failed

    another = factories.operation(draft, by=clerk)
    bell.carry()

    assert told(operation) == ("completed", "skipped", f"Done in {another}.")


def test_where_a_mail_was_wanted_only_a_mail_that_left_counts(clerk, manager, bell):
    silent = factories.draft(factories.customer("Silent Ltd", email=""))
    operation = factories.operation(silent, by=clerk, send_email=True)
    bell.carry()

    opening.open_invoice(silent, by=manager, on=factories.TODAY)
    bell.carry()
    assert told(operation)[:2] == ("failed", "failed")

    add_contact(silent.customer, by=clerk, name="Ida", email="ida@silent.example", role="primary")
    factories.queued(silent, by=manager)
    bell.carry()
    assert told(operation) == ("completed", "skipped", "Done since by Tomáš Manager.")
