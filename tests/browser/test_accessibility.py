"""Every page there is, looked at by axe: light and dark, wide and on a phone. New pages come in by themselves."""

from datetime import time, timedelta
from pathlib import Path

import axe_playwright_python
import pytest
from django.test import Client
from django.urls import NoReverseMatch, reverse
from playwright.sync_api import expect

from config.common import clock
from invoicing.models import EmailTemplate, InvoiceTemplate, OutboxMessage, Series, TaxRate
from invoicing.services import delivering
from invoicing.wall_time import WallTime
from tests import factories
from tests.house.addresses import addresses
from tests.invoicing.heard import hear, measured

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
WIDE, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
ELSEWHERE = ("admin:", "account_logout")  # Django's own pages; one that signs out
# Colours are all that changes between light and dark, so the second look at each width is at contrast alone.
LOOKS = [(WIDE, "light", None), (WIDE, "dark", ["color-contrast"]), (PHONE, "dark", None)]
LOOKS += [(PHONE, "light", ["color-contrast"])]


@pytest.fixture
def house(demo_outbox, worker, admin):
    """One thing of each kind, so that the pages have something to show. Their keys, to be tried in turn."""
    today = clock.today(factories.organization().time_zone)
    refused = factories.mail("nobody@harbour.example")
    [failed, *_] = delivering.queue_delivery(factories.opened(), by=factories.SYSTEM, mail=refused)
    measured()
    sent = factories.queued()
    worker()
    sent.refresh_from_db()
    for kind, said in (("opened", ""), ("replied", "Will be paid on Friday."), ("complained", "")):
        hear(sent, kind, said=said)
    invoice = sent.documents.get().invoice
    payment = factories.payment(invoice)
    draft = factories.draft(due_on=today, due_typed=True)
    wall = WallTime(today + timedelta(days=1), time(9), "Asia/Tokyo")
    waiting = factories.scheduled(by=factories.SYSTEM, wall=wall).documents.get().invoice
    things = [draft, invoice, waiting, failed, payment, invoice.customer, invoice.customer.contacts.first()]
    things += [OutboxMessage.objects.first(), InvoiceTemplate.objects.first(), TaxRate.objects.first()]
    things.append(EmailTemplate.objects.get(name="Second reminder"))
    silent = factories.draft(factories.customer("Silent Ltd", email=""))
    things += [Series.objects.first(), factories.selection(draft, by=admin)]
    things.append(factories.operation(silent, by=admin, send_email=True))
    worker()
    return [thing.pk for thing in things]


def pages(person, keys) -> list[str]:
    """The addresses that answer this person with a whole page, one of each."""
    client = Client(raise_request_exception=False)
    client.force_login(person)
    found = []
    for address in addresses():
        if address.name.startswith(ELSEWHERE) or "/" in address.name:
            continue
        for key in dict.fromkeys(keys) if address.takes_values else [None]:
            try:
                url = reverse(address.name, args=[key] if key else [])
            except NoReverseMatch:
                break
            answer = client.get(url)
            if answer.status_code == 200 and answer["Content-Type"].startswith("text/html"):
                if '<main class="' in answer.text:
                    found.append(url)
                break
    return sorted(set(found))


def look(page, rules) -> list[str]:
    """What axe has against the page as it stands: rule and place."""
    options = {"resultTypes": ["violations"], "preload": False}
    if rules:
        options["runOnly"] = rules
    found = page.evaluate("options => axe.run(document, options).then(found => found.violations)", options)
    return [f"{each['id']}: {node['target']}" for each in found for node in each["nodes"]]


def test_no_page_keeps_anybody_out(page, live_server, sign_in, admin, house, console_errors):
    """About 30 s on two quiet cores, for some 60 pages in four ways each."""
    urls = pages(admin, house)
    assert len(urls) > 40, urls
    sign_in(admin)

    wrong = {}
    for url in urls:
        page.goto(live_server.url + url)
        page.evaluate(AXE)
        for size, scheme, rules in LOOKS:
            page.set_viewport_size(size)
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            found = look(page, rules)
            if size is PHONE and page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                found.append("wider than the phone")
            if found:
                wrong[f"{url} {size['width']} {scheme}"] = found

    assert wrong == {}


def test_dialogs_menus_and_suggestions_keep_nobody_out(page, live_server, sign_in, admin, house):
    sign_in(admin)
    page.emulate_media(reduced_motion="reduce")
    page.goto(live_server.url + reverse("invoicing:queue"))
    page.evaluate(AXE)
    page.get_by_role("button", name="Actions for").first.click()
    menu = look(page, None)
    page.locator(".menu:popover-open").get_by_role("link", name="Send", exact=True).click()
    page.locator("#dialog[open]").wait_for()
    dialog = look(page, None)
    page.keyboard.press("Escape")
    page.locator("#dialog[open]").wait_for(state="detached")
    page.keyboard.press("?")
    keys = look(page, None)
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    page.keyboard.type("har")
    expect(page.locator("#found:popover-open")).to_be_visible()

    search = look(page, None)

    assert (menu, dialog, keys, search) == ([], [], [], [])
