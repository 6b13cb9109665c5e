"""A batch as a person begins one: ticks, all that match, the dialog with its preflight, a look, and off it goes."""

import re
from decimal import Decimal

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from config.common import clock
from config.common.views import FilteredListView
from invoicing.models import BatchOperation, Invoice
from tests import factories


@pytest.fixture
def today(db):
    return clock.today(factories.organization().time_zone)


@pytest.fixture
def drafts(today, monkeypatch):
    """Three of them, of which a page shows two: in euro, in dollar, and one whose customer has no address."""
    monkeypatch.setattr(FilteredListView, "page_size", 2)
    due = {"due_on": today, "due_typed": True}
    dollar = factories.customer("Atlantic Survey", email="ap@atlantic.example", currency="USD")
    return [
        factories.draft(factories.customer("Silent Ltd", email=""), **due),
        factories.draft(dollar, accounting_rate=Decimal("0.9"), **due),
        factories.draft(**due),
    ]


@pytest.fixture
def at(page, live_server, sign_in, clerk, drafts, demo_outbox):
    sign_in(clerk)

    def go(name):
        page.goto(live_server.url + reverse(name))
        return page

    return go


def test_all_that_match_are_chosen_checked_looked_at_and_sent_on_their_way(at, drafts, worker, axe):
    page = at("invoicing:list")
    bar = page.get_by_role("region", name="Selected invoices")
    expect(bar).to_be_hidden()

    page.get_by_role("checkbox", name="Select Draft for Harbour").check()
    expect(bar).to_contain_text(re.compile(r"1 selected\s+EUR\s*242\.00"))
    expect(bar.get_by_text("Select all 3 matching")).to_be_hidden()
    page.get_by_role("columnheader").get_by_label("Select all on this page").check()
    expect(bar).to_contain_text(re.compile(r"2 selected.*EUR\s*242\.00.*USD\s*242\.00", re.S))
    axe(page)
    bar.get_by_label("Select all 3 matching").check()
    expect(bar).to_contain_text(re.compile(r"3 selected.*EUR\s*484\.00.*USD\s*242\.00", re.S))
    bar.get_by_role("button", name="Open").click()

    dialog = page.locator("#dialog[open]")
    expect(dialog.get_by_role("heading", name="Open 3 invoices")).to_be_visible()
    expect(dialog.get_by_text("3 would succeed")).to_be_visible()
    expect(dialog.get_by_label("Subject")).to_be_hidden()
    dialog.get_by_label("Send Email").check()
    expect(dialog.get_by_text("2 would succeed")).to_be_visible()
    expect(dialog.get_by_text("The customer has no contact with an email address.")).to_be_visible()
    expect(dialog.get_by_role("link", name="Add a contact email")).to_be_visible()
    expect(dialog.get_by_role("button", name="Open and send 2 invoices")).to_be_visible()
    dialog.get_by_label("Run all the same").check()
    expect(dialog.get_by_role("button", name="Open and send 3 invoices")).to_be_visible()
    dialog.get_by_label("Leave those out").check()
    dialog.get_by_label("Subject").fill("Bill {number}")

    dialog.get_by_role("button", name="Look at the emails and PDFs").click()
    look = dialog.locator("#look")
    expect(look.get_by_role("heading", name="Atlantic Survey")).to_be_visible()
    expect(look.get_by_text("Bill INV-2026-00001")).to_be_visible()
    expect(dialog.frame_locator("iframe").get_by_text("INV-2026-00001").first).to_be_visible()
    look.get_by_role("link", name="Next").click()
    expect(look.get_by_role("heading", name="Harbour")).to_be_visible()
    look.get_by_label("Find one of the chosen invoices").fill("silent")
    page.keyboard.press("Enter")
    expect(look.get_by_role("heading", name="Silent Ltd")).to_be_visible()
    assert not BatchOperation.objects.exists()  # Enter began nothing
    expect(dialog.get_by_role("button", name="Open and send 2 invoices")).to_be_visible()
    axe(page)

    dialog.get_by_role("button", name="Open and send 2 invoices").click()

    expect(page.locator("#dialog[open]")).to_have_count(0)
    operation = BatchOperation.objects.get()
    expect(page.locator(".toast").get_by_role("link", name=str(operation))).to_be_visible()
    expect(page.locator("tbody .tick :checked")).to_have_count(0)
    expect(bar).to_be_hidden()
    worker()
    operation.refresh_from_db()
    assert operation.counts == {"done": 2}
    assert Invoice.objects.get(pk=drafts[0].pk).is_draft


def test_filters_and_paging_start_without_ticks_and_clear_takes_them_away(at):
    page = at("invoicing:list")
    ticked = page.locator("tbody .tick :checked")
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(ticked).to_have_count(1)

    page.get_by_role("searchbox", name="Number, customer, PO or amount").fill("harbour")
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(ticked).to_have_count(0)
    expect(page.locator(".bulk")).to_be_hidden()

    page.locator("tbody .tick input").check()
    page.locator(".bulk").get_by_role("link", name="Clear").click()
    expect(ticked).to_have_count(0)
    expect(page.locator(".bulk")).to_be_hidden()


def test_a_row_that_tells_what_became_of_its_send_keeps_its_tick(at, today, worker):
    invoice = factories.opened(on=today)
    factories.queued(invoice)
    page = at("invoicing:list")
    row = page.locator(f"#invoice-{invoice.pk}")
    row.locator(".tick input").check()
    expect(row).to_contain_text("Queued")

    worker()

    expect(row).to_contain_text("Sent", timeout=10_000)
    expect(row.locator(".tick input")).to_be_checked()
    expect(page.locator(".bulk")).to_contain_text("1 selected")


def test_unticking_one_takes_back_that_all_are_meant(at):
    page = at("invoicing:queue")
    page.get_by_role("columnheader").get_by_label("Select all on this page").check()
    page.locator(".bulk").get_by_label("Select all 3 matching").check()
    expect(page.locator(".bulk")).to_contain_text("3 selected")

    page.locator("tbody .tick input").first.uncheck()

    expect(page.locator(".bulk")).to_contain_text("1 selected")
    page.locator(".bulk").get_by_role("button", name="Send").click()
    expect(page.get_by_role("heading", name="Send 1 invoice")).to_be_visible()


def test_a_mistake_keeps_the_dialog_and_what_was_typed(at):
    page = at("invoicing:queue")
    page.get_by_role("checkbox", name="Select Draft for Atlantic").check()
    page.locator(".bulk").get_by_role("button", name="Send").click()
    dialog = page.locator("#dialog[open]")
    dialog.get_by_label("Custom Message").fill("Only this once")
    dialog.get_by_label("Subject").fill("{numbr}")

    dialog.locator("#batch-confirm").click()

    expect(dialog.locator("[data-errors]")).to_be_visible()
    expect(dialog.get_by_label("Custom Message")).to_have_value("Only this once")
    assert not BatchOperation.objects.exists()


def test_on_a_phone_the_bar_and_the_dialog_fit(at, axe):
    page = at("invoicing:queue")
    page.set_viewport_size({"width": 390, "height": 844})
    page.get_by_label("Select all on this page").first.check()
    bar = page.get_by_role("region", name="Selected invoices")
    for name in ("Open", "Send", "Mark as Sent", "Submit E-Invoice"):
        expect(bar.get_by_role("button", name=name, exact=True)).to_be_in_viewport()

    bar.get_by_role("button", name="Mark as Sent").click()

    expect(page.get_by_role("heading", name="Mark 2 invoices as sent")).to_be_visible()
    expect(page.get_by_text("2 would succeed")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    axe(page)
