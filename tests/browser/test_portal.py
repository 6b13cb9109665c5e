"""From the mail in the demo's outbox to the page behind its link, as a customer on a phone sees it."""

from datetime import timedelta

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from config.common import clock
from invoicing.models import CustomerLink, Invoice, OutboxMessage
from invoicing.services import carrying
from tests import factories
from tests.invoicing.heard import READER, measured
from tests.portal.visiting import ADDRESS

PHONE = {"width": 390, "height": 800}


@pytest.fixture
def mailed(demo_outbox, live_server, settings):
    """The message that was kept of a mail with a link, an hour old."""
    settings.BASE_URL = live_server.url
    measured()
    with clock.at(clock.now() - timedelta(hours=1)):
        factories.queued(portal_link=True)
        carrying.carry_waiting()
    return OutboxMessage.objects.get()


def link_in(kept, live_server) -> str:
    text = bytes(kept.raw).decode().replace("=\r\n", "").replace(live_server.url, "http://127.0.0.1:8000")
    return live_server.url + ADDRESS.search(text)[1]


def test_the_link_is_followed_out_of_the_outbox(page, context, live_server, sign_in, clerk, mailed):
    sign_in(clerk)
    page.goto(live_server.url + reverse("invoicing:outbox_message", args=[mailed.pk]))

    with context.expect_page() as opened:
        page.frame_locator("iframe").get_by_role("link", name="View and pay invoice").click()

    expect(opened.value.get_by_role("heading", name="INV-2026-00001")).to_be_visible()
    assert CustomerLink.objects.get().delivery.machine_click_count == 1, "one of ours is no customer"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_a_customer_reads_it_everywhere_and_takes_the_pdf(page, live_server, mailed, axe, scheme, width):
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({**PHONE, "width": width})
    page.set_extra_http_headers({"User-Agent": READER})  # without a screen it would be counted as a machine

    page.goto(link_in(mailed, live_server))

    link = CustomerLink.objects.get()
    assert page.url == live_server.url + reverse("portal:invoice", args=[link.delivery.public_id])
    expect(page.get_by_text("242.00").first).to_be_visible()
    expect(page.get_by_role("heading", name="How to pay")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    axe(page)
    if width == 390:
        page.get_by_text("What this is for").click()
        axe(page)
    expect(page.get_by_text("Calibration")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download PDF").click()
    assert download.value.suggested_filename == "INV-2026-00001.pdf"
    assert download.value.path().read_bytes().startswith(b"%PDF")
    link.delivery.refresh_from_db()
    assert link.delivery.click_count == 1


def test_an_expired_link_sends_a_fresh_one_that_opens(page, live_server, mailed, axe, worker, console_errors):
    page.set_viewport_size(PHONE)
    address = link_in(mailed, live_server)
    factories.payment(Invoice.objects.get())
    today = clock.today("Europe/Amsterdam")
    Invoice.objects.update(settled_on=today - timedelta(days=91))
    CustomerLink.objects.update(made_at=clock.now() - timedelta(days=100))

    page.goto(address)
    axe(page)
    page.get_by_role("button", name="Send a fresh one to the same address").click()

    expect(page.get_by_text("A fresh link is on its way to a•••@harbour.example.")).to_be_visible()
    axe(page)
    assert worker() > 0
    page.goto(link_in(OutboxMessage.objects.latest("pk"), live_server))
    expect(page.get_by_text("Nothing is left to pay.")).to_be_visible()
    console_errors.clear()  # the browser mentions that an expired page answers 410
