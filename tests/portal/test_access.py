"""Who gets in: the token of a mail, exchanged for a cookie of one page; nobody else, however they try."""

import io
import json
import logging
import secrets
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
import time_machine
from django.conf import settings as configured
from django.urls import reverse
from django.utils.module_loading import import_string

from config.common import clock
from customers.models import Organization
from invoicing.models import Delivery, TrackingEvent
from tests import factories
from tests.house.source import ROOT
from tests.invoicing.heard import READER, measured
from tests.portal.visiting import let_in, linked, page_of, reader

pytestmark = pytest.mark.django_db
TRACES = json.loads((ROOT / "tests/samples/scanners/traces.json").read_text())


# --- The exchange ---------------------------------------------------------------------------------------------


def test_the_token_is_exchanged_for_a_cookie_of_one_page_and_leaves_the_address():
    link, path = linked()

    answer = reader().get(path)

    token = path.split("/")[2]
    cookie = answer.cookies[configured.PORTAL_COOKIE_NAME]
    assert answer["Location"] == page_of(link)
    assert token not in answer["Location"] + cookie.value
    assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == (page_of(link), True, "Lax")
    assert answer["Referrer-Policy"] == "no-referrer"
    assert answer["Cache-Control"] == "no-store, private"
    assert answer["X-Robots-Tag"] == "noindex, nofollow"
    assert "sessionid" not in answer.cookies


def test_links_of_two_invoices_stand_beside_each_other_in_one_browser():
    buyer = factories.customer()
    (one, first), (two, second) = linked(factories.opened(buyer)), linked(factories.opened(buyer))
    cookies = {}
    for link, path in ((one, first), (two, second)):
        cookies[page_of(link)] = reader().get(path).cookies[configured.PORTAL_COOKIE_NAME].value

    for link in (one, two):
        browser = reader()
        browser.cookies[configured.PORTAL_COOKIE_NAME] = cookies[page_of(link)]
        assert link.invoice.number in browser.get(page_of(link)).text


def test_the_link_of_one_opens_nothing_of_the_other():
    ours, path = linked()
    theirs, _other = linked(factories.opened(factories.customer("Tidewater", email="ap@tide.example")))
    browser = let_in(path)

    for name in ("invoice", "pdf"):
        answer = browser.get(reverse(f"portal:{name}", args=[theirs.delivery.public_id]))
        assert answer.status_code == 404
        assert theirs.invoice.number not in answer.text
    assert browser.post(reverse("portal:fresh", args=[theirs.delivery.public_id])).status_code == 404
    assert browser.get(reverse("invoicing:detail", args=[ours.invoice_id])).status_code == 302
    assert browser.get(reverse("portal:as_customer", args=[ours.invoice_id])).status_code == 302


def test_a_cookie_somebody_made_up_or_kept_for_long_opens_nothing():
    link, path = linked()
    kept = let_in(path)
    signed = kept.cookies[configured.PORTAL_COOKIE_NAME].value
    altered = signed[:-1] + ("A" if signed[-1] != "A" else "B")

    for value in (link.token_hash, altered, ""):
        browser = reader()
        browser.cookies[configured.PORTAL_COOKIE_NAME] = value
        assert browser.get(page_of(link)).status_code == 404

    with time_machine.travel(datetime.now(UTC) + timedelta(hours=13)):
        assert kept.get(page_of(link)).status_code == 404


# --- What opens nothing ---------------------------------------------------------------------------------------


def test_what_never_was_and_what_was_revoked_look_the_same(clerk):
    link, path = linked()
    never = reader().get(f"/i/{secrets.token_urlsafe(32)}/")
    malformed = reader().get("/i/x%F0%9F%92%A5'or%201=1/")
    type(link).objects.update(revoked_at=clock.now(), revoked_by=clerk)

    revoked = reader().get(path)

    assert [answer.status_code for answer in (never, malformed, revoked)] == [404] * 3
    assert never.content == malformed.content == revoked.content
    strip = {"X-Request-ID", "Content-Length"}
    heads = [{k: v for k, v in answer.headers.items() if k not in strip} for answer in (never, malformed, revoked)]
    assert heads[0] == heads[1] == heads[2]
    assert all(not answer.cookies for answer in (never, malformed, revoked))


def test_whoever_guesses_is_held_after_twenty_a_minute_and_hits_nothing(size):
    _link, path = linked()
    browser = reader()

    answers = [browser.get(f"/i/{secrets.token_urlsafe(32)}/").status_code for _n in range(size(10_000))]

    assert answers[:20] == [404] * 20
    assert set(answers[20:]) <= {404, 429}
    assert 429 in answers[20:22]
    assert browser.get(path).status_code == 302, "who has a link is let in from there all the same"
    held = browser.get("/i/nothing/")
    assert (held.status_code, held["Retry-After"]) == (429, "60")


