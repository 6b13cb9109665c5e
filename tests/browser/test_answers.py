"""What a page says back: results, refusals, errors in a form, a slow answer, and counts that follow."""

import re

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from config.common import clock
from customers.models import Customer
from invoicing.services import delivering
from tests import factories


@pytest.fixture
def today(db):
    return clock.today(factories.organization().time_zone)


def test_a_form_with_mistakes_keeps_what_was_typed_and_leads_to_the_fields(page, live_server, sign_in, clerk, today):
    sign_in(clerk)
    page.goto(live_server.url + reverse("customers:new"))
    page.get_by_label("VAT id").fill("DE12")

    page.locator("main").get_by_role("button", name="Save").or_(page.get_by_role("button", name="Create")).first.click()

    summary = page.locator("[data-errors]")
    expect(summary).to_be_focused()
    link = summary.get_by_role("link").first
    link.click()
    assert page.evaluate("location.hash.slice(1) === document.activeElement.id || location.hash !== ''")
    expect(page.get_by_label("VAT id")).to_have_value("DE12")


def test_a_form_is_sent_once_however_often_one_clicks_and_says_that_it_works(page, live_server, sign_in, clerk, today):
    sign_in(clerk)
    page.goto(live_server.url + reverse("customers:new"))
    page.get_by_label("Name", exact=True).first.fill("Twice B.V.")
    held = []
    page.route(
        "**/customers/new/",
        lambda route: held.append(route) if route.request.method == "POST" else route.continue_(),
    )

    state = page.locator("form[data-guard] .btn.primary").evaluate(
        "button => { button.click(); button.click(); return [button.form.ariaBusy, button.ariaDisabled]; }"
    )
    page.wait_for_timeout(200)

    assert state == ["true", "true"]
    assert len(held) == 1
    held[0].continue_()
    page.wait_for_url(re.compile(r"/customers/\d+/$"))
    assert Customer.objects.filter(name="Twice B.V.").count() == 1


def test_a_result_is_a_toast(page, live_server, sign_in, clerk, today):
    sign_in(clerk)
    page.goto(live_server.url + reverse("invoicing:detail", args=[factories.opened().pk]))
    page.get_by_text("Write a note").click()
    page.locator("#internal-note-text").fill("Ask for the order number")

    page.get_by_role("button", name="Save note").click()

    expect(page.locator(".toast")).to_contain_text("The internal note is saved.")
    expect(page.locator("#notices [role=alert]")).to_have_count(0)


def test_what_needs_a_look_stays_on_the_page_until_it_is_read(
    page, live_server, sign_in, clerk, today, demo_outbox, worker
):
    invoice = factories.opened()
    delivering.queue_delivery(invoice, by=clerk, mail=factories.mail("nobody@harbour.example"))
    worker()
    sign_in(clerk)
    page.goto(live_server.url + reverse("invoicing:problems"))
    page.locator("form[data-bulk] button[value=rest]").evaluate("button => button.click()")  # nothing is ticked

    notice = page.locator("#notices [role=alert]")
    expect(notice).to_contain_text("Nothing was ticked")
    expect(page.locator(".toast")).to_have_count(0)
    notice.get_by_role("button", name="Dismiss").click()
    expect(notice).to_have_count(0)


def test_the_menu_counts_again_when_a_send_has_failed(page, live_server, sign_in, clerk, today, demo_outbox, worker):
    buyer = factories.customer(email="nobody@harbour.example")
    draft = factories.draft(buyer, due_on=today, due_typed=True)
    sign_in(clerk)
    page.goto(live_server.url + reverse("invoicing:queue"))
    menu = page.get_by_role("navigation", name="Main")
    expect(menu.get_by_role("link", name="Delivery problems")).to_have_count(0)
    row = page.locator(f"#invoice-{draft.pk}")
    row.get_by_role("button", name="Actions for").click()
    row.get_by_role("link", name="Send", exact=True).click()
    page.locator("#dialog[open]").get_by_role("button", name="Yes, confirm").click()
    expect(row).to_contain_text("Queued")

    worker()

    expect(row).to_contain_text("Failed", timeout=10_000)
    expect(menu.get_by_role("link", name=re.compile("Delivery problems"))).to_contain_text("1")
    expect(menu.get_by_role("link", name=re.compile("Invoices to be sent"))).to_have_attribute("aria-current", "page")


def test_swapping_the_rows_moves_nothing_above_them(page, live_server, sign_in, clerk, today):
    for _n in range(3):
        factories.opened()
    sign_in(clerk)
    page.goto(live_server.url + reverse("invoicing:list"))
    box = page.get_by_role("search", name="Filter invoices").get_by_role("searchbox")
    before = box.bounding_box()

    box.fill("INV-2026-00002")
    expect(page.locator("[data-rows] tbody tr")).to_have_count(1)

    assert box.bounding_box() == before


def test_a_list_and_an_invoice_print_as_ink_on_paper(page, live_server, sign_in, clerk, today):
    invoice = factories.opened()
    sign_in(clerk)
    for url in (reverse("invoicing:list"), reverse("invoicing:detail", args=[invoice.pk])):
        page.goto(live_server.url + url)
        page.emulate_media(media="print", color_scheme="dark")

        assert page.locator(".side, .filters, .tabs, .actions, .toasts").filter(visible=True).count() == 0
        assert page.evaluate("getComputedStyle(document.querySelector('h1')).color") == "rgb(20, 33, 38)"
        assert page.locator("table").filter(visible=True).count() > 0
        assert page.pdf().startswith(b"%PDF")
        page.emulate_media(media="screen")


def test_a_dialog_takes_the_focus_as_it_opens_and_never_again(page, live_server, sign_in, admin):
    """Who is in the first field at once must not be put back on the title: what is typed then would be cut short."""
    factories.opened()
    sign_in(admin)
    page.goto(live_server.url + reverse("customers:bank_accounts"))
    page.evaluate("""() => {
        const enter = () => document.querySelector('#dialog[open] [name=iban]')?.select();
        new MutationObserver(enter).observe(document.querySelector('#dialog'), { attributeFilter: ['open'] });
    }""")
    page.get_by_role("link", name="NL91 ABNA 0417 1643 00").click()
    iban = page.locator("#dialog[open] [name=iban]")
    expect(iban).to_be_visible()
    page.wait_for_timeout(100)

    page.keyboard.insert_text("NL46 TIDE 0123 4567 89")

    expect(iban).to_be_focused()
    expect(iban).to_have_value("NL46 TIDE 0123 4567 89")
