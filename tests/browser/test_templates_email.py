"""Writing a template with the mouse and with the keys: fields at the caret, and the email beside it as one types."""

import re

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from invoicing.models import EmailTemplate, InvoiceTemplate
from tests import factories, hostile

ENDS_SO = re.compile(r"{total}$")


@pytest.fixture(autouse=True)
def _given_up(_loopback_only_and_a_silent_console, console_errors):
    """HTMX tells the console of each question it gave up for a newer one; that is no complaint."""
    yield
    console_errors[:] = [text for text in console_errors if not text.startswith("htmx:")]


@pytest.fixture
def at(page, live_server, sign_in, manager):
    factories.opened()
    sign_in(manager)

    def go(name, *args):
        page.goto(live_server.url + reverse(name, args=args))
        return page

    return go


@pytest.fixture
def receipt(at):
    return at("invoicing:email_template_edit", EmailTemplate.objects.default_of("receipt").pk)


def mail(page):
    return page.frame_locator(".mail-frame")


def test_a_field_is_put_where_one_types_by_a_click_and_by_the_keys(receipt, axe):
    page = receipt
    subject = page.get_by_label("Default Email Subject (English)")
    message = page.get_by_label("Default Email Message (English)")
    subject.fill("Thanks  for all")
    subject.press("Home")
    for _each in range(7):
        subject.press("ArrowRight")

    english = page.get_by_role("region", name="English")
    english.get_by_role("button", name="Insert {number}").click()
    expect(subject).to_have_value("Thanks {number} for all")
    expect(subject).to_be_focused()
    page.keyboard.type("!")
    expect(subject).to_have_value("Thanks {number}! for all")

    message.fill("On ")
    english.get_by_role("button", name="Insert {paid_on}").focus()
    page.keyboard.press("Enter")
    expect(message).to_have_value("On {paid_on}")
    expect(message).to_be_focused()
    page.keyboard.press("Control+z")
    expect(message).to_have_value("On ")
    axe(page)


def test_after_a_brace_the_fields_that_begin_so_are_offered(receipt, axe):
    page = receipt
    subject = page.get_by_label("Default Email Subject (English)")
    subject.fill("")
    subject.press_sequentially("On {pa")
    options = page.locator("#field-box").get_by_role("option")
    expect(options).to_have_count(1)
    axe(page)
    page.keyboard.press("Enter")
    expect(subject).to_have_value("On {paid_on}")
    expect(options).to_have_count(0)

    subject.press_sequentially(" {")
    expect(options).to_have_count(12)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Tab")
    expect(subject).to_have_value("On {paid_on} {customer}")
    expect(subject).to_be_focused()

    message = page.get_by_label("Default Email Message (English)")
    message.fill("")
    message.press_sequentially("{{")
    expect(options).to_have_count(0)
    message.press_sequentially(" {")
    page.get_by_role("option", name="{total}").click()
    expect(message).to_have_value("{{ {total}")
    message.press_sequentially(" {to")
    page.keyboard.press("Escape")
    expect(options).to_have_count(0)
    page.keyboard.press("Enter")
    expect(message).to_have_value("{{ {total} {to\n")


def test_fields_of_one_language_go_into_its_own_words(receipt):
    page = receipt
    page.get_by_label("Default Email Subject (English)").click()
    german = page.get_by_role("region", name="German")
    german.get_by_text("Fields you can use").click()

    german.get_by_role("button", name="Insert {total}").click()

    expect(page.get_by_label("Default Email Message (German)")).to_have_value(ENDS_SO)
    expect(page.get_by_label("Default Email Subject (English)")).not_to_have_value(ENDS_SO)


def test_the_email_follows_what_is_typed_and_says_what_it_cannot_fill(receipt):
    page = receipt
    shown = page.locator("#email-preview-shown")
    expect(shown).to_contain_text("Thank you for your payment of EUR 242.00")
    expect(mail(page).get_by_text("Receipt for Invoice INV-2026-00001")).to_be_visible()

    page.get_by_label("Default Email Message (English)").fill("We got {amount_paid}, {customer}.")
    expect(mail(page).get_by_text("We got EUR 242.00, Harbour Café GmbH.")).to_be_visible()

    page.get_by_label("Default Email Subject (English)").fill("{amount_payd}")
    expect(shown).to_contain_text("There is no field {amount_payd}. Did you mean {amount_paid}?")
    expect(mail(page).get_by_text("We got EUR 242.00")).to_be_visible()

    page.get_by_label("Default Email Subject (German)").click()
    expect(page.get_by_label("Language")).to_have_value("de")
    expect(shown).to_contain_text("Vielen Dank für Ihre Zahlung über EUR 242,00")
    assert EmailTemplate.objects.get(name="Receipt").version == 1


