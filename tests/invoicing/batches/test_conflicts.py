"""An invoice is in one running operation at most, and whoever wants it is told which."""

import pytest
from django.db import IntegrityError, transaction

from invoicing.models import BatchItem
from invoicing.services.batches import conflicts, filling
from tests import factories

pytestmark = pytest.mark.django_db


def test_the_running_one_is_named_and_an_ended_one_is_not(clerk, bell):
    draft = factories.draft()
    operation = factories.operation(draft, by=clerk)
    filling.fill_waiting(until=float("inf"))

    assert conflicts.running([draft.pk]) == {draft.pk: f"It is in {operation} already, which Femke Clerk started."}
    assert conflicts.running([draft.pk], but=operation) == {}

    bell.carry()
    assert conflicts.running([draft.pk]) == {}


def test_the_database_itself_refuses_a_second_one(clerk):
    draft = factories.draft()
    first, second = factories.operation(draft, by=clerk), factories.operation(draft, by=clerk)
    filling.fill_next(first)

    with pytest.raises(IntegrityError), transaction.atomic():
        BatchItem.objects.create(
            operation=second, invoice=draft, version=1, lane="invoice", issued_on=factories.TODAY, status="working"
        )
