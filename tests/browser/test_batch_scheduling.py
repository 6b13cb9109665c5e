"""Schedule for Later for many at once: from Berlin, each at nine where its customer is."""

from datetime import timedelta

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from config.common import clock
from invoicing.models import BatchOperation, Delivery
from tests import factories


@pytest.fixture
def today(db):
    return clock.today(factories.organization().time_zone)


def test_many_wait_for_nine_where_each_customer_is_and_can_be_cancelled_whole(
    page, live_server, sign_in, clerk, demo_outbox, today, worker, axe
):
    due = {"due_on": today, "due_typed": True}
    factories.draft(factories.customer("Shibuya KK", email="ap@shibuya.example", time_zone="Asia/Tokyo"), **due)
    factories.draft(factories.customer("Hudson Inc", email="ap@hudson.example", time_zone="America/New_York"), **due)
    clerk.time_zone = "Europe/Berlin"
    clerk.save()
    sign_in(clerk)
    page.goto(live_server.url + reverse("invoicing:queue"))
    page.get_by_role("columnheader").get_by_label("Select all on this page").check()
    page.get_by_role("region", name="Selected invoices").get_by_role("button", name="Send", exact=True).click()

    dialog = page.locator("#dialog[open]")
    expect(dialog.get_by_label("Send date", exact=True)).to_be_hidden()
    dialog.get_by_label("Schedule for Later").check()
    dialog.get_by_label("Send date", exact=True).fill((today + timedelta(days=5)).isoformat())
    dialog.get_by_label("Time", exact=True).fill("09:00")
    expect(dialog.get_by_text("each where its customer is")).to_be_visible()
    expect(dialog.get_by_text("For you the first goes out on")).to_be_visible()
    axe(page)
    dialog.get_by_role("button", name="Schedule 2 invoices").click()

    expect(page.locator("#dialog[open]")).to_have_count(0)
    worker()
    operation = BatchOperation.objects.get()
    page.goto(live_server.url + reverse("invoicing:batch", args=[operation.pk]))
    expect(page.get_by_text("at 09:00 in Tokyo.")).to_be_visible()
    expect(page.get_by_text("at 09:00 in New York.")).to_be_visible()
    axe(page)
    page.locator(f"#batch-{operation.pk}-cancel").click()
    expect(page.locator("#dialog[open]").get_by_text("2 emails that wait are not sent.")).to_be_visible()
    page.get_by_role("button", name="Cancel the rest").click()
    expect(page.locator("#dialog[open]")).to_have_count(0)
    worker()
    assert set(Delivery.objects.values_list("status", flat=True)) == {"cancelled"}
