"""Somebody new comes in: invited by an admin, by a link in a mail, with a second factor where the role needs one."""

import re

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from config.common.models import User
from invoicing.models import OutboxMessage
from tests.common.signing_in import PASSWORD, code_for

CHOSEN = "a-rather-long-one"


@pytest.fixture
def house(live_server, settings, demo_outbox):
    settings.BASE_URL = live_server.url
    return live_server.url


def sign_in(page, house, email, password):
    page.goto(house + reverse("account_login"))
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in").click()


def test_an_admin_invites_and_the_invited_follows_the_link_from_the_outbox(admin, browser, page, house, axe):
    sign_in(page, house, admin.email, PASSWORD)
    page.goto(house + reverse("people"))
    axe(page)
    page.get_by_role("link", name="Invite somebody").click()
    page.get_by_label("Name").fill("Lou Berg")
    page.get_by_label("Email").fill("lou@kelpworks.example")
    page.get_by_label("Clerk:").check()
    page.get_by_label("Time zone").fill("Berlin")
    axe(page)
    page.get_by_role("button", name="Send the invitation").click()
    expect(page.get_by_text("The invitation is on its way to lou@kelpworks.example")).to_be_visible()
    expect(page.get_by_role("row", name="Lou Berg")).to_contain_text("Invited")

    page.goto(house + reverse("invoicing:outbox_message", args=[OutboxMessage.objects.get().pk]))
    link = re.search(rf"{house}/invitation/\S+", page.inner_text("main"))[0]

    theirs = browser.new_context().new_page()
    theirs.goto(link)
    assert theirs.url == house + reverse("invitation_accepting")
    theirs.get_by_label("Password", exact=True).fill("short")
    theirs.get_by_label("Password again").fill("short")
    theirs.get_by_role("button", name="Save the password").click()
    expect(theirs.get_by_role("alert")).to_contain_text("at least 12 characters")
    theirs.get_by_label("Password", exact=True).fill(CHOSEN)
    theirs.get_by_label("Password again").fill(CHOSEN)
    theirs.get_by_role("button", name="Save the password").click()
    expect(theirs.get_by_text("Your password is saved.")).to_be_visible()
    sign_in(theirs, house, "lou@kelpworks.example", CHOSEN)
    expect(theirs.get_by_role("link", name="Lou Berg")).to_be_visible()

    page.goto(house + reverse("people"))
    page.get_by_role("button", name="Actions for Lou Berg").click()
    page.get_by_role("link", name="Turn off").click()
    page.get_by_role("dialog").get_by_role("button", name="Turn off").click()
    expect(page.get_by_role("row", name="Lou Berg")).to_contain_text("Turned off")
    theirs.reload()
    expect(theirs.get_by_role("heading", name="Sign in")).to_be_visible()
    theirs.context.close()


def test_a_manager_sets_up_a_second_factor_before_anything_else(manager, page, house, settings, axe):
    settings.REQUIRE_MFA = True
    sign_in(page, house, manager.email, PASSWORD)

    expect(page.get_by_role("heading", name="Set up a second factor")).to_be_visible()
    page.goto(house + "/customers/")
    expect(page.get_by_text("Your role needs one")).to_be_visible()
    expect(page.get_by_role("img", name="QR code")).to_be_visible()
    axe(page)
    page.get_by_text("It cannot be scanned?").click()
    page.get_by_label("Authenticator code").fill(code_for(page.inner_text("details code")))
    page.get_by_role("button", name="Turn on").click()

    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    assert page.locator(".codes li").count() == 10
    axe(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename == "recovery-codes.txt"
    page.get_by_role("link", name="I have kept them").click()
    expect(page.get_by_role("link", name=manager.name)).to_be_visible()
    assert User.objects.get(pk=manager.pk).last_login
