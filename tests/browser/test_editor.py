"""The line editor, as a person uses it who never touches the mouse."""

import re

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from invoicing.models import Invoice
from tests.factories import customer, draft, opened, queued, tax


@pytest.fixture
def as_clerk(sign_in, clerk):
    sign_in(clerk)
    return clerk


def test_three_lines_are_drafted_with_the_keyboard_alone(page, live_server, as_clerk, axe):
    buyer = customer()
    customer("Elbe Werft")
    page.goto(live_server.url + reverse("invoicing:new"))

    page.keyboard.type("harb")  # the search has the focus
    link = page.get_by_role("link", name=buyer.name)
    expect(page.locator("#customers-found tbody tr")).to_have_count(1)
    page.keyboard.press("Tab")
    expect(link).to_be_focused()
    page.keyboard.press("Enter")

    page.wait_for_url(re.compile("customer="))
    page.get_by_label("Description").first.focus()
    rows = [("Probe", "2", "100"), ("Calibration", "3", "50.5"), ("Cable", "1", "9")]
    for n, (name, quantity, price) in enumerate(rows):
        page.keyboard.type(name)
        page.keyboard.press("Tab")  # the folded details
        page.keyboard.press("Tab")
        page.keyboard.type(quantity)  # what stood there is selected
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        page.keyboard.type(price)
        page.locator(f"#id_lines-{n}-name").focus()
        page.keyboard.press("Enter")  # on to the next line; the last one makes a new one
    expect(page.locator("[data-line]")).to_have_count(4)
    expect(page.locator("#id_lines-3-name")).to_be_focused()

    expect(page.locator("#totals")).to_contain_text("436.21")  # 360.50 + 21 %
    expect(page.locator("#net-1")).to_have_text("151.50")
    axe(page)

    page.keyboard.press("ArrowUp")
    expect(page.locator("#id_lines-2-name")).to_be_focused()
    save = page.get_by_role("button", name="Save draft").first
    save.focus()
    page.keyboard.press("Enter")

    page.wait_for_url(re.compile(r"/invoices/\d+/$"))
    invoice = Invoice.objects.get()
    assert invoice.total == 43621
    assert [line.name for line in invoice.lines.all()] == ["Probe", "Calibration", "Cable"]
    axe(page)


def test_a_line_taken_away_leaves_the_others_as_typed(page, live_server, as_clerk):
    buyer = customer()
    page.goto(live_server.url + reverse("invoicing:new") + f"?customer={buyer.pk}")

    page.locator("#id_lines-0-name").fill("Gone")
    page.locator("#id_lines-1-name").fill("Stays")
    page.locator("#id_lines-1-unit_price").fill("70")
    page.get_by_label("Note on the document").fill("Thank you")
    page.get_by_role("button", name="Remove line 1").click()

    expect(page.locator("[data-line]")).to_have_count(2)
    expect(page.locator("#id_lines-0-name")).to_have_value("Stays")
    expect(page.get_by_label("Note on the document")).to_have_value("Thank you")
    expect(page.locator("#totals")).to_contain_text("84.70")

    page.get_by_role("button", name="Add allowance or charge").click()
    page.locator("#id_adjustments-0-adjust").select_option("-")
    page.locator("#id_adjustments-0-adjust_value").fill("10")
    expect(page.locator("#totals")).to_contain_text("72.60")


def test_a_mistake_keeps_everything_and_leads_to_its_field(page, live_server, as_clerk):
    buyer = customer()
    page.goto(live_server.url + reverse("invoicing:new") + f"?customer={buyer.pk}")

    page.locator("#id_lines-0-name").fill("Probe")
    page.locator("#id_lines-0-unit_price").fill("a lot")
    page.get_by_role("button", name="Save draft").first.click()

    expect(page.locator("[data-errors]")).to_contain_text("Unit price in line 1")
    expect(page.locator("#id_lines-0-unit_price")).to_have_value("a lot")
    assert Invoice.objects.count() == 0


def test_it_works_without_script(browser, live_server, clerk, context, sign_in):
    sign_in(clerk)
    buyer = customer()
    tax()
    plain = browser.new_context(java_script_enabled=False, storage_state=context.storage_state())
    page = plain.new_page()
    page.goto(live_server.url + reverse("invoicing:new") + f"?customer={buyer.pk}")

    page.locator("#id_lines-0-name").fill("Probe")
    page.locator("#id_lines-0-unit_price").fill("100")
    page.get_by_role("button", name="Add line").click()
    expect(page.locator("[data-line]")).to_have_count(4)
    expect(page.locator("#id_lines-0-name")).to_have_value("Probe")
    page.locator("#id_lines-0-name").press("Enter")  # the browser's own: it saves

    page.wait_for_url(re.compile(r"/invoices/\d+/$"))
    assert Invoice.objects.get().total == 12100
    plain.close()


def test_the_page_of_an_invoice_tells_by_itself_that_the_email_left(page, live_server, as_clerk, worker):
    invoice = opened()
    queued(invoice)
    page.goto(live_server.url + reverse("invoicing:detail", args=[invoice.pk]))
    expect(page.locator("#email-history")).to_contain_text("Queued")

    worker()

    expect(page.locator("#email-history")).to_contain_text("Sent", timeout=8000)
    expect(page.locator("#invoice-head")).to_contain_text("Open · Unpaid")
    expect(page.locator("#activity")).to_contain_text("sent the email to ap@harbour.example")


def test_a_payment_says_what_it_does_and_the_invoice_is_paid(page, live_server, as_clerk, axe):
    invoice = opened()
    page.goto(live_server.url + reverse("invoicing:detail", args=[invoice.pk]))

    page.get_by_role("link", name="Record payment").click()
    page.get_by_label("Amount, EUR").fill("292")
    expect(page.locator("#payment-effect")).to_contain_text("50.00 will be kept as credit on account")
    axe(page)
    page.get_by_role("button", name="Record payment").click()
    expect(page.locator("#dialog").get_by_role("alert")).to_contain_text("Amount, EUR")
    page.get_by_role("button", name="Record payment").click()

    expect(page.locator("h1")).to_contain_text("Paid")
    assert Invoice.objects.get().status == "paid"


@pytest.mark.parametrize("width", [1440, 390])
def test_list_detail_and_editor_can_be_used_with_a_screen_reader(page, live_server, as_clerk, axe, width):
    first, second = draft(), opened(customer("Elbe"))
    page.set_viewport_size({"width": width, "height": 900})

    pages = [("list",), ("detail", first.pk), ("detail", second.pk), ("edit", first.pk), ("payment_list",)]
    for name, *args in pages:
        page.goto(live_server.url + reverse(f"invoicing:{name}", args=args))
        page.get_by_role("heading", level=1).wait_for()
        assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{name} is wider than the window"
        axe(page)
