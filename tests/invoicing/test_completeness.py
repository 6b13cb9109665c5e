"""What a draft still lacks: that each gap has its sentence is shown in test_opening."""

import pytest

from invoicing.services import completeness, crediting
from tests import factories

pytestmark = pytest.mark.django_db


def test_a_complete_draft_lacks_nothing():
    assert completeness.problems(factories.draft(), on=factories.TODAY) == []


def test_a_credit_note_on_a_draft_says_to_open_that_first(manager):
    invoice = factories.draft()
    note = factories.draft(invoice.customer, kind="credit_note", corrects=invoice)

    (problem,) = completeness.problems(note, on=factories.TODAY)

    assert "which is not open" in problem.sentence


def test_a_credit_note_may_go_to_an_archived_customer(manager):
    invoice = factories.opened()
    invoice.customer.archived_at = invoice.opened_at
    invoice.customer.save()

    note = crediting.draft_credit_note(invoice, by=manager)

    assert completeness.problems(note, on=factories.TODAY) == []
