"""The minute sweeper: nothing waits for a bell that was lost."""

import pytest

from invoicing.services import sweeping
from tests import factories

pytestmark = pytest.mark.django_db


def test_the_sweeper_rings_for_what_a_lost_bell_left_waiting(bell):
    factories.queued()  # whoever carries it makes its PDF
    invoice = factories.opened()
    assert bell.rings
    bell._rung.clear()

    sweeping.sweep()

    assert bell.rings == [("invoicing.tasks.carry", 0), ("invoicing.tasks.make_pdf", invoice.pk)]


def test_an_invoice_with_its_pdf_is_left_alone(bell):
    invoice = factories.opened()
    bell.carry()

    sweeping.sweep()

    assert invoice.documents.count() == 1
    assert bell.rings == []
