"""Invoice Templates in the browser: the preview follows what is typed, and a customer proposes their template."""

import re

from django.urls import reverse
from playwright.sync_api import expect

from invoicing.models import InvoiceTemplate
from invoicing.services import profiles, templates
from tests import factories


def frame_of(page):
    return page.locator("#preview-page iframe").get_attribute("src")


def test_the_preview_follows_what_is_typed_and_says_what_is_wrong(page, live_server, sign_in, manager, axe):
    factories.draft()
    template = InvoiceTemplate.objects.get()
    sign_in(manager)
    page.goto(live_server.url + reverse("invoicing:template_list"))
    axe(page)
    page.goto(live_server.url + reverse("invoicing:template_edit", args=[template.pk]))
    expect(page.locator("#preview-page iframe")).to_have_count(1)
    first = frame_of(page)

    page.locator("#id_footer_en").fill("Typed just now")
    expect(page.locator("#preview-page iframe")).not_to_have_attribute("src", first)
    drawn = page.request.get(live_server.url + frame_of(page))
    assert drawn.headers["content-type"] == "application/pdf"
    before = frame_of(page)
    page.locator("#preview").get_by_label("Shown with").fill("INV-0000")
    expect(page.locator("#preview-page")).to_contain_text("An invented invoice")
    assert frame_of(page) != before
    page.locator("#id_subject_en").fill("Bill {numbr}")
    expect(page.locator("#preview-page")).to_contain_text("Did you mean {number}?")
    axe(page)

    page.locator("#id_subject_en").fill("Bill {number}")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Standard is saved.")).to_be_visible()
    assert template.texts.get(language="en").subject == "Bill {number}"


def test_the_preview_takes_any_invoice_by_the_keys_on_a_phone_too(page, live_server, sign_in, manager, axe):
    old = factories.opened(factories.customer("Atlantic Survey"))
    for _n in range(6):
        factories.opened()
    sign_in(manager)
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(live_server.url + reverse("invoicing:template_edit", args=[InvoiceTemplate.objects.get().pk]))
    shown = page.locator("#preview-page")
    expect(shown).to_contain_text("INV-2026-00007, Harbour Café GmbH")
    box = page.locator("#preview").get_by_label("Shown with")

    box.focus()
    expect(page.locator("#preview_invoice-offer option")).to_have_count(8)
    page.keyboard.type("atlan")
    expect(page.locator("#preview_invoice-offer option").first).to_have_attribute("value", old.number)
    expect(shown).to_contain_text("INV-2026-00001, Atlantic Survey")
    before = frame_of(page)
    page.keyboard.press("Enter")
    expect(box).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#preview").get_by_label("Language")).to_have_value("de")
    expect(page.locator("#preview-page iframe")).not_to_have_attribute("src", before)
    expect(shown).to_contain_text("INV-2026-00001, Atlantic Survey")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    axe(page)


def test_a_new_template_is_made_as_a_copy_in_a_dialog(page, live_server, sign_in, manager, axe):
    factories.organization()
    sign_in(manager)
    page.goto(live_server.url + reverse("invoicing:template_list"))

    page.get_by_role("link", name="New template").click()
    dialog = page.locator("#dialog[open]")
    dialog.get_by_label("Name").fill("standard")
    dialog.get_by_label("Begin with").select_option(label="Standard")
    dialog.get_by_role("button", name="Make it").click()
    expect(dialog.get_by_text("There is a template called standard already.")).to_be_visible()
    axe(page)
    dialog.get_by_label("Name").fill("Exports")
    dialog.get_by_role("button", name="Make it").click()

    expect(page).to_have_url(re.compile(r"/settings/templates/\d+/$"))
    expect(page.get_by_role("heading", name="Exports")).to_be_visible()


def test_a_customer_chosen_in_the_editor_proposes_the_template_of_theirs(page, live_server, sign_in, clerk, manager):
    draft, other = factories.draft(), templates.create_template(by=manager, name="Exports")
    buyer = factories.customer("Exporting Ltd")
    profiles.choose_template(buyer, by=manager, template=other)
    sign_in(clerk)
    page.goto(live_server.url + reverse("invoicing:edit", args=[draft.pk]))
    expect(page.locator("#id_template option:checked")).to_have_text("Standard")

    page.get_by_label("Customer", exact=True).fill(f"{buyer.number} · Exporting Ltd")
    page.get_by_label("Customer", exact=True).blur()

    expect(page.locator("#id_template option:checked")).to_have_text("Exports")
