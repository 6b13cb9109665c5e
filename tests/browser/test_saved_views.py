"""Lists as people keep them: a view saved, modified and taken back, columns, the back button, a file."""

import io
import re

import pytest
from django.urls import reverse
from openpyxl import load_workbook
from playwright.sync_api import expect

from config.common.models import SavedView, User
from customers.models import BankAccount
from tests import factories


@pytest.fixture
def invoices(page, live_server, sign_in, clerk):
    factories.opened(factories.customer("Alpha GmbH"), order_number="PO-77")
    factories.draft(factories.customer("Beta Ltd", email="b@beta.example"))
    sign_in(clerk)
    page.goto(live_server.url + reverse("invoicing:list"))
    return page


def bar(page):
    return page.locator("#saved-views")


def test_a_view_is_saved_modified_updated_and_the_back_button_knows_them(invoices, axe):
    page = invoices
    page.get_by_role("link", name="Open", exact=True).click()
    bar(page).get_by_role("link", name="Save view").click()
    dialog = page.locator("#dialog[open]")
    dialog.get_by_label("Name").fill("What is open")
    dialog.get_by_role("button", name="Save").click()
    expect(bar(page).get_by_role("link", name="What is open")).to_have_attribute("aria-current", "page")
    expect(page).to_have_url(re.compile("status=open"))
    axe(page)

    page.get_by_role("searchbox", name="Number, customer, PO or amount").fill("alpha")
    expect(bar(page)).to_contain_text("Modified")
    expect(page).to_have_url(re.compile("q=alpha"))
    with page.expect_event("load"):  # the page is asked for anew, so it shows what is so now
        page.go_back()
    expect(bar(page)).not_to_contain_text("Modified")
    with page.expect_event("load"):
        page.go_forward()
    expect(bar(page)).to_contain_text("Modified")
    bar(page).get_by_role("button", name="Update").click()

    expect(bar(page)).not_to_contain_text("Modified")
    assert SavedView.objects.get().query == "q=alpha&status=open"
    page.goto(page.url.split("?")[0])
    bar(page).get_by_role("link", name="What is open").click()
    expect(page.locator("[data-rows] tbody tr")).to_have_count(1)


def test_columns_are_chosen_and_kept_with_the_filters_and_the_sort(invoices, axe):
    page = invoices
    page.get_by_role("link", name="Due", exact=True).click()
    page.get_by_role("button", name="Columns").click()
    menu = page.locator("#columns-menu")
    axe(page)
    menu.get_by_label("Issued").uncheck()
    menu.get_by_label("Purchase order").check()
    menu.get_by_role("button", name="Show these").click()

    expect(page.get_by_role("columnheader", name="Purchase order")).to_be_visible()
    expect(page.get_by_role("columnheader", name="Issued")).to_have_count(0)
    expect(page.locator("[data-rows]")).to_contain_text("PO-77")
    page.wait_for_load_state()
    page.get_by_role("searchbox", name="Number, customer, PO or amount").fill("alpha")
    expect(page.locator("[data-rows] tbody tr")).to_have_count(1)
    expect(page.get_by_role("columnheader", name="Purchase order")).to_be_visible()
    expect(page).to_have_url(re.compile("sort=due.*columns=|columns=.*sort=due"))


def test_the_excel_file_has_what_the_page_lists(invoices):
    page = invoices
    page.get_by_role("searchbox", name="Number, customer, PO or amount").fill("alpha")
    expect(page.locator("[data-rows] tbody tr")).to_have_count(1)
    page.get_by_role("button", name="Export").click()

    with page.expect_download() as download:
        page.get_by_role("link", name="Excel").click()

    sheet = load_workbook(io.BytesIO(download.value.path().read_bytes())).active
    assert download.value.suggested_filename == "invoices.xlsx"
    assert [row[0] for row in sheet.iter_rows(values_only=True)] == ["Number", "INV-2026-00001"]


def test_one_admin_proposes_an_account_and_another_confirms_it(page, live_server, sign_in, admin, axe):
    second = User.objects.create_user("second@dunlin.example", "a-long-password", name="Noor", role="admin")
    factories.opened()
    accounts = live_server.url + reverse("customers:bank_accounts")
    sign_in(admin)
    page.goto(accounts)
    page.get_by_role("link", name="NL91 ABNA 0417 1643 00").click()
    dialog = page.locator("#dialog[open]")
    dialog.get_by_label("IBAN").first.fill("NL46 TIDE 0123 4567 89")
    dialog.get_by_role("button", name="Propose").click()
    expect(page.get_by_role("heading", name="Waiting to be confirmed")).to_be_visible()
    expect(page.get_by_role("button", name="Confirm")).to_have_count(0)
    axe(page)

    sign_in(second)
    page.goto(live_server.url + reverse("customers:list"))
    page.get_by_role("link", name="Look at it").click()
    expect(page.locator("main")).to_contain_text("NL46 TIDE 0123 4567 89")
    axe(page)
    page.get_by_role("button", name="Confirm").click()

    expect(page.get_by_role("link", name="NL46 TIDE 0123 4567 89")).to_be_visible()
    assert list(BankAccount.objects.filter(active=True).values_list("iban", flat=True)) == ["NL46TIDE0123456789"]
