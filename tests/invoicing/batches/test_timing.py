"""What one wall time means for customers in several zones, and what the preflight says of it."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from config.common import clock
from invoicing.services.batches import checking, timing
from invoicing.services.batches.wishes import Wishes
from invoicing.views.batches import words
from tests import factories

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
TUESDAY = date(2026, 11, 24)


def wishes(**fields):
    return Wishes(action="send", send_email=True, **{"send_on": TUESDAY, "send_at": time(9), **fields})


def test_a_blank_zone_means_nine_o_clock_where_each_customer_is():
    factories.organization()  # in Amsterdam

    found = timing.timing_of(wishes(), ["Asia/Tokyo", "America/New_York", "Asia/Tokyo"], now=NOW)

    assert found.instants == {
        "Asia/Tokyo": datetime(2026, 11, 24, tzinfo=UTC),
        "America/New_York": datetime(2026, 11, 24, 14, tzinfo=UTC),
    }
    assert (found.first, found.last) == (found.instants["Asia/Tokyo"], found.instants["America/New_York"])
    assert found.days == {"Asia/Tokyo": TUESDAY, "America/New_York": TUESDAY}


def test_a_chosen_zone_is_the_same_moment_for_everybody():
    factories.organization()

    found = timing.timing_of(wishes(zone="Europe/Berlin"), ["Asia/Tokyo", "America/New_York"], now=NOW)

    assert set(found.instants.values()) == {datetime(2026, 11, 24, 8, tzinfo=UTC)}


def test_a_moment_that_has_passed_where_the_sun_rises_first_is_refused_there_alone():
    factories.organization()
    at = datetime(2026, 11, 24, 3, tzinfo=UTC)

    found = timing.timing_of(wishes(), ["Asia/Tokyo", "Europe/Berlin"], now=at)

    assert found.refusals == {"Asia/Tokyo": "That moment has passed already. Choose a later one, or send it now."}
    assert list(found.instants) == ["Europe/Berlin"]


def test_nights_in_which_the_clocks_are_set_are_named():
    factories.organization()
    spring = wishes(send_on=date(2027, 3, 28), send_at=time(2, 30))

    found = timing.timing_of(spring, ["Europe/Berlin", "Asia/Tokyo"], now=NOW)

    assert (found.skipped(), found.doubled()) == (["Berlin"], [])
    assert found.instants["Europe/Berlin"] == datetime(2027, 3, 28, 1, tzinfo=UTC)  # 03:00, the first minute after
    assert words.effects(spring, 2, found)[-1] == (
        "The clocks in Berlin are put forward over 02:30 that night. There it goes out at the first minute after."
    )


def test_what_goes_out_at_once_has_no_timing():
    assert timing.timing_of(Wishes(action="send", send_email=True), ["Asia/Tokyo"], now=NOW) == timing.Timing()


def test_the_preflight_names_who_is_too_late_and_when_the_others_go(clerk):
    factories.organization()
    on = clock.today("Asia/Tokyo") + timedelta(days=1)
    far = factories.customer("Shibuya KK", email="ap@shibuya.example", time_zone="Asia/Tokyo")
    near, paid = factories.draft(), factories.opened(lines=[factories.line(unit_price="0")])
    selection = factories.selection(factories.draft(far), near, paid, by=clerk, page="queue")
    asked = Wishes(action="send", opens_drafts=True, send_email=True, send_on=on, send_at=time(9))

    found = checking.preflight(selection, by=clerk, wishes=asked, on=clock.today("Europe/Amsterdam"))

    assert (found.total, found.succeed, found.failing) == (3, 2, 1)
    assert [each.sentence for _invoice, each in found.findings] == [
        f"{paid.number} is paid, so nothing can be scheduled for it."
    ]
    assert found.timing.last - found.timing.first == timedelta(hours=9)
    sentences = words.effects(asked, 2, found.timing)
    assert sentences[0].startswith("2 emails go out on ")
    assert sentences[0].endswith(" at 09:00, each where its customer is.")
    assert sentences[2] == "Drafts among them are opened and numbered then, and not before."


def test_a_draft_is_judged_by_the_day_on_which_it_would_be_opened(clerk):
    factories.organization()
    today = clock.today("Europe/Amsterdam")
    dated = factories.draft(issued_on=today + timedelta(days=3))
    selection = factories.selection(dated, by=clerk, page="queue")
    asked = {"action": "send", "opens_drafts": True, "send_email": True, "send_at": time(9)}

    too_early = Wishes(**asked, send_on=today + timedelta(days=2))
    then = Wishes(**asked, send_on=today + timedelta(days=3))

    assert checking.preflight(selection, by=clerk, wishes=too_early, on=today).failing == 1
    assert checking.preflight(selection, by=clerk, wishes=then, on=today).failing == 0
