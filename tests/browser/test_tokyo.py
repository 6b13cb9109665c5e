"""From Berlin to Tokyo: a template is made, an invoice scheduled with it, time passes, a scanner and a person follow
its link, and the light turns green.
"""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse
from playwright.sync_api import expect

from config.common import clock
from invoicing.models import Delivery, Invoice, OutboxMessage
from invoicing.services import firing
from tests import factories
from tests.browser.test_portal import link_in
from tests.invoicing.heard import READER, measured

SCANNER = "Mozilla/5.0 (compatible; MSIE 9.0; Windows NT 6.1; Trident/5.0; BarracudaCentral)"
PHONE = {"width": 390, "height": 800}


@pytest.fixture
def today(db, settings, live_server):
    settings.BASE_URL = live_server.url
    measured()
    return clock.today(factories.organization().time_zone)


@pytest.fixture
def boss(manager):
    manager.time_zone = "Europe/Berlin"
    manager.save()
    return manager


def test_a_template_a_schedule_a_scanner_and_a_person(
    page, live_server, sign_in, boss, today, demo_outbox, worker, browser
):
    buyer = factories.customer("Shibuya KK", email="ap@shibuya.example", time_zone="Asia/Tokyo")
    sign_in(boss)

    _make_template(page, live_server)
    _use_it_for(page, live_server, buyer)
    draft = factories.draft(buyer, due_on=today, due_typed=True)
    assert draft.template.name == "Exports"
    _schedule(page, live_server, draft, day=today + timedelta(days=3))
    waiting = Delivery.objects.get(role="to")
    assert (waiting.scheduled_zone, f"{waiting.scheduled_time:%H:%M}") == ("Asia/Tokyo", "09:00")
    assert OutboxMessage.objects.count() == 0

    with time_machine.travel(waiting.scheduled_at - timedelta(seconds=1)):
        assert firing.fire_due(at=clock.now()) == 0
    with time_machine.travel(waiting.scheduled_at, tick=True):
        for _tick in range(3):
            firing.fire_due(at=waiting.scheduled_at)
            worker()
    to_tokyo = OutboxMessage.objects.get(message_id=waiting.message_id)  # once
    assert to_tokyo.subject == "INV-2026-00001 for Shibuya KK"
    address = link_in(to_tokyo, live_server)

    with time_machine.travel(waiting.scheduled_at + timedelta(seconds=4), tick=True):
        _scans(browser, address)
    assert _light(page, live_server, sign_in, boss) == "Sent, not yet opened"
    with time_machine.travel(waiting.scheduled_at + timedelta(hours=2), tick=True):
        _reads(browser, address)

    assert _light(page, live_server, sign_in, boss) == "Sent and opened"
    page.goto(live_server.url + reverse("invoicing:detail", args=[draft.pk]))
    row = page.locator("#email-history tbody tr", has_text="ap@shibuya.example")
    expect(row.locator("[data-label='Email Status']")).to_contain_text("Clicked")
    expect(row.locator("[data-label='Click Count']")).to_have_text("1 2 by machines")
    waiting.refresh_from_db()
    assert (waiting.click_count, waiting.machine_click_count) == (1, 2)
    assert Invoice.objects.get().issued_on == today + timedelta(days=3)


def _make_template(page, live_server):
    page.goto(live_server.url + reverse("invoicing:template_list"))
    page.get_by_role("link", name="New template").click()
    dialog = page.locator("#dialog[open]")
    dialog.get_by_label("Name").fill("Exports")
    dialog.get_by_role("button", name="Make it").click()
    page.locator("#id_subject_en").fill("{number} for {customer}")
    page.locator("#id_message_en").fill("Dear {contact},\n\nsee {portal_link}")
    page.get_by_label("Layout").select_option("window")
    preview = page.frame_locator("#email-preview-shown iframe")
    expect(preview.get_by_text("View and pay invoice")).to_be_visible()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Exports is saved.")).to_be_visible()


def _use_it_for(page, live_server, buyer):
    page.goto(live_server.url + reverse("customers:detail", args=[buyer.pk]))
    page.get_by_role("link", name="Change Invoice Template").click()
    dialog = page.locator("#dialog[open]")
    dialog.get_by_label("Invoice Template").select_option(label="Exports")
    dialog.get_by_role("button", name="Save").click()
    expect(page.locator("#dialog[open]")).to_have_count(0)


def _schedule(page, live_server, draft, *, day):
    page.goto(live_server.url + reverse("invoicing:queue"))
    row = page.locator(f"#invoice-{draft.pk}")
    row.get_by_role("button", name="Actions for").click()
    row.get_by_role("link", name="Schedule for Later").click()
    dialog = page.locator("#dialog[open]")
    expect(dialog.get_by_label("Subject")).to_have_value("{number} for {customer}")
    expect(dialog.get_by_label("Portal link")).to_be_checked()
    dialog.get_by_label("Send date", exact=True).fill(day.isoformat())
    dialog.get_by_label("Time", exact=True).fill("09:00")
    dialog.get_by_text("Customer’s, Tokyo").click()
    expect(dialog.get_by_text("09:00 in Tokyo")).to_be_visible()
    dialog.get_by_role("button", name="Schedule", exact=True).click()
    expect(row).to_contain_text("Scheduled")


def _scans(browser, address):
    """A gateway looks at it twice before anybody reads the mail."""
    context = browser.new_context(user_agent=SCANNER)
    for method in ("HEAD", "GET"):
        assert context.request.fetch(address, method=method).ok
    context.close()


def _reads(browser, address):
    context = browser.new_context(user_agent=READER, viewport=PHONE)
    page = context.new_page()
    page.goto(address)
    expect(page.get_by_role("heading", name="INV-2026-00001")).to_be_visible()
    context.close()


def _light(page, live_server, sign_in, person) -> str:
    sign_in(person)  # days went by: the session of before is over
    page.goto(live_server.url + reverse("invoicing:list"))
    return page.locator("tbody tr", has_text="Shibuya KK").locator(".dot").last.inner_text().strip()