def test_every_way_of_asking_but_reading_is_refused():
    link, path = linked()
    browser = let_in(path)

    for method in ("post", "put", "delete", "patch"):
        assert getattr(browser, method)(path).status_code == 405
        assert getattr(browser, method)(page_of(link)).status_code == 405


def test_no_page_may_be_framed_or_run_a_script_of_others(clerk):
    link, path = linked()
    browser = let_in(path)
    answers = [browser.get(each) for each in (path, page_of(link), page_of(link) + "pdf/", "/i/x/", "/i/preview/")]

    for answer in answers:
        assert answer["X-Frame-Options"] == "DENY"
        policy = answer["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in policy or "sandbox" in policy
        assert answer["Cache-Control"] == "no-store, private"


# --- Machines and people --------------------------------------------------------------------------------------


def test_scanners_burn_nothing_and_change_nothing_and_then_a_person_reads():
    measured(opens=False)
    link, path = linked()
    before = Delivery.objects.values().get()
    machine = reader()
    for _n in range(10):
        assert machine.get(path, headers={"User-Agent": "Barracuda Sentinel (EE)"}).status_code == 302
    assert machine.head(path).status_code == 302
    for told in TRACES:
        method = getattr(machine, told.get("method", "GET").lower())
        headers = {"User-Agent": told["agent"], **told.get("headers", {})}
        with clock.at(link.delivery.sent_at + timedelta(seconds=told["seconds"])):
            method(path, headers=headers)

    after = Delivery.objects.values().get()
    assert after.pop("machine_click_count") == 11 + len(TRACES)
    before.pop("machine_click_count")
    assert after == before

    person = let_in(path)
    assert link.invoice.number in person.get(page_of(link)).text
    delivery = Delivery.objects.get()
    assert (delivery.click_count, delivery.clicked_at is not None) == (1, True)


def test_our_own_people_are_no_customers(as_role, clerk):
    measured(opens=False)
    link, path = linked()

    assert as_role(clerk).get(path, headers={"User-Agent": READER}).status_code == 302

    event = TrackingEvent.objects.get()
    assert (event.is_machine, event.why, event.source) == (True, "staff", "link")
    link.delivery.refresh_from_db()
    assert link.delivery.click_count == 0


def test_a_visit_of_a_person_settles_what_nobody_knew_and_one_of_a_machine_does_not():
    measured(opens=False)
    link, path = linked()
    Delivery.objects.update(
        status="unknown", reason="No answer", wire_started_at=link.delivery.sent_at, sent_at=None, response=""
    )
    reader().get(path, headers={"User-Agent": "Barracuda Sentinel (EE)"})
    assert Delivery.objects.get().status == "unknown"

    reader().get(path)

    delivery = Delivery.objects.get()
    assert (delivery.status, delivery.response) == ("sent", "Clicked, says link")


@pytest.mark.parametrize("whose", ["ours", "theirs"])
def test_where_links_are_not_followed_nothing_is_recorded_and_the_page_opens(whose):
    link, path = linked()
    if whose == "ours":
        Organization.objects.update(track_links=False)
    else:
        type(link.invoice.customer).objects.update(track_links=False)

    browser = let_in(path)

    assert browser.get(page_of(link)).status_code == 200
    assert not TrackingEvent.objects.exists()


# --- Traces ---------------------------------------------------------------------------------------------------


@pytest.fixture
def log():
    """What the console shows, with the filters of the settings."""
    lines = io.StringIO()
    handler = logging.StreamHandler(lines)
    for name in configured.LOGGING["handlers"]["console"]["filters"]:
        handler.addFilter(import_string(configured.LOGGING["filters"][name]["()"])())
    logging.getLogger().addHandler(handler)
    yield lines
    logging.getLogger().removeHandler(handler)


def test_no_token_stands_in_the_log(log, clerk):
    link, path = linked()
    token = path.split("/")[2]
    browser = let_in(path)
    browser.get(page_of(link))
    browser.post(path)
    type(link).objects.update(revoked_at=clock.now(), revoked_by=clerk)
    browser.get(path)
    logging.getLogger("gunicorn.access").warning('"GET %s HTTP/1.1" 200', f"{path}?utm=1")

    assert "Not Found: /i/…/" in log.getvalue()
    assert "Method Not Allowed (POST): /i/…/" in log.getvalue()
    assert '"GET /i/…/?utm=1 HTTP/1.1" 200' in log.getvalue()
    assert token not in log.getvalue()


def test_no_answer_of_a_whole_visit_holds_the_token():
    link, path = linked()
    token = path.split("/")[2]
    browser = reader()
    answers = [browser.get(path), browser.get(page_of(link)), browser.get(page_of(link) + "pdf/")]

    for answer in answers:
        assert token not in str(answer.headers) + str(answer.cookies)
        assert token.encode() not in answer.content
    assert urlsplit(answers[0]["Location"]).query == ""
