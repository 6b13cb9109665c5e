"""The door, as a person finds it."""

from django.urls import reverse


def test_the_sign_in_page_can_be_used_with_a_screen_reader(page, live_server, axe):
    page.goto(live_server.url + reverse("account_login"))

    page.get_by_role("button", name="Sign in").wait_for()
    axe(page)
