"""Schedule for Later as a person does it: from Berlin, for a customer in Tokyo."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from config.common import clock
from invoicing.models import Delivery, OutboxMessage
from invoicing.services import firing
from invoicing.wall_time import WallTime
from tests import factories


@pytest.fixture
def today(db):
    return clock.today(factories.organization().time_zone)


@pytest.fixture
def draft(today):
    return factories.draft(factories.customer(time_zone="Asia/Tokyo"), due_on=today, due_typed=True)


@pytest.fixture
def queue(page, live_server, sign_in, clerk, demo_outbox, draft):
    clerk.time_zone = "Europe/Berlin"
    clerk.save()
    sign_in(clerk)
    page.goto(live_server.url + reverse("invoicing:queue"))
    return page


def _dialog(page):
    dialog = page.locator("#dialog[open]")
    dialog.wait_for()
    return dialog


def _schedule(page, draft, day: date):
    row = page.locator(f"#invoice-{draft.pk}")
    row.get_by_role("button", name="Actions for").click()
    row.get_by_role("link", name="Schedule for Later").click()
    dialog = _dialog(page)
    dialog.get_by_label("Send date", exact=True).fill(day.isoformat())
    dialog.get_by_label("Time", exact=True).fill("09:00")
    dialog.get_by_text("Customer’s, Tokyo").click()
    return dialog


def test_it_is_scheduled_moved_and_goes_out_once_when_its_time_has_come(queue, draft, today, live_server, worker, axe):
    day = today + timedelta(days=7)
    dialog = _schedule(queue, draft, day)
    expect(dialog.get_by_text(f"{day.day} {day:%B} {day.year}, 09:00 in Tokyo")).to_be_visible()
    expect(dialog.get_by_text("for you.")).to_be_visible()
    expect(dialog.get_by_role("button", name="Yes, confirm")).to_be_hidden()
    axe(queue)
    dialog.get_by_role("button", name="Schedule", exact=True).click()
    row = queue.locator(f"#invoice-{draft.pk}")
    expect(row).to_contain_text("Scheduled")

    queue.goto(live_server.url + reverse("invoicing:scheduled"))
    expect(queue.get_by_role("heading", name="Scheduled 1")).to_be_visible()
    axe(queue)
    queue.get_by_role("button", name="Actions for the draft").click()
    queue.get_by_role("link", name="Move").click()
    dialog = _dialog(queue)
    dialog.get_by_label("Time", exact=True).fill("14:30")
    dialog.get_by_text("Yours, Berlin").click()
    expect(dialog.get_by_text("14:30 in Berlin")).to_be_visible()
    axe(queue)
    dialog.get_by_role("button", name="Move").click()
    expect(queue.get_by_text("Scheduled: it goes out on")).to_be_visible()
    wall = WallTime(day, time(14, 30), "Europe/Berlin")
    assert {row.wall_time for row in Delivery.objects.all()} == {wall}

    assert [firing.fire_due(at=wall.instant + timedelta(minutes=n)) for n in (-1, 0, 1)] == [0, 1, 0]
    worker()
    assert OutboxMessage.objects.count() == Delivery.objects.count() == 2
    queue.goto(live_server.url + reverse("invoicing:detail", args=[draft.pk]))
    expect(queue.get_by_role("heading", name="INV-")).to_be_visible()
    expect(queue.locator("#scheduled")).to_have_count(0)


def test_it_is_cancelled_from_the_invoice_and_stands_in_the_queue_again(queue, draft, today, live_server, axe):
    _schedule(queue, draft, today + timedelta(days=7)).get_by_role("button", name="Schedule", exact=True).click()
    expect(queue.locator(f"#invoice-{draft.pk}")).to_contain_text("Scheduled")
    queue.goto(live_server.url + reverse("invoicing:detail", args=[draft.pk]))
    expect(queue.locator("#scheduled")).to_contain_text("It is opened and numbered then.")
    axe(queue)

    queue.get_by_role("link", name="Cancel the email").click()
    axe(queue)
    _dialog(queue).get_by_role("button", name="Cancel the email").click()

    expect(queue.get_by_text("The scheduled email is cancelled.")).to_be_visible()
    queue.goto(live_server.url + reverse("invoicing:queue"))
    expect(queue.locator(f"#invoice-{draft.pk}")).to_be_visible()
    assert set(Delivery.objects.values_list("status", flat=True)) == {"cancelled"}


def test_a_time_the_clocks_skip_is_told_while_one_types(queue, draft):
    dialog = _schedule(queue, draft, _next_spring())
    dialog.get_by_text("Yours, Berlin").click()

    dialog.get_by_label("Time", exact=True).fill("02:30")

    expect(dialog.get_by_text("The clocks in Berlin are put forward over 02:30 that night")).to_be_visible()
    expect(dialog.get_by_text("03:00 in Berlin")).to_be_visible()


def _next_spring() -> date:
    """The last Sunday of the next March."""
    today = datetime.now(UTC).date()
    days = (date(year, 3, 31) for year in (today.year, today.year + 1))
    sundays = (day - timedelta(days=(day.weekday() + 1) % 7) for day in days)
    return next(day for day in sundays if day > today)
