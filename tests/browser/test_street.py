"""The whole street as a person walks it: a file comes in, leaves as an email with its PDF, and is paid."""

from pathlib import Path

from django.urls import reverse
from playwright.sync_api import expect

from config.common.models import User
from invoicing.models import Invoice, OutboxMessage
from tests import factories

SAMPLES = Path(__file__).parents[1] / "samples" / "ubl"


def test_from_a_ubl_file_to_a_sent_and_paid_invoice(page, live_server, demo_outbox, worker):
    factories.organization()
    User.objects.create_user("femke@dunlin.example", "a-long-password", name="Femke", role="clerk")

    page.goto(live_server.url + reverse("home"))
    page.get_by_label("Email").fill("femke@dunlin.example")
    page.get_by_label("Password").fill("a-long-password")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Workflow Snapshot")).to_be_visible()

    # The file: what would be made is shown first, and nothing is made by looking.
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Sales invoices").click()
    page.get_by_role("link", name="Import").first.click()
    page.locator("input[type=file]").set_input_files(SAMPLES / "plain.xml")
    page.get_by_role("button", name="Show what would be made").click()
    expect(page.get_by_text("KW-2026-118")).to_be_visible()
    assert not Invoice.objects.exists()
    page.get_by_role("button", name="Import all").click()
    expect(page.get_by_text("Imported", exact=True)).to_be_visible()
    invoice = Invoice.objects.get()
    assert (invoice.status, invoice.source_reference) == ("draft", "KW-2026-118")

    # The queue: it is due, so it waits there; Send on a draft opens and sends.
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Invoices to be sent").click()
    row = page.locator(f"#invoice-{invoice.pk}")
    row.get_by_role("button", name="Actions for").click()
    row.get_by_role("link", name="Send", exact=True).click()
    dialog = page.locator("#dialog[open]")
    expect(dialog.get_by_text("opens and sends")).to_be_visible()
    dialog.get_by_role("button", name="Yes, confirm").click()
    expect(row).to_contain_text("Queued")
    worker()
    expect(row).to_contain_text("Sent", timeout=10_000)
    expect(row).to_contain_text("Unpaid")

    # The mail and its PDF, as the customer gets them.
    number = Invoice.objects.get().number
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Outbox").click()
    to_customer = OutboxMessage.objects.exclude(recipients__contains="kelpworks").get()
    page.goto(live_server.url + reverse("invoicing:outbox_message", args=[to_customer.pk]))
    expect(page.frame_locator("iframe").get_by_text(f"Invoice {number}").first).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name=f"{number}.pdf").click()
    assert download.value.path().read_bytes().startswith(b"%PDF-")

    # The money.
    page.goto(live_server.url + reverse("invoicing:detail", args=[invoice.pk]))
    page.get_by_role("link", name="Record payment").first.click()
    page.locator("#dialog[open]").get_by_role("button", name="Record payment").click()
    expect(page.locator("h1")).to_contain_text("Paid")
    invoice.refresh_from_db()
    assert (invoice.status, invoice.amount_due) == ("paid", 0)
