"""What was chosen stays as it was at that moment."""

from datetime import timedelta

import pytest

from config.common import clock
from config.common.errors import DomainError, Forbidden
from invoicing.models import Invoice, Selection
from invoicing.services import crediting
from invoicing.services.batches import selecting
from tests import factories

pytestmark = pytest.mark.django_db


def test_all_that_matched_are_kept_with_the_version_that_was_seen(clerk):
    first, second = factories.draft(), factories.draft()

    found = selecting.select_invoices(Invoice.objects.draft(), by=clerk, page="list", every=True, query="status=draft")
    factories.draft()

    found.refresh_from_db()
    assert found.rows == [[first.pk, 1], [second.pk, 1]]
    assert (found.count, found.sums, found.every, found.query) == (2, {"EUR": 48400}, True, "status=draft")


def test_sums_stand_per_currency_and_credit_notes_are_taken_away(manager):
    invoice = factories.opened()
    factories.draft(currency="USD")
    crediting.draft_credit_note(invoice, by=manager, reason="Wrong")

    assert selecting.sums_of(Invoice.objects.all()) == {"EUR": 0, "USD": 24200}


def test_nothing_chosen_is_refused_and_nothing_kept(clerk):
    with pytest.raises(DomainError, match="No invoice is chosen. Tick at least one, or Select All."):
        selecting.select_invoices(Invoice.objects.all(), by=clerk, page="list")

    assert not Selection.objects.exists()


def test_too_many_are_refused(clerk, monkeypatch):
    monkeypatch.setattr(selecting, "MOST", 1)
    factories.draft(), factories.draft()

    with pytest.raises(DomainError, match="These are more than 1 invoices. Narrow the filter"):
        selecting.select_invoices(Invoice.objects.all(), by=clerk, page="list")

    assert not Selection.objects.exists()


def test_a_viewer_chooses_nothing(viewer):
    factories.draft()

    with pytest.raises(Forbidden):
        selecting.select_invoices(Invoice.objects.all(), by=viewer, page="list")

    assert not Selection.objects.exists()


def test_what_nobody_used_within_a_day_is_forgotten(clerk):
    old, new = factories.selection(factories.draft(), by=clerk), factories.selection(factories.draft(), by=clerk)
    Selection.objects.filter(pk=old.pk).update(created_at=clock.database_now() - timedelta(days=1, minutes=1))

    assert selecting.forget_selections() == 1

    assert list(Selection.objects.all()) == [new]
