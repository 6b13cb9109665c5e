"""A real Chromium that may speak to this machine alone, and whose console must stay silent."""

import os
import re
import shutil
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.test import Client

MAC_CHROME = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
QUIET = ["--disable-dev-shm-usage", "--disable-gpu", "--disable-quic", "--no-first-run"]
QUIET += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]


def pytest_collection_modifyitems(items):
    """One browser is enough: with xdist all its tests go to one process. They see what the server committed."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("browser"))
            item.add_marker(pytest.mark.django_db(transaction=True))


def find_chromium() -> str | None:
    names = (os.environ.get("CHROMIUM", ""), "chromium", "chromium-browser", "google-chrome", MAC_CHROME)
    return next((path for name in names if name and (path := shutil.which(name))), None)


@pytest.fixture(scope="session")
def browser_type_launch_args():
    executable = find_chromium()
    if executable is None:
        pytest.fail(
            "No Chromium was found, so the browser tests cannot run. Install it (Debian: apt-get install chromium) "
            "or point CHROMIUM at one.",
            pytrace=False,
        )
    as_root = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    return {"executable_path": executable, "args": QUIET + as_root}


@pytest.fixture(scope="session")
def browser_context_args():
    return {"locale": "en-GB", "timezone_id": "Europe/Amsterdam", "viewport": {"width": 1440, "height": 900}}


@pytest.fixture
def console_errors():
    """What the browser complained about. A test that provokes a complaint looks at it and clears the list."""
    return []


@pytest.fixture(autouse=True)
def _loopback_only_and_a_silent_console(context, console_errors):
    strangers = []

    def route(request_route):
        if urlsplit(request_route.request.url).hostname in ("127.0.0.1", "localhost", "::1"):
            request_route.continue_()
        else:
            strangers.append(request_route.request.url)
            request_route.abort()

    def hear(message):
        # 422 is how a form says what is wrong; Chromium mentions every answer of that kind. htmx mentions each request
        # that a newer one took the place of.
        if message.type == "error" and not re.search(r"status of 422|^htmx:(afterRequest|sendAbort),", message.text):
            console_errors.append(message.text)

    context.route(re.compile("^https?:"), route)
    context.on("console", hear)
    context.on("weberror", lambda error: console_errors.append(str(error.error)))
    yield
    assert strangers == [], "the page asked for something that is not on this machine"
    assert console_errors == [], "the browser's console has errors"


@pytest.fixture
def sign_in(context, live_server):
    """`sign_in(person)`: from here on the browser is that person's."""

    def as_person(person):
        client = Client()
        client.force_login(person)
        cookie = client.cookies[settings.SESSION_COOKIE_NAME]
        context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": live_server.url}])

    return as_person


@pytest.fixture
def axe():
    """`axe(page)` fails with a readable list when the page has accessibility violations."""

    def check(page):
        results = Axe().run(page, options={"preload": False})  # axe would write styles into the page, against its CSP
        assert results.violations_count == 0, results.generate_report()

    return check
