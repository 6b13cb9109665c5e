"""A draft that was changed after it was chosen: told before anything runs, left out or taken as it is now."""

import pytest

from config.common.errors import Forbidden, Stale
from invoicing.models import BatchItem, Selection
from invoicing.services import drafting
from invoicing.services.batches import checking, selecting, starting
from invoicing.services.batches.wishes import Wishes
from tests import factories

pytestmark = pytest.mark.django_db
CHANGED = "This draft was changed after you looked at it. Review it and open it again."


@pytest.fixture
def drafts(db):
    return [factories.draft(), factories.draft()]


@pytest.fixture
def chosen(drafts, clerk, manager):
    """Both chosen by the clerk; the manager changed the first since."""
    selection = factories.selection(*drafts, by=clerk)
    drafting.change_draft(
        drafts[0],
        by=manager,
        version=drafts[0].version,
        fields={},
        lines=[factories.line(unit_price="999")],
    )
    return selection


def flight(selection, by, **wishes):
    return checking.preflight(selection, by=by, wishes=Wishes(**{"action": "open", **wishes}), on=factories.TODAY)


def test_the_preflight_says_that_it_would_fail_and_where_to_look(chosen, drafts, clerk):
    found = flight(chosen, clerk)

    assert (found.succeed, found.failing) == (1, 1)
    [(invoice, finding)] = found.findings
    assert (invoice, finding.sentence, finding.mend) == (drafts[0], CHANGED, "draft")


def test_where_nothing_is_opened_nobody_minds(chosen, clerk):
    found = flight(chosen, clerk, action="send", send_email=True)

    assert found.failing == 0
    assert found.skipped == [("It is a draft. Open it first; Open can send it in the same step.", 2)]


def test_left_out_it_is_no_part_of_the_operation(chosen, drafts, clerk, bell):
    operation = starting.start_operation(chosen, by=clerk, wishes=Wishes("open"), request_id="once", leaves_out=True)
    bell.carry()

    operation.refresh_from_db()
    assert (operation.total, operation.left_out, operation.counts) == (1, 1, {"done": 1})
    assert list(BatchItem.objects.values_list("invoice", flat=True)) == [drafts[1].pk]


def test_taken_as_it_is_now_it_is_opened_like_the_others_and_counts_with_what_it_comes_to(chosen, drafts, clerk, bell):
    selecting.catch_up(chosen, by=clerk)

    chosen.refresh_from_db()
    assert chosen.sums == {"EUR": 24200 + 241758}
    assert flight(chosen, clerk).failing == 0
    operation = starting.start_operation(chosen, by=clerk, wishes=Wishes("open"), request_id="once")
    bell.carry()
    operation.refresh_from_db()
    assert operation.counts == {"done": 2}


def test_what_was_deleted_is_no_longer_chosen_then(chosen, drafts, clerk):
    drafting.delete_draft(drafts[1], by=clerk, version=drafts[1].version)

    selecting.catch_up(chosen, by=clerk)

    chosen.refresh_from_db()
    assert (chosen.count, [pk for pk, _version in chosen.rows]) == (1, [drafts[0].pk])


def test_somebody_elses_selection_is_not_touched(chosen, manager, viewer):
    before = Selection.objects.values().get()

    with pytest.raises(Stale, match="This selection was used already"):
        selecting.catch_up(chosen, by=manager)
    with pytest.raises(Forbidden):
        selecting.catch_up(chosen, by=viewer)

    assert Selection.objects.values().get() == before
