"""Many scheduled emails moved, sent now or cancelled in one go: each keeps its own outcome."""

from datetime import UTC, date, datetime, time

import pytest
from django.core import mail
from django.db import OperationalError

from config.common import clock
from config.common.errors import Forbidden, Stale
from config.common.models import AuditEvent
from invoicing.models import Delivery, Selection
from invoicing.services import correcting, drafting, firing, scheduling, scheduling_many
from invoicing.wall_time import WallTime
from tests import factories
from tests.factories import chosen_scheduled

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
TUESDAY = WallTime(date(2026, 11, 24), time(9), "Asia/Tokyo")
WHEN = {"on": date(2026, 11, 26), "at": time(8), "now": NOW}


@pytest.fixture(autouse=True)
def _it_is_friday(db):
    """20 November 2026, 11:00 in Amsterdam."""
    with clock.at(NOW):
        yield


@pytest.fixture
def waiting(clerk):
    """`waiting(make, zone)`: an invoice whose email waits for Tuesday."""

    def schedule(make=factories.opened, zone="Asia/Tokyo"):
        invoice = make(factories.customer(time_zone=zone))
        factories.scheduled(invoice, by=clerk, wall=TUESDAY, now=NOW)
        return invoice

    return schedule


def told(outcomes) -> dict:
    return {each.label: each.refusal for each in outcomes}


def walls():
    return [each.wall_time for each in Delivery.objects.filter(status="scheduled").order_by("pk")]


def test_each_is_moved_to_that_time_where_its_customer_is(waiting, clerk):
    tokyo, chicago = waiting(), waiting(factories.draft, "America/Chicago")
    selection = chosen_scheduled(tokyo, chicago, by=clerk)

    outcomes = scheduling_many.move_many(selection, by=clerk, zone="", **WHEN)

    assert told(outcomes) == {tokyo.number: "", "Draft for Harbour Café GmbH": ""}
    assert walls() == [WallTime(WHEN["on"], WHEN["at"], zone) for zone in ("Asia/Tokyo", "America/Chicago")]
    assert AuditEvent.objects.filter(action="delivery.moved", actor_id=clerk.pk).count() == 2
    assert not Selection.objects.exists()


def test_in_ones_own_zone_all_wait_for_the_same_moment(waiting, clerk):
    selection = chosen_scheduled(waiting(), waiting(zone="America/Chicago"), by=clerk)

    scheduling_many.move_many(selection, by=clerk, zone="Europe/Berlin", **WHEN)

    assert walls() == [WallTime(WHEN["on"], WHEN["at"], "Europe/Berlin")] * 2


def test_one_that_cannot_be_moved_stops_no_other_and_says_why(waiting, clerk, manager):
    sent, given_up, deleted, moved, fine = waiting(), waiting(), waiting(factories.draft), waiting(), waiting()
    selection = chosen_scheduled(sent, given_up, deleted, moved, fine, by=clerk)
    firing.send_now(sent, by=clerk, on=NOW.date())
    correcting.write_off_invoice(given_up, by=manager, on=NOW.date(), reason="Gone")
    drafting.delete_draft(deleted, by=clerk, version=deleted.version)
    elsewhere = WallTime(date(2026, 12, 1), time(9), "Asia/Tokyo")
    seen = scheduling.scheduled_of(moved)[0].scheduled_at
    scheduling.move_scheduled(moved, by=manager, wall=elsewhere, now=NOW, seen=seen)

    outcomes = told(scheduling_many.move_many(selection, by=clerk, zone="", **WHEN))

    assert outcomes == {
        sent.number: "It is not scheduled any more: it was sent or cancelled meanwhile. Its Email History says which.",
        given_up.number: f"{given_up.number} is uncollectible, so nothing can be scheduled for it.",
        "A draft": "The draft was deleted meanwhile.",
        moved.number: "Tomáš Manager moved it meanwhile to Dec. 1, 2026, 09:00 in Tokyo. "
        "Look at it, then move it again.",
        fine.number: "",
    }
    assert scheduling.scheduled_of(fine)[0].scheduled_on == WHEN["on"]
    assert scheduling.scheduled_of(moved)[0].wall_time == elsewhere


def test_where_the_moment_has_passed_in_one_zone_only_that_one_stays(waiting, clerk):
    tokyo, chicago = waiting(), waiting(zone="America/Chicago")
    selection = chosen_scheduled(tokyo, chicago, by=clerk)

    outcomes = scheduling_many.move_many(selection, by=clerk, on=NOW.date(), at=time(18), zone="", now=NOW)

    passed = "That moment has passed already. Choose a later one, or send it now."
    assert told(outcomes) == {tokyo.number: passed, chicago.number: ""}
    assert scheduling.scheduled_of(tokyo)[0].wall_time == TUESDAY


def test_what_breaks_is_left_as_it_was_and_the_next_one_goes(waiting, clerk, monkeypatch):
    broken, fine = waiting(), waiting()
    selection = chosen_scheduled(broken, fine, by=clerk)
    cancel = scheduling.cancel_scheduled

    def breaks(invoice, *, by):
        cancel(invoice, by=by)
        if invoice == broken:
            raise KeyError("nobody thought of it")

    monkeypatch.setattr(scheduling, "cancel_scheduled", breaks)

    outcomes = told(scheduling_many.cancel_many(selection, by=clerk))

    assert outcomes[fine.number] == ""
    assert outcomes[broken.number] == "Something unexpected happened, so it stays as it was. Try it by itself."
    assert [each.status for each in scheduling.scheduled_of(broken)] == ["scheduled"]


