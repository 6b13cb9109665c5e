"""What became of a mail, as a clerk follows it: a scanner, a reader, a light that turns green, and one that bounced."""

from datetime import timedelta

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from config.common import clock
from invoicing.models import Delivery, OutboxMessage
from invoicing.services import carrying, delivering
from tests import factories
from tests.invoicing.heard import measured


@pytest.fixture
def mails(demo_outbox):
    """Two mails that went out an hour ago."""
    measured()
    found = []
    with clock.at(clock.now() - timedelta(hours=1)):
        for name, email in (("Harbour Café GmbH", "ap@harbour.example"), ("Pier Ltd", "ap@pier.example")):
            invoice = factories.opened(factories.customer(name, email=email))
            found += delivering.queue_delivery(invoice, by=factories.SYSTEM, mail=factories.mail(email))
        carrying.carry_waiting()
    return found


def test_a_scanner_lights_nothing_and_a_reader_turns_the_light_green(page, live_server, sign_in, clerk, mails, axe):
    sign_in(clerk)
    first, second = mails
    number = first.documents.get().invoice.number
    invoices, light = live_server.url + reverse("invoicing:list"), page.locator("tbody tr", has_text=number)

    page.goto(invoices)
    expect(light).to_contain_text("Sent, not yet opened")
    page.get_by_role("button", name="What the lights mean").click()
    expect(page.locator("#lights")).to_contain_text("A person opened it, or followed its link.")
    axe(page)
    page.keyboard.press("Escape")

    _provider_says(page, live_server, first, "Clicked by a scanner")
    _provider_says(page, live_server, first, "Delivered")
    page.goto(invoices)
    expect(light).to_contain_text("Sent, not yet opened")

    _provider_says(page, live_server, first, "Clicked", exact=True)
    page.goto(invoices + "?light=green")
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(light).to_contain_text("Sent and opened")

    light.get_by_role("link", name="Sent and opened").click()
    expect(page.get_by_role("heading", name="What was heard since")).to_be_visible()
    expect(page.locator("#heard")).to_contain_text("Clicked, by a machine")
    axe(page)
    page.get_by_role("link", name="View the invoice").click()
    row = page.locator("#email-history tbody tr")
    expect(row.locator("[data-label='Click Count']")).to_have_text("1 1 by a machine")
    expect(row).to_contain_text("Clicked")

    _provider_says(page, live_server, second, "Bounced")
    page.goto(live_server.url + "/")
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Delivery problems").click()
    page.get_by_role("navigation", name="Kinds of problems").get_by_role("link", name="Bounced").click()
    problem = page.locator("tbody tr")
    expect(problem).to_contain_text("550 5.1.1 No such user here")
    axe(page)
    problem.get_by_role("link", name="ap@pier.example").click()
    page.get_by_label("Send again to").fill("right@pier.example")
    page.get_by_role("button", name="Send again").click()
    expect(page.get_by_text("It is on its way again.")).to_be_visible()
    assert Delivery.objects.filter(recipient="right@pier.example", status="queued").count() == 1


def _provider_says(page, live_server, delivery, what, *, exact=False):
    kept = OutboxMessage.objects.get(message_id=delivery.message_id)
    page.goto(live_server.url + reverse("invoicing:outbox_message", args=[kept.pk]))
    page.get_by_role("button", name=what, exact=exact).click()
    expect(page.get_by_text("The provider said so.")).to_be_visible()
