"""Whatever people and files write stays text: on every page, in a browser, with all of it hostile at once."""

import re
from collections import Counter
from html.parser import HTMLParser
from itertools import count
from urllib.parse import urljoin, urlsplit

import pytest
from django.urls import resolve
from django.urls.exceptions import Resolver404

from config.common.models import SavedView
from invoicing.models import Delivery
from invoicing.services import drafting
from tests import factories, hostile
from tests.invoicing import problems

AWAY = re.compile(r"/(accounts/logout|admin|static)/|/pdf/|format=")
INJECTED = """() => ({
  hurt: window.hurt,
  handlers: [...document.querySelectorAll('*')].flatMap(e => e.getAttributeNames()).filter(n => n.startsWith('on')),
  scripts: [...document.querySelectorAll('script')].filter(e => !e.src && e.type !== 'application/json').length,
  frames: [...document.querySelectorAll('iframe[srcdoc*=xss], iframe[src^="javascript:"]')].length,
  links: [...document.querySelectorAll('a, form')].map(e => e.href || e.action)
    .filter(h => String(h).startsWith('javascript:')).length,
  pictures: document.querySelectorAll('img[src=x], style, math, [hx-get="/xss"]').length,
})"""
CLEAN = {"hurt": 0, "handlers": [], "scripts": 0, "frames": 0, "links": 0, "pictures": 0}


@pytest.fixture
def town(admin, bell):
    """A bit of everything, and then every text of it hostile. Gives the HTML of the mails that were composed."""
    factories.organization(trade_name="Kelpworks")
    row = factories.line(details="Serials", adjustments=[{"reason": "Loyal", "amount": 100}])
    buyer = factories.customer(notes="Calls on Mondays")
    buyer.addresses.update(attention="Dagny", street2="Yard", region="North")
    draft = factories.draft(buyer, lines=[row], note="Thanks", buyer_reference="Weir", order_number="PO-1")
    drafting.write_internal_note(draft, by=admin, text="Careful")
    paid = factories.opened(buyer, lines=[row], note="Thanks", order_number="PO-2")
    factories.payment(paid, reference="INV", note="by hand")
    factories.billed(factories.opened(buyer))
    problems.failed(factories.opened(buyer))
    problems.unknown(factories.opened(buyer))
    sent = factories.queued(factories.opened(buyer, lines=[row]), cc=["cc@harbour.example"])
    bell.carry()
    SavedView.objects.create(owner=admin, page="invoicing:list", name="Mine", query="", is_shared=True)
    changed = hostile.poison()
    for field in ("customers.Customer.name", "invoicing.Line.name", "invoicing.Invoice.note", "common.User.name"):
        assert changed[field], field
    return sent


class Marks(HTMLParser):
    """What a page would run or load beside our own files, as a browser would find it; and where it leads."""

    def __init__(self, text):
        super().__init__()
        self.wrong, self.places = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.places += filter(None, (values.get("hx-get"), values.get("href")))
        leads = str(values.get("href") or values.get("src") or values.get("action") or "")
        ran = [name for name in values if name.startswith("on")] or "xss" in str(values.get("srcdoc"))
        loaded = tag in ("style", "math", "object", "embed") or values.get("hx-get") == "/xss" or leads == "x"
        code = tag == "script" and "src" not in values and values.get("type") != "application/json"
        if ran or loaded or code or leads.startswith("javascript:"):
            self.wrong.append((tag, values))


def walk(host, page, client, *, in_browser: int, of_a_kind: int):
    """Every page that a link leads to, from the home page on: (path, view, what is wrong with it)."""
    seen, waiting, known = Counter(), [("/", "home")], set()
    for visited in count():
        if visited == len(waiting):
            return
        path, view = waiting[visited]
        if visited < in_browser:
            answer = page.goto(urljoin(host, path), wait_until="domcontentloaded")
            status, policy = answer.status, answer.headers.get("content-security-policy", "")
            text = answer.text()
            wrong = {} if (found := page.evaluate(INJECTED)) == CLEAN else found
        else:
            answer = client.get(path)
            status, policy = answer.status_code, answer.headers.get("Content-Security-Policy", "")
            text = answer.content.decode() if answer.headers.get("Content-Type", "").startswith("text/html") else ""
            wrong = {}
        marks = Marks(text)
        yield path, view, status, policy, [*marks.wrong, *wrong.items()]
        for place in marks.places:
            parts = urlsplit(urljoin(urljoin(host, path), place))
            target = f"{parts.path}?{parts.query}"
            if not urljoin(host, place).startswith(host) or AWAY.search(target) or target in known:
                continue
            known.add(target)
            try:
                view = resolve(parts.path).view_name
            except Resolver404:
                continue
            if seen[view, bool(parts.query)] < of_a_kind:
                seen[view, bool(parts.query)] += 1
                waiting.append((target, view))


def test_no_text_of_anybody_runs_on_any_page(page, live_server, sign_in, admin, as_role, town, size, console_errors):
    """`make torture` opens every page in the browser; every day it opens the first few, the others are read."""
    sign_in(admin)
    page.add_init_script("window.hurt = 0; window.xss = () => window.hurt++;")
    page.on("dialog", lambda dialog: pytest.fail(f"a dialog opened: {dialog.message}"))
    whole = size(10) == 10

    pages = walk(live_server.url, page, as_role(admin), in_browser=1000 if whole else 8, of_a_kind=2 if whole else 1)
    found = list(pages)

    assert [(path, wrong) for path, _view, _status, _policy, wrong in found if wrong] == []
    assert [(path, status) for path, _view, status, _policy, _wrong in found if status >= 500] == []
    assert [path for path, _view, _status, policy, _wrong in found if "default-src 'self'" not in policy] == []
    assert len({view for _path, view, *_rest in found}) > 30
    # Complaints of the strict policy would mean that something came near to running.
    assert [text for text in console_errors if "Content Security Policy" in text] == []
    console_errors.clear()  # pages that are not for this moment answer 404, which the browser mentions


def test_the_policy_is_in_force_should_a_text_ever_get_through(page, live_server, sign_in, admin, console_errors):
    factories.organization()
    sign_in(admin)
    page.add_init_script("window.hurt = 0; window.xss = () => window.hurt++;")

    def let_through(route):
        answer = route.fetch()
        route.fulfill(response=answer, body=answer.text().replace("</main>", "".join(hostile.PAYLOADS[:6]) + "</main>"))

    page.route(f"{live_server.url}/", let_through)
    page.goto(live_server.url)
    page.wait_for_timeout(200)

    assert page.locator("img[src=x]").count() == 1
    assert page.evaluate("window.hurt") == 0
    assert sum("Content Security Policy" in text for text in console_errors) >= 2
    console_errors.clear()


def test_no_text_runs_in_the_html_of_an_email(page, live_server, town, bell, console_errors):
    again = factories.queued(factories.opened(town.documents.get().invoice.customer))
    bell.carry()
    again = Delivery.objects.get(pk=again.pk)
    assert "&lt;" in again.html

    page.add_init_script("window.hurt = 0; window.xss = () => window.hurt++;")
    page.goto(f"{live_server.url}/healthz/live/")
    page.set_content(again.html)

    found = page.evaluate(INJECTED)
    assert {**found, "pictures": 0} == CLEAN
    assert page.evaluate("document.querySelectorAll('img[src=x], script, math, svg, iframe, form').length") == 0
    console_errors.clear()
