"""A double click and the back button, with the page's script and without it: one customer, not two."""

import re

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from customers.models import Customer
from tests import factories


@pytest.fixture
def browser_context_args(browser_context_args, request):
    script = getattr(request, "param", True)
    return {**browser_context_args, "java_script_enabled": script}


@pytest.fixture
def form(page, live_server, sign_in, clerk):
    """A new customer, typed and not yet saved."""
    factories.organization()
    sign_in(clerk)
    page.goto(live_server.url + reverse("customers:new"))
    page.get_by_label("Name", exact=True).first.fill("Elbe Werft")
    return page


@pytest.mark.parametrize("browser_context_args", [True, False], ids=["script", "no script"], indirect=True)
def test_a_double_click_saves_once_and_leads_to_what_was_saved(form):
    form.get_by_role("button", name="Save").dblclick()

    expect(form).to_have_url(re.compile(r"/customers/\d+/$"))
    assert Customer.objects.filter(name="Elbe Werft").count() == 1


def test_what_the_back_button_brings_again_is_told_what_was_saved(form):
    name = form.get_by_label("Name", exact=True).first
    form.get_by_role("button", name="Save").click()
    expect(form).to_have_url(re.compile(r"/customers/\d+/$"))

    form.go_back()
    expect(name).to_have_value("Elbe Werft")
    name.fill("Alster Werft")
    form.get_by_role("button", name="Save").click()

    expect(form.locator("[data-errors]")).to_contain_text("This was saved already as Elbe Werft.")
    expect(name).to_have_value("Alster Werft")
    form.get_by_role("button", name="Save").click()
    expect(form).to_have_url(re.compile(r"/customers/\d+/$"))
    assert sorted(Customer.objects.values_list("name", flat=True)) == ["Alster Werft", "Elbe Werft"]
