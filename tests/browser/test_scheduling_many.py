"""Scheduled: many are ticked, moved and cancelled in one go; who could not be moved is told by number."""

from datetime import time, timedelta

import pytest
from playwright.sync_api import expect

from config.common import clock
from invoicing.services import scheduling
from invoicing.wall_time import WallTime
from tests import factories


@pytest.fixture
def later(clerk):
    """The day after tomorrow at nine in Tokyo."""
    clerk.time_zone = "Europe/Berlin"
    clerk.save()
    return WallTime(clock.today(factories.organization().time_zone) + timedelta(days=2), time(9), "Asia/Tokyo")


@pytest.fixture
def waiting(clerk, later):
    buyers = [
        factories.customer("Shibuya KK", email="ap@shibuya.example", time_zone="Asia/Tokyo"),
        factories.customer("Hudson Inc", email="ap@hudson.example", time_zone="America/New_York"),
        factories.customer("Elbe Werft", email="ap@elbe.example", time_zone="Europe/Berlin"),
    ]
    invoices = [factories.opened(buyer) for buyer in buyers]
    for invoice in invoices:
        factories.scheduled(invoice, by=clerk, wall=later, now=clock.now())
    return invoices


def test_ticked_ones_are_moved_and_who_had_gone_is_told(page, live_server, sign_in, clerk, waiting, later, axe):
    gone, far, near = waiting
    sign_in(clerk)
    page.goto(live_server.url + "/deliveries/scheduled/")
    page.get_by_label(f"Select {gone.number}").check()
    page.get_by_label(f"Select {far.number}").check()
    bar = page.get_by_role("region", name="Selected emails")
    expect(bar.get_by_text("2 selected")).to_be_visible()
    axe(page)
    bar.get_by_role("button", name="Move").click()

    dialog = page.locator("#dialog[open]")
    expect(dialog.get_by_role("heading", name="Move 2 scheduled emails")).to_be_visible()
    day = later.on + timedelta(days=3)
    dialog.get_by_label("Send date", exact=True).fill(day.isoformat())
    dialog.get_by_label("Time", exact=True).fill("07:30")
    expect(dialog.get_by_text("at 07:30, each where its customer is.")).to_be_visible()
    axe(page)
    scheduling.cancel_scheduled(gone, by=clerk)
    dialog.get_by_role("button", name="Move").click()

    expect(dialog.get_by_text("1 email is moved.")).to_be_visible()
    expect(dialog.get_by_text("1 was not moved:")).to_be_visible()
    expect(dialog.get_by_role("link", name=gone.number)).to_be_visible()
    axe(page)
    dialog.get_by_role("link", name="Done").click()
    expect(page.locator("#dialog[open]")).to_have_count(0)
    expect(page.get_by_role("rowheader", name=gone.number)).to_have_count(0)
    expect(page.get_by_text("07:30 in New York")).to_be_visible()
    expect(page.get_by_text("0 selected")).to_be_hidden()
    assert scheduling.scheduled_of(far)[0].wall_time == WallTime(day, time(7, 30), "America/New_York")
    assert scheduling.scheduled_of(near)[0].wall_time == later


def test_all_are_cancelled_by_keyboard_and_the_list_is_empty(page, live_server, sign_in, clerk, waiting):
    sign_in(clerk)
    page.goto(live_server.url + "/deliveries/scheduled/")
    everyone = page.get_by_role("columnheader").get_by_label("Select all on this page")
    everyone.focus()
    page.keyboard.press("Space")
    expect(page.get_by_text("3 selected")).to_be_visible()
    page.get_by_role("button", name="Cancel the emails").press("Enter")

    dialog = page.locator("#dialog[open]")
    expect(dialog.get_by_role("heading", name="Cancel 3 scheduled emails?")).to_be_visible()
    dialog.get_by_role("button", name="Cancel the emails").press("Enter")

    expect(page.locator("#dialog[open]")).to_have_count(0)
    expect(page.get_by_text("3 scheduled emails are cancelled.")).to_be_visible()
    expect(page.get_by_text("Nothing is scheduled")).to_be_visible()
