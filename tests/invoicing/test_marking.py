"""Mark as Sent, and taking it back."""

from datetime import timedelta

import pytest

from config.common.errors import DomainError, Forbidden, Stale
from config.common.models import AuditEvent
from invoicing.models import Counter, Delivery
from invoicing.services import delivering, marking
from tests import factories
from tests.factories import TODAY

pytestmark = pytest.mark.django_db


def _mark(invoice, by, **fields):
    return marking.mark_as_sent(invoice, by=by, **{"how": "By post", "sent_on": TODAY, "on": TODAY, **fields})


def test_it_bills_the_invoice_and_leaves_a_row_of_how_and_when(clerk):
    invoice = factories.opened()

    delivery = _mark(invoice, clerk, sent_on=TODAY - timedelta(days=2), note="RR123")

    invoice.refresh_from_db()
    assert invoice.billed_at is not None
    assert invoice.marked_sent_at is not None
    assert (delivery.channel, delivery.status, delivery.subject, delivery.note) == (
        "manual",
        "sent",
        "By post",
        "RR123",
    )
    assert delivery.sent_on == TODAY - timedelta(days=2)
    event = AuditEvent.objects.get(action="invoice.mark_as_sent")
    assert (event.actor_name, event.reason) == ("Femke Clerk", "RR123")


def test_a_draft_is_opened_first(clerk):
    draft = factories.draft()

    _mark(draft, clerk, version=draft.version)

    draft.refresh_from_db()
    assert (draft.status, draft.number) == ("open", "INV-2026-00001")


def test_a_draft_that_changed_meanwhile_is_not(clerk):
    draft = factories.draft()

    with pytest.raises(Stale, match="This draft was changed after you looked at it."):
        _mark(draft, clerk, version=draft.version + 1)

    assert not Delivery.objects.exists()
    assert not Counter.objects.exists()


def test_a_day_to_come_is_refused(clerk):
    invoice = factories.opened()

    with pytest.raises(DomainError, match="It cannot have been sent on a day that has not come yet."):
        _mark(invoice, clerk, sent_on=TODAY + timedelta(days=1))

    assert not Delivery.objects.exists()


def test_twice_is_told_and_marked_once(clerk):
    invoice = factories.opened()
    _mark(invoice, clerk)

    with pytest.raises(Stale, match="has been sent already"):
        _mark(invoice, clerk)

    assert Delivery.objects.count() == 1


def test_while_an_email_is_under_way_it_waits(clerk):
    invoice = factories.opened()
    factories.queued(invoice)

    with pytest.raises(Stale, match="is under way"):
        _mark(invoice, clerk)

    assert not Delivery.objects.filter(channel="manual").exists()


def test_undo_takes_back_billed_and_never_the_opening(clerk):
    draft = factories.draft()
    _mark(draft, clerk)

    marking.undo_mark_as_sent(draft, by=clerk)

    draft.refresh_from_db()
    assert (draft.status, draft.number) == ("open", "INV-2026-00001")
    assert (draft.billed_at, draft.marked_sent_at) == (None, None)
    assert Delivery.objects.get().status == "cancelled"


def test_after_a_payment_it_stays_marked(clerk):
    invoice = factories.opened()
    _mark(invoice, clerk)
    factories.payment(invoice, 100)

    with pytest.raises(Stale, match="A payment was recorded since"):
        marking.undo_mark_as_sent(invoice, by=clerk)

    invoice.refresh_from_db()
    assert invoice.billed_at is not None


def test_after_an_email_it_stays_marked(clerk):
    invoice = factories.opened()
    _mark(invoice, clerk)
    factories.queued(invoice, seen=delivering.newest_delivery(invoice))

    with pytest.raises(Stale, match="It was emailed since"):
        marking.undo_mark_as_sent(invoice, by=clerk)


def test_a_viewer_marks_nothing_and_takes_nothing_back(viewer, clerk):
    invoice = factories.opened()

    with pytest.raises(Forbidden):
        _mark(invoice, viewer)
    _mark(invoice, clerk)
    with pytest.raises(Forbidden):
        marking.undo_mark_as_sent(invoice, by=viewer)

    invoice.refresh_from_db()
    assert invoice.marked_sent_at is not None
