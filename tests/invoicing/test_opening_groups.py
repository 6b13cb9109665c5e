"""A group of drafts opened together: one block of numbers, each with an outcome of its own."""

from datetime import timedelta

import pytest

from config.common.errors import Forbidden
from config.common.models import AuditEvent
from invoicing.models import Counter, Invoice, Series
from invoicing.services import opening_groups
from tests import factories
from tests.factories import TODAY

pytestmark = pytest.mark.django_db


def _open(drafts, by, **fields):
    return opening_groups.open_invoices(drafts, by=by, on=TODAY, **fields)


def test_a_group_is_opened_as_each_would_be_alone(clerk):
    buyer = factories.customer()
    alone = factories.opened(buyer, by=clerk)

    [outcome] = _open([factories.draft(buyer)], clerk)

    together = outcome.invoice
    for name in ("status", "due_on", "issued_on", "seller", "buyer", "paper", "customer_name", "counter", "settled_on"):
        assert getattr(together, name) == getattr(alone, name)
    stored = Invoice.objects.get(pk=together.pk)
    assert (stored.number, stored.seq, stored.seller, stored.buyer, stored.paper, stored.opened_at) == (
        "INV-2026-00002",
        2,
        alone.seller,
        alone.buyer,
        alone.paper,
        together.opened_at,
    )
    events = [AuditEvent.objects.for_thread(invoice).get(action="invoice.open") for invoice in (alone, stored)]
    assert events[0].before == events[1].before
    assert events[0].after.keys() == events[1].after.keys()
    assert events[1].after["number"] == "INV-2026-00002"
    assert events[1].actor_name == clerk.name


def test_numbers_follow_the_issue_dates_and_outcomes_the_order_asked_for(clerk):
    buyer = factories.customer()
    late, early, last_year = (
        factories.draft(buyer, issued_on=day)
        for day in (None, TODAY - timedelta(days=9), TODAY.replace(year=TODAY.year - 1))
    )

    outcomes = _open([late, early, last_year], clerk)

    assert [outcome.invoice.number for outcome in outcomes] == ["INV-2026-00002", "INV-2026-00001", "INV-2025-00001"]


def test_whoever_has_the_higher_number_was_opened_no_earlier(clerk):
    buyer = factories.customer()
    for days in (4, 2):
        _open([factories.draft(buyer), factories.draft(buyer, issued_on=TODAY - timedelta(days=days))], clerk)
        factories.opened(buyer)

    moments = list(Invoice.objects.order_by("seq").values_list("opened_at", flat=True))
    assert len(moments) == 6
    assert moments == sorted(moments)


def test_one_that_cannot_be_opened_says_why_and_hinders_no_other(clerk, bell):
    good, opened = factories.draft(), factories.opened(by=clerk)
    empty, gone = factories.draft(), factories.draft()
    empty.lines.all().delete()
    factories.drafting.delete_draft(gone, by=clerk, version=gone.version)
    gone.pk = 999999
    bell.rings.clear()

    outcomes = _open([empty, good, opened, gone], clerk)

    assert [outcome.refusal for outcome in outcomes] == [
        "It has no line. Add at least one.",
        "",
        "Femke Clerk already opened it, as INV-2026-00001. Nothing was done twice.",
        "This draft was deleted meanwhile.",
    ]
    assert outcomes[1].invoice.number == "INV-2026-00002"
    assert Invoice.objects.get(pk=empty.pk).is_draft
    assert bell.rings[-1] == ("invoicing.tasks.make_pdfs", good.pk)


def test_where_a_number_is_taken_each_is_tried_alone_and_no_number_is_lost(clerk):
    factories.opened(by=clerk)
    Counter.objects.update(next_no=1)  # as if the pattern had been changed to one that repeats
    drafts = [factories.draft(), factories.draft()]

    outcomes = _open(drafts, clerk)

    assert all("is taken by another document" in outcome.refusal for outcome in outcomes)
    assert Counter.objects.get().next_no == 1
    assert all(Invoice.objects.get(pk=draft.pk).is_draft for draft in drafts)


def test_credit_notes_and_rising_dates_are_opened_in_their_order(clerk, manager):
    Series.objects.exists() or factories.organization()
    invoice = factories.opened()
    Series.objects.filter(kind="invoice").update(dates_must_rise=True, last_issued_on=TODAY)
    note = factories.draft(invoice.customer, kind="credit_note", corrects=invoice)
    early = factories.draft(invoice.customer, issued_on=TODAY - timedelta(days=3))

    outcomes = _open([note, early], manager)

    assert [outcome.refusal for outcome in outcomes] == ["", ""]
    assert outcomes[1].invoice.issued_on == TODAY
    invoice.refresh_from_db()
    assert invoice.credited == note.total


def test_a_prepaid_one_is_paid_by_opening(clerk):
    draft = factories.draft(prepaid=24200)

    [outcome] = _open([draft], clerk)

    assert (outcome.invoice.status, outcome.invoice.settled_on) == ("paid", TODAY)


def test_a_viewer_opens_no_group(viewer):
    draft = factories.draft()

    with pytest.raises(Forbidden):
        _open([draft], viewer)

    assert Invoice.objects.get(pk=draft.pk).is_draft


def test_a_group_has_twenty_at_most(clerk):
    draft = factories.draft()

    with pytest.raises(ValueError, match="20 at most"):
        _open([draft] * 21, clerk)


def test_twenty_cost_hardly_more_questions_than_two(clerk, django_assert_num_queries):
    buyer = factories.customer()
    _open([factories.draft(buyer)], clerk)
    drafts = [factories.draft(buyer) for _ in range(20)]

    with django_assert_num_queries(19):
        _open(drafts, clerk)
