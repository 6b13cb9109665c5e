"""Sending as a person does it: from the queue to the mail in the outbox, without a reload."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from config.common import clock
from invoicing.models import Delivery
from tests import factories


@pytest.fixture
def today(db):
    return clock.today(factories.organization().time_zone)


@pytest.fixture
def draft(today):
    return factories.draft(due_on=today, due_typed=True)


@pytest.fixture
def queue(page, live_server, sign_in, clerk, demo_outbox, draft):
    sign_in(clerk)
    page.goto(live_server.url + reverse("invoicing:queue"))
    return page


def _choose(page, draft, words):
    row = page.locator(f"#invoice-{draft.pk}")
    row.get_by_role("button", name="Actions for").click()
    row.get_by_role("link", name=words, exact=True).click()
    dialog = page.locator("#dialog[open]")
    dialog.wait_for()
    return dialog


def test_a_draft_is_sent_from_the_queue_and_its_row_tells_until_it_is_there(queue, draft, worker, live_server):
    dialog = _choose(queue, draft, "Send")
    expect(dialog.get_by_role("heading", name="Send INV-2026-00001")).to_be_visible()
    expect(dialog.locator(".chip", has_text="ap@harbour.example")).to_be_visible()
    dialog.get_by_label("Customer Emails").fill("kim@harbour.example,")
    expect(dialog.locator(".chip", has_text="kim@harbour.example")).to_be_visible()
    dialog.get_by_role("button", name="Remove receivables@kelpworks.example").click()
    dialog.get_by_label("Subject").fill("Bill {number}")
    expect(dialog.get_by_text("Bill INV-2026-00001")).to_be_visible()

    dialog.get_by_role("button", name="Yes, confirm").click()

    row = queue.locator(f"#invoice-{draft.pk}")
    expect(queue.locator("#dialog[open]")).to_have_count(0)
    expect(row).to_contain_text("Queued")
    expect(row).to_contain_text("INV-2026-00001")
    assert worker() > 0
    expect(row).to_contain_text("Sent", timeout=10_000)
    expect(row).to_contain_text("Unpaid")
    assert sorted(Delivery.objects.values_list("recipient", "status")) == [
        ("ap@harbour.example", "sent"),
        ("kim@harbour.example", "sent"),
    ]

    queue.goto(live_server.url + reverse("invoicing:outbox"))
    queue.get_by_role("link", name="Bill INV-2026-00001").first.click()
    expect(queue.frame_locator("iframe").get_by_text("Invoice INV-2026-00001").first).to_be_visible()
    with queue.expect_download() as download:
        queue.get_by_role("link", name="INV-2026-00001.pdf").click()
    assert download.value.path().read_bytes().startswith(b"%PDF")


def test_a_preview_leaves_the_dialog_open_and_the_invoice_a_draft(queue, draft):
    dialog = _choose(queue, draft, "Send")

    dialog.get_by_role("button", name="Send me a preview").click()

    expect(queue.get_by_text("A preview is on its way to clerk@dunlin.example.")).to_be_visible()
    expect(dialog).to_be_visible()
    draft.refresh_from_db()
    assert draft.is_draft


def test_a_mistake_keeps_the_dialog_and_what_was_typed(queue, draft):
    dialog = _choose(queue, draft, "Send")
    dialog.get_by_label("Custom Message").fill("Only for you")
    dialog.get_by_label("Subject").fill("{numbr}")

    dialog.get_by_role("button", name="Yes, confirm").click()

    expect(dialog.get_by_text("There is no field {numbr}. Did you mean {number}?").first).to_be_visible()
    expect(dialog.get_by_label("Custom Message")).to_have_value("Only for you")
    assert not Delivery.objects.exists()


def test_mark_as_sent_can_be_undone_in_the_row(queue, draft):
    dialog = _choose(queue, draft, "Mark as Sent Sent some other way. No autopayment and no reminders.")
    dialog.get_by_role("button", name="Mark as Sent").click()
    row = queue.locator(f"#invoice-{draft.pk}")
    expect(row).to_contain_text("Unpaid")

    row.get_by_role("button", name="Undo").click()

    expect(row).to_contain_text("Unbilled")
    draft.refresh_from_db()
    assert (draft.status, draft.number, draft.billed_at) == ("open", "INV-2026-00001", None)


def test_open_can_be_switched_not_to_send(queue, draft):
    dialog = _choose(queue, draft, "Open")
    expect(dialog.get_by_label("Subject")).to_be_visible()
    dialog.get_by_label("Send Email").uncheck()
    expect(dialog.get_by_label("Subject")).to_be_hidden()

    dialog.get_by_role("button", name="Open", exact=True).click()

    expect(queue.locator(f"#invoice-{draft.pk}")).to_contain_text("INV-2026-00001")
    assert not Delivery.objects.exists()


@pytest.mark.parametrize("place", ["home", "invoicing:queue", "invoicing:outbox", "invoicing:problems", "search"])
def test_the_pages_can_be_used_with_a_screen_reader(queue, live_server, axe, place):
    queue.goto(live_server.url + reverse(place))

    axe(queue)


def test_the_dialogs_can_be_used_with_a_screen_reader(queue, draft, axe):
    for words in ("Send", "Open"):
        _choose(queue, draft, words)
        axe(queue)
        queue.keyboard.press("Escape")


def test_leaving_a_dialog_leads_back_to_the_button_of_its_menu(queue, draft):
    _choose(queue, draft, "Send")

    queue.keyboard.press("Escape")

    expect(queue.locator("#dialog[open]")).to_have_count(0)
    expect(queue.locator(f"#invoice-{draft.pk}").get_by_role("button", name="Actions for")).to_be_focused()
