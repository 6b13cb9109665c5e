"""The whole way by keyboard: search, rows, places, menus; and what a click beside a link does."""

import re

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from config.common import clock
from tests import factories


@pytest.fixture
def invoices(db):
    today = clock.today(factories.organization().time_zone)
    opened = factories.opened(order_number="PO-77")
    return [factories.draft(due_on=today, due_typed=True), opened]


@pytest.fixture
def at(page, live_server, sign_in, clerk, invoices):
    """`at("invoicing:list")`: the clerk's browser on that page."""
    sign_in(clerk)

    def go(name, *args):
        page.goto(live_server.url + reverse(name, args=args))
        return page

    return go


def test_slash_searches_from_anywhere_and_the_arrow_keys_choose(at, invoices):
    page = at("customers:list")

    page.keyboard.press("/")
    page.keyboard.type("PO-77")
    expect(page.locator("#found:popover-open").get_by_role("link", name="INV-2026-00001")).to_be_visible()
    expect(page.locator("#found-said")).to_contain_text("1 found")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")

    expect(page).to_have_url(re.compile(rf"/invoices/{invoices[1].pk}/$"))


def test_escape_closes_the_suggestions_and_enter_shows_all_results(at):
    page = at("home")
    page.keyboard.press("/")
    page.keyboard.type("harbour")
    expect(page.locator("#found:popover-open")).to_be_visible()

    page.keyboard.press("Escape")

    expect(page.locator("#found:popover-open")).to_have_count(0)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Search")).to_be_visible()


def test_j_k_o_walk_the_rows_and_open_one(at, invoices):
    page = at("invoicing:list")

    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.get_by_role("link", name="INV-2026-00001", exact=True)).to_be_focused()
    page.keyboard.press("k")
    page.keyboard.press("j")
    page.keyboard.press("o")

    expect(page).to_have_url(re.compile(rf"/invoices/{invoices[1].pk}/$"))


def test_e_edits_the_row_and_what_a_page_shows(at, invoices):
    editor = re.compile(rf"/invoices/{invoices[0].pk}/edit/$")
    page = at("invoicing:list")
    page.locator(f"#invoice-{invoices[0].pk} th a").focus()
    page.keyboard.press("e")
    expect(page).to_have_url(editor)

    page = at("invoicing:detail", invoices[0].pk)
    page.keyboard.press("e")

    expect(page).to_have_url(editor)


@pytest.mark.parametrize(
    ("key", "place"), [("q", "invoicing:queue"), ("c", "customers:list"), ("i", "invoicing:list"), ("s", "home")]
)
def test_g_and_a_letter_go_to_a_place(at, key, place):
    page = at("invoicing:payment_list")

    page.keyboard.press("g")
    page.keyboard.press(key)

    expect(page).to_have_url(re.compile(re.escape(reverse(place)) + "$"))


def test_letters_typed_into_a_field_are_letters(at):
    page = at("invoicing:list")
    box = page.get_by_role("search", name="Filter invoices").get_by_role("searchbox")
    box.focus()

    page.keyboard.type("gq?jk")

    expect(box).to_have_value("gq?jk")
    expect(page.locator("#shortcuts[open]")).to_have_count(0)


def test_the_question_mark_lists_the_keys_and_escape_closes_the_list(at):
    page = at("invoicing:list")

    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    page.keyboard.press("Escape")

    expect(page.locator("#shortcuts[open]")).to_have_count(0)


def test_a_row_menu_is_walked_with_the_arrow_keys(at, invoices):
    page = at("invoicing:list")
    page.locator(f"#invoice-{invoices[1].pk}").get_by_role("button", name="Actions for").focus()
    page.keyboard.press("Enter")
    page.locator(".menu:popover-open").wait_for()

    page.keyboard.press("ArrowDown")

    expect(page.locator(".menu:popover-open").get_by_role("link", name="View", exact=True)).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator(".menu:popover-open")).to_have_count(0)


def test_a_click_anywhere_on_a_row_opens_it_but_not_on_its_menu(at, invoices):
    page = at("invoicing:list")
    row = page.locator(f"#invoice-{invoices[1].pk}")

    row.get_by_role("button", name="Actions for").click()
    page.locator(".menu:popover-open").wait_for()
    page.keyboard.press("Escape")
    row.locator("td").nth(1).click()

    expect(page).to_have_url(re.compile(rf"/invoices/{invoices[1].pk}/$"))


def test_what_has_the_focus_can_be_seen(at):
    page = at("invoicing:list")
    seen = []
    for _step in range(12):
        page.keyboard.press("Tab")
        seen.append(page.evaluate("getComputedStyle(document.activeElement).outlineStyle"))

    assert set(seen) == {"solid"}