def test_all_are_cancelled_and_drafts_stay_drafts(waiting, clerk):
    draft, opened, other = waiting(factories.draft), waiting(), waiting()

    outcomes = scheduling_many.cancel_many(chosen_scheduled(draft, opened, by=clerk), by=clerk)

    assert [each.refusal for each in outcomes] == ["", ""]
    draft.refresh_from_db()
    assert (draft.status, scheduling.scheduled_of(draft), scheduling.scheduled_of(opened)) == ("draft", [], [])
    assert len(scheduling.scheduled_of(other)) == 1


def test_all_go_out_now_and_a_draft_that_was_changed_meanwhile_does_not(waiting, clerk, worker):
    draft, changed, opened = waiting(factories.draft), waiting(factories.draft), waiting()
    selection = chosen_scheduled(draft, changed, opened, by=clerk)
    lines = [factories.line(unit_price="999")]
    drafting.change_draft(changed, by=clerk, version=changed.version, fields={}, lines=lines)

    outcomes = scheduling_many.send_many(selection, by=clerk, on=NOW.date())
    worker()

    refusals = [each.refusal for each in outcomes]
    assert refusals == ["", "This draft was changed after you looked at it. Review it and open it again.", ""]
    draft.refresh_from_db()
    changed.refresh_from_db()
    assert (draft.status, changed.status, len(mail.outbox)) == ("open", "draft", 2)
    assert len(scheduling.scheduled_of(changed)) == 1


def test_the_items_of_an_operation_follow_their_emails(clerk, worker):
    invoices = [factories.opened() for _n in range(3)]
    wishes = {"send_email": True, "send_on": TUESDAY.on, "send_at": TUESDAY.at}
    operation = factories.operation(*invoices, by=clerk, action="send", **wishes)
    worker()
    moved, sent, cancelled = invoices

    scheduling_many.move_many(chosen_scheduled(moved, by=clerk), by=clerk, zone="Asia/Tokyo", **WHEN)
    scheduling_many.send_many(chosen_scheduled(sent, by=clerk), by=clerk, on=NOW.date())
    scheduling_many.cancel_many(chosen_scheduled(cancelled, by=clerk), by=clerk)

    def items():
        return {item.invoice: (item.status, item.reason) for item in operation.items.select_related("invoice")}

    assert items() == {
        moved: ("scheduled", "Goes out on 26 Nov 2026 at 08:00 in Tokyo."),
        sent: ("scheduled", "Its moment has come: it is on its way."),
        cancelled: ("cancelled", f"ap@harbour.example: Cancelled by {clerk}."),
    }
    worker()
    operation.refresh_from_db()
    assert items()[sent] == ("done", "")
    assert (operation.status, operation.counts) == ("completed", {"scheduled": 1, "done": 1, "cancelled": 1})


def test_used_once_a_choice_is_gone(waiting, clerk):
    selection = chosen_scheduled(waiting(), by=clerk)
    scheduling_many.cancel_many(selection, by=clerk)
    events = AuditEvent.objects.count()

    with pytest.raises(Stale, match="This selection was used already, or is too old"):
        scheduling_many.cancel_many(selection, by=clerk)

    assert AuditEvent.objects.count() == events


def test_nobody_acts_on_a_colleagues_choice_or_without_the_role(waiting, clerk, manager, viewer):
    selection = chosen_scheduled(waiting(), by=clerk)

    with pytest.raises(Stale):
        scheduling_many.cancel_many(selection, by=manager)
    with pytest.raises(Forbidden):
        scheduling_many.move_many(selection, by=viewer, zone="", **WHEN)

    assert walls() == [TUESDAY]
    assert Selection.objects.exists()


def test_a_draft_credit_note_a_clerk_may_not_open_is_refused_by_itself(waiting, clerk, manager):
    fine = waiting()
    note = factories.draft(factories.customer(), kind="credit_note", corrects_text="R-1")
    factories.scheduled(note, by=manager, wall=TUESDAY, now=NOW)

    outcomes = scheduling_many.move_many(chosen_scheduled(fine, note, by=clerk), by=clerk, zone="", **WHEN)

    refusals = [each.refusal for each in outcomes]
    assert refusals[0] == ""
    assert "role" in refusals[1]


def test_what_ends_the_whole_undoes_nothing_that_was_done(waiting, clerk, monkeypatch):
    done, lost, after = waiting(), waiting(), waiting()
    selection = chosen_scheduled(done, lost, after, by=clerk)
    cancel = scheduling.cancel_scheduled

    def breaks(invoice, *, by):
        cancel(invoice, by=by)
        if invoice == lost:
            raise OperationalError("the database went away")

    monkeypatch.setattr(scheduling, "cancel_scheduled", breaks)

    with pytest.raises(OperationalError):
        scheduling_many.cancel_many(selection, by=clerk)

    assert [len(scheduling.scheduled_of(each)) for each in (done, lost, after)] == [0, 1, 1]
