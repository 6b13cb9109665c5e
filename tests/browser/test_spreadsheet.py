"""Invoices from a spreadsheet, as a person brings them: upload, choose the columns, mend, import."""

import re

from django.urls import reverse
from playwright.sync_api import expect

from invoicing.models import Invoice
from tests import factories
from tests.sheet_files import csv_of

HEAD = ["Rechnungsnr.", "Kunde", "Rechnungsdatum", "Text", "Menge", "Einzelpreis", "Steuer"]


def test_a_spreadsheet_is_brought_mapped_mended_and_imported(page, live_server, sign_in, clerk, axe):
    factories.customer("Harbour Café GmbH")
    sign_in(clerk)
    rows = [["R-1", "Harbour Café GmbH", "03/04/2026", "Probe", "2", "1.100,50", "21"]]
    rows += [["R-2", "Harbour Cafe", "03/04/2026", "Probe", "1", "50,00", "21"]]

    # The file, by way of the list.
    page.goto(live_server.url + reverse("invoicing:list"))
    page.get_by_role("link", name="Import", exact=True).first.click()
    page.get_by_role("link", name="Spreadsheet").click()
    axe(page)
    with page.expect_download() as template:
        page.get_by_role("link", name="Template (Excel)").click()
    assert template.value.suggested_filename == "invoices-template.xlsx"
    file = {"name": "ours.csv", "mimeType": "text/csv", "buffer": csv_of(HEAD, *rows, delimiter=";")}
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("button", name="Choose the columns").click()

    # The columns: what the heads say is chosen, what the file leaves open is asked.
    expect(page.get_by_role("heading", name="Which column is what?")).to_be_visible()
    expect(page.get_by_label("Unit price").locator("option:checked")).to_contain_text("F · Einzelpreis: 1.100,50")
    expect(page.get_by_label("1.234,50")).to_be_checked()
    axe(page)
    page.get_by_role("button", name="Show what would be made").click()
    expect(page.get_by_text("Say whether the day or the month comes first.")).to_be_visible()
    page.get_by_label("Day first: 3 April").check()
    page.get_by_role("button", name="Show what would be made").click()

    # The dry run: one is good, one names nobody.
    expect(page.get_by_text("One draft invoice would be made.")).to_be_visible()
    expect(page.get_by_role("row", name=re.compile("Harbour Cafe .*No customer here has this."))).to_be_visible()
    expect(page.get_by_text("3 Apr 2026")).to_be_visible()
    axe(page)
    assert not Invoice.objects.exists()
    with page.expect_download() as download:
        page.get_by_role("link", name="To mend (CSV)").click()
    to_mend = download.value.path().read_bytes()
    page.get_by_role("button", name="Import the good one").dblclick()
    expect(page.get_by_text("One draft invoice was made.")).to_be_visible()
    axe(page)
    assert Invoice.objects.get().net_total == 220100

    # The rest, mended, from the file that says what was wrong.
    assert b"No customer here has this" in to_mend
    page.get_by_role("link", name="Another file").click()
    mended = to_mend.replace(b'Harbour Cafe"', 'Harbour Café GmbH"'.encode())
    page.locator("input[type=file]").set_input_files({"name": "mended.csv", "mimeType": "text/csv", "buffer": mended})
    page.get_by_role("button", name="Choose the columns").click()
    page.get_by_label("Day first: 3 April").check()
    page.get_by_role("button", name="Show what would be made").click()
    page.get_by_role("button", name="Import all").click()
    expect(page.get_by_text("One draft invoice was made.")).to_be_visible()
    page.get_by_role("link", name="Show them in Sales invoices").click()
    expect(page.locator("#rows tbody tr")).to_have_count(1)
    assert sorted(Invoice.objects.values_list("source_reference", flat=True)) == ["R-1", "R-2"]
