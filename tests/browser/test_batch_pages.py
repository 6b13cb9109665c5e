"""Batch operations as people watch them: they move by themselves, and what is decided shows at once."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from invoicing.services.batches import filling, running
from tests import factories
from tests.invoicing import operations

SOON = 10_000  # longer than it takes the page to look again by itself


@pytest.fixture
def look(page, live_server, sign_in, clerk):
    """`look(operation)` opens its page, `look()` the list of all."""
    sign_in(clerk)

    def opened(operation=None):
        address = reverse("invoicing:batch", args=[operation.pk]) if operation else reverse("invoicing:batch_list")
        page.goto(live_server.url + address)
        return page

    return opened


@pytest.fixture
def waiting(clerk):
    """Two drafts to be opened and sent, one of them to nobody; nothing of it has begun."""
    silent = factories.draft(factories.customer("Silent Ltd", email=""))
    operation = factories.operation(silent, factories.draft(), by=clerk, send_email=True)
    filling.fill_next(operation)
    return operation


def test_the_list_moves_by_itself_until_the_operation_has_ended(look, waiting, worker, axe):
    page = look()
    article = page.locator(f"#batch-{waiting.pk}")
    places = page.get_by_role("navigation", name="Main")
    expect(article).to_contain_text("0 of 2 processed")
    expect(places.get_by_role("img", name="1 in progress")).to_be_visible()
    axe(page)

    running.run_waiting()  # one is refused at once; the mail of the other waits
    expect(article).to_contain_text("1 of 2 processed", timeout=SOON)
    expect(article).to_contain_text("The customer has no contact with an email address.")
    expect(places.get_by_role("link", name="Batch Operations")).not_to_contain_text("1")
    worker()

    expect(article.get_by_role("heading")).to_contain_text("Failed", timeout=SOON)
    expect(article).to_contain_text("1 Completed")
    expect(places.get_by_role("link", name="Batch Operations")).to_contain_text("1", timeout=SOON)
    expect(places.get_by_role("img", name="1 in progress")).to_have_count(0)
    axe(page)


def test_the_page_moves_by_itself_and_its_rows_follow(look, waiting, worker, axe):
    page = look(waiting)
    rows = page.locator("#rows tbody tr")
    expect(rows).to_contain_text(["Waiting", "Waiting"])
    axe(page)

    worker()

    expect(page.get_by_role("heading", level=1)).to_contain_text("Failed", timeout=SOON)
    expect(rows).to_contain_text(["Silent Ltd", "Completed"])
    page.get_by_role("navigation", name="Outcomes").get_by_role("link", name="Failed").click()
    page.wait_for_url("**/?outcome=failed")
    expect(rows).to_have_count(1)
    page.get_by_placeholder("Number or customer").fill("nobody")
    expect(page.get_by_text("No invoice fits")).to_be_visible()
    axe(page)


def test_what_failed_is_retried_and_then_acknowledged_without_leaving_the_page(look, clerk, worker, axe):
    operation = operations.with_one_failed(worker, by=clerk, sound=0)
    page = look(operation)
    activity = page.get_by_role("region", name="Activity")

    page.get_by_role("button", name="Retry failed").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("In Progress")
    expect(page.locator("#toasts")).to_contain_text("1 invoice is tried again.")
    expect(activity).to_contain_text("tried the failed ones again")
    expect(page.locator("#rows tbody tr")).to_contain_text(["Waiting"])
    worker()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Failed", timeout=SOON)
    page.get_by_role("button", name="Acknowledge").click()

    expect(page.get_by_text("Acknowledged by Femke Clerk")).to_be_visible()
    expect(page.get_by_role("button", name="Acknowledge")).to_have_count(0)
    expect(activity).to_contain_text("acknowledged it")
    axe(page)


def test_cancelling_asks_first_and_stops_what_has_not_begun(look, waiting, axe):
    page = look()
    article = page.locator(f"#batch-{waiting.pk}")

    article.get_by_role("link", name="Cancel").click()
    dialog = page.locator("#dialog[open]")
    expect(dialog).to_contain_text("Stops 2 invoices that have not begun.")
    axe(page)
    dialog.get_by_role("link", name="Let it run").click()
    expect(dialog).to_have_count(0)
    expect(article).to_contain_text("In Progress")
    article.get_by_role("link", name="Cancel").click()
    dialog.get_by_role("button", name="Cancel the rest").click()

    expect(dialog).to_have_count(0)
    expect(article).to_contain_text("2 Cancelled", timeout=SOON)
    expect(article).to_contain_text("Cancelled by Femke Clerk")
    expect(article.get_by_role("button", name="Acknowledge")).to_be_visible()


def test_the_list_is_narrowed_without_a_reload_and_back_works(look, clerk, worker):
    operations.completed(worker, by=clerk)
    marked = factories.operation(factories.opened(), by=clerk, action="mark", how="Post", sent_on=factories.TODAY)
    worker()
    page = look()
    expect(page.locator("article")).to_have_count(2)

    page.get_by_label("Action").select_option("mark")

    expect(page.locator("article")).to_have_count(1)
    expect(page.locator("article")).to_contain_text(str(marked))
    assert "action=mark" in page.url
    page.go_back()
    expect(page.locator("article")).to_have_count(2)