def test_another_invoice_is_chosen_by_its_customer(receipt, live_server):
    page = receipt
    factories.opened(factories.customer("Atlantic Survey", email="ap@atlantic.example"))

    page.get_by_label("Shown with").fill("atlan")

    expect(page.locator("#mail_invoice-offer option")).to_have_count(1)
    expect(page.locator("#email-preview-shown")).to_contain_text("INV-2026-00002, Atlantic Survey")
    expect(mail(page).get_by_text("Receipt for Invoice INV-2026-00002")).to_be_visible()


def test_a_slow_answer_never_takes_the_place_of_a_newer_one(receipt):
    page = receipt
    subject = page.get_by_label("Default Email Subject (English)")
    shown = page.locator("#email-preview-shown")
    expect(shown).to_contain_text("Thank you")
    held = []

    def answer(route):
        if "part=html" not in route.request.url and "Older" in (route.request.post_data or ""):
            held.append(route)
        else:
            route.continue_()

    page.route("**/settings/email-preview/**", answer)
    subject.fill("Older")
    page.wait_for_timeout(700)
    assert len(held) == 1
    subject.fill("Newer")
    expect(shown).to_contain_text("Newer")

    held[0].continue_()
    page.wait_for_timeout(500)

    expect(shown).to_contain_text("Newer")
    expect(shown).not_to_contain_text("Older")


def test_back_leads_away_from_the_page_however_much_was_previewed(at):
    page = at("invoicing:email_template_list")
    page.get_by_role("link", name="Receipt").click()
    expect(mail(page).get_by_text("Receipt for Invoice")).to_be_visible()
    page.get_by_label("Language").select_option("de")
    expect(mail(page).get_by_text("Guten Tag")).to_be_visible()

    page.go_back()

    expect(page.get_by_role("heading", name="Email Templates")).to_be_visible()


def test_the_email_can_be_seen_as_on_a_phone(receipt):
    page = receipt
    frame = page.locator(".mail-frame")
    expect(mail(page).get_by_text("Receipt for Invoice")).to_be_visible()
    assert frame.bounding_box()["width"] > 480

    page.get_by_text("Phone", exact=True).click()

    expect(frame).to_have_css("width", "375px")
    assert mail(page).locator("body").evaluate("body => body.scrollWidth") <= 380


def test_no_hostile_word_runs_in_the_preview(receipt, console_errors):
    page = receipt
    page.add_init_script("window.hurt = 0; window.xss = () => window.hurt++;")
    page.reload()

    page.get_by_label("Default Email Subject (English)").fill("".join(hostile.PAYLOADS[:4]))
    page.get_by_label("Default Email Message (English)").fill("\n".join(hostile.PAYLOADS) + "\nThe end")
    expect(mail(page).get_by_text("The end")).to_be_visible()

    assert page.evaluate("window.hurt") == 0
    assert mail(page).locator("img, script, svg, math, iframe, form, details").count() == 0
    assert page.locator(".mail-frame").get_attribute("sandbox") == ""
    assert [text for text in console_errors if "Content Security Policy" in text] == []


def test_enter_saves_and_takes_nothing_away(receipt):
    page = receipt
    subject = page.get_by_label("Default Email Subject (English)")
    subject.fill("Thanks")
    subject.press("Enter")

    expect(page.get_by_text("Receipt is saved.")).to_be_visible()
    assert EmailTemplate.objects.get(name="Receipt").texts.count() == 2


def test_the_invoice_template_has_both_too(at):
    page = at("invoicing:template_edit", InvoiceTemplate.objects.order_by("pk").first().pk)
    subject = page.locator("#id_subject_en")
    subject.fill("Due: ")

    page.get_by_role("button", name="Insert {due_date}").click()

    expect(subject).to_have_value("Due: {due_date}")
    expect(page.locator("#email-preview-shown")).to_contain_text("Due: 20 December 2026")
    expect(mail(page).get_by_text("Invoice INV-2026-00001", exact=True)).to_be_visible()


def test_the_send_dialog_offers_the_fields_too(at):
    page = at("invoicing:list")
    page.get_by_role("button", name="Actions for").first.click()
    page.locator(".menu:popover-open").get_by_role("link", name="Send Email").click()
    dialog = page.locator("#dialog[open]")
    subject = dialog.get_by_label("Subject")
    subject.fill("For ")
    dialog.get_by_text("Fields you can use").click()

    dialog.get_by_role("button", name="Insert {customer}").click()
    subject.press_sequentially(" {due")
    page.keyboard.press("Escape")
    expect(dialog).to_be_visible()
    subject.press_sequentially("_")
    page.get_by_role("option", name="{due_date}").click()

    expect(subject).to_have_value("For {customer} {due_date}")
    expect(dialog.locator("#wording")).to_contain_text("For Harbour Café GmbH 20 December 2026")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone_everything_fits(receipt, axe, scheme):
    page = receipt
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.set_viewport_size({"width": 390, "height": 844})
    expect(page.locator("#email-preview-shown")).to_contain_text("Thank you")

    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    axe(page)
