"""A month's invoicing, as a clerk does it: three hundred drafts come in, go out, and what did not is put right."""

import re
from datetime import timedelta

from django.urls import reverse
from playwright.sync_api import expect

from config.common import clock
from invoicing.models import BatchOperation, Invoice, OutboxMessage
from invoicing.services.batches import running
from tests import factories
from tests.sheet_files import csv_of

HEAD = ["Rechnungsnr.", "Kunde", "Rechnungsdatum", "Text", "Menge", "Einzelpreis", "Steuer"]
SOON = 15_000


def test_a_months_invoicing(page, live_server, sign_in, clerk, worker, demo_outbox, canned_pdf, axe):
    factories.customer("Harbour Café GmbH")
    silent = factories.customer("Silent Ltd", email="")
    today = clock.today(factories.organization().time_zone)
    later = today + timedelta(days=10)
    sign_in(clerk)

    # 300 drafts and a row that names nobody: the good ones are imported.
    _import(page, live_server, worker, today, later)
    assert Invoice.objects.draft().count() == 300

    # Select All, Open with Send Email; the preflight says what would fail, and they are run all the same.
    page.goto(live_server.url + reverse("invoicing:list") + "?status=draft")
    page.get_by_role("columnheader").get_by_label("Select all on this page").check()
    bar = page.get_by_role("region", name="Selected invoices")
    bar.get_by_label("Select all 300 matching").check()
    expect(bar).to_contain_text(re.compile(r"300 selected.*EUR", re.S))
    bar.get_by_role("button", name="Open").click()
    dialog = page.locator("#dialog[open]")
    dialog.get_by_label("Send Email").check()
    expect(dialog.get_by_text("297 would succeed")).to_be_visible(timeout=SOON)
    expect(dialog.get_by_text("lies in the future").first).to_be_visible()
    dialog.get_by_label("Run all the same").check()
    dialog.get_by_role("button", name="Open and send 300 invoices").click()
    expect(page.locator("#dialog[open]")).to_have_count(0, timeout=SOON)
    operation = BatchOperation.objects.get()
    page.locator(".toast").get_by_role("link", name=str(operation)).click()

    # Watched from its page, which moves by itself, and left alone meanwhile.
    running.run_waiting()
    expect(page.locator("main")).to_contain_text(re.compile(r"3 of 300 processed"), timeout=SOON)
    page.goto(live_server.url + reverse("home"))
    worker()
    page.goto(live_server.url + reverse("invoicing:batch", args=[operation.pk]))
    expect(page.get_by_role("heading", level=1)).to_contain_text("Failed")
    numbers = Invoice.objects.exclude(number="").order_by("seq").values_list("seq", flat=True)
    assert list(numbers) == list(range(1, 298))
    assert OutboxMessage.objects.count() == 297

    # Two are mended from the links beside their reasons: an address for one, another date for the other.
    page.get_by_role("navigation", name="Outcomes").get_by_role("link", name="Failed").click()
    rows = page.locator("#rows tbody tr")
    expect(rows).to_have_count(3)
    axe(page)
    _add_contact(page, rows)
    page.goto(live_server.url + reverse("invoicing:batch", args=[operation.pk]) + "?outcome=failed")
    _set_date(page, rows.filter(has_text="Harbour Café").first, today)
    page.goto(live_server.url + reverse("invoicing:batch", args=[operation.pk]))
    page.get_by_role("button", name="Retry failed").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("In Progress", timeout=SOON)
    worker()
    expect(page.locator("main")).to_contain_text("1 Failed", timeout=SOON)
    assert silent.invoices.get().status == "open"

    # The last one is opened by itself, and the operation knows.
    last = Invoice.objects.draft().get()
    page.goto(live_server.url + reverse("invoicing:edit", args=[last.pk]))
    _save_with_date(page, today)
    page.get_by_role("link", name="Open", exact=True).first.click()
    page.locator("#dialog[open]").get_by_role("button", name="Open", exact=True).click()
    expect(page.locator("h1")).to_contain_text("INV-")
    worker()
    page.goto(live_server.url + reverse("invoicing:batch", args=[operation.pk]))
    expect(page.get_by_role("heading", level=1)).to_contain_text("Completed")
    page.get_by_role("navigation", name="Outcomes").get_by_role("link", name="Skipped").click()
    expect(page.locator("#rows tbody tr")).to_contain_text(["Done since by Femke Clerk."])
    page.get_by_role("button", name="Acknowledge").click()
    expect(page.get_by_text("Acknowledged by Femke Clerk")).to_be_visible()

    assert Invoice.objects.filter(status="open").exclude(billed_at=None).count() == 300
    assert OutboxMessage.objects.exclude(recipients__contains="kelpworks").count() == 300  # our copy of the last apart


def _import(page, live_server, worker, today, later):
    rows = [[f"M-{n:03}", "Harbour Café GmbH", today.isoformat(), "Probe", "1", "100,00", "21"] for n in range(1, 298)]
    rows += [["M-298", "Silent Ltd", today.isoformat(), "Probe", "1", "100,00", "21"]]
    rows += [[f"M-{n}", "Harbour Café GmbH", later.isoformat(), "Probe", "1", "100,00", "21"] for n in (299, 300)]
    rows += [["M-301", "Nobody we know", today.isoformat(), "Probe", "1", "100,00", "21"]]
    page.goto(live_server.url + reverse("invoicing:import"))
    page.get_by_role("link", name="Spreadsheet").click()
    file = {"name": "month.csv", "mimeType": "text/csv", "buffer": csv_of(HEAD, *rows, delimiter=";")}
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("button", name="Choose the columns").click()
    page.get_by_role("button", name="Show what would be made").click()
    expect(page.get_by_text("300 draft invoices would be made.")).to_be_visible(timeout=SOON)
    page.get_by_role("button", name="Import the 300 good ones").click()
    expect(page.locator("main")).to_contain_text("300", timeout=SOON)
    page.wait_for_load_state()
    worker()
    expect(page.get_by_text("300 draft invoices were made.")).to_be_visible(timeout=60_000)


def _add_contact(page, rows):
    with page.context.expect_page() as opened:
        rows.filter(has_text="Silent Ltd").get_by_role("link", name="Add a contact email").click(modifiers=["Control"])
    profile = opened.value
    profile.get_by_role("link", name="Add contact").first.click()
    dialog = profile.locator("#dialog[open]")
    dialog.get_by_label("Name").fill("Ida")
    dialog.get_by_label("Email").first.fill("ida@silent.example")
    dialog.get_by_role("button", name="Save").click()
    expect(profile.get_by_text("ida@silent.example").first).to_be_visible()
    profile.close()


def _set_date(page, row, day):
    row.get_by_role("link", name="Edit the draft").click()
    _save_with_date(page, day)


def _save_with_date(page, day):
    page.get_by_label("Issue date").fill(day.isoformat())
    page.get_by_role("button", name="Save draft").first.click()
    expect(page.locator("h1")).to_contain_text("Draft")
