"""Every form of every page: sent twice it has one effect, and fields that are not on it have none."""

import os
from collections import Counter
from datetime import time, timedelta
from urllib.parse import urljoin, urlsplit

import html5lib
import pytest
from django.apps import apps
from django.db import models, transaction
from django.urls import resolve, reverse
from django.urls.exceptions import Resolver404

from config.common import clock
from invoicing.models import Selection
from invoicing.services.batches import filling
from invoicing.wall_time import WallTime
from tests import factories
from tests.invoicing import operations, problems

pytestmark = pytest.mark.django_db
AWAY = ("/accounts/", "/admin/", "/static/", "/django-admin/")
# What a stranger to the page might add: figures, states, dates and rights that only the server decides.
SMUGGLED = {
    "total": "1", "net_total": "1", "tax_total": "0", "settled": "24200", "credited": "24200", "amount_due": "0",
    "amount_applied": "1", "net": "1", "taxable": "1", "status": "paid", "kind_of": "x", "number_drawn": "7",
    "billed_at": "2026-11-20", "opened_at": "2026-11-20", "paid_at": "2026-11-20", "closed_at": "2026-11-20",
    "customer_name": "Mallory", "seller": "{}", "buyer": "{}", "paper": "{}", "lease_until": "2027-01-01", "tries": "9",
    "is_superuser": "on", "is_staff": "on", "is_active": "on", "password": "smuggled", "actor_name": "Mallory",
    "actor_id": "1", "by": "1", "user": "1", "owner": "1", "owner_id": "1", "asked_by": "1", "public_id": "1",
    "pk": "1", "id": "1", "invoice": "1", "invoice_id": "1", "customer_id": "1", "confirmed_by": "1", "archived_at": "",
    "currency_of": "JPY", "lines-0-net": "1", "lines-0-tax_percent": "0", "lines-0-id": "1", "version_seen": "999",
}  # fmt: skip
# What a person types where a form begins empty.
TYPED = {
    "name": "Typed", "legal_name": "Typed", "email": "typed@harbour.example", "amount": "10", "reference": "R-1",
    "reason": "As agreed", "how": "Post", "holder": "Typed", "iban": "DE89370400440532013000", "percent": "19",
    "because": "mistake", "subject": "Invoice", "reply_to": "us@kelp.example", "country": "DE", "street": "Kai 1",
    "city": "Hamburg", "postcode": "20095", "lines-0-name": "Probe", "lines-0-quantity": "1",
    "lines-0-unit_price": "100", "label": "Typed", "limit": "5",
}  # fmt: skip
OF_SCHEDULED = ("scheduled_moving", "scheduled_sending", "scheduled_cancelling")
WHOLE = bool(os.environ.get("TORTURE"))
A_DAY = slice(None) if WHOLE else slice(None, None, 3)  # every day a third of the forms, all with `make torture`
CLOCKS = (models.DateTimeField, models.DateField, models.UUIDField, models.BinaryField)
PRIVATE = (
    "password", "message_id", "idempotency_key", "occasion", "request_id", "dedupe_key", "public_id", "path",
    "token", "content",
)  # fmt: skip


@pytest.fixture
def town(admin, worker):
    """Something in every state that has a form."""
    factories.organization()
    buyer = factories.customer()
    factories.draft(buyer)
    factories.billed(factories.opened(buyer))
    factories.payment(factories.opened(buyer))
    factories.payment(factories.opened(buyer), 30000)
    problems.failed(factories.opened(buyer))
    problems.unknown(factories.opened(buyer))
    tomorrow = clock.today("Europe/Berlin") + timedelta(days=1)
    waiting = factories.scheduled(by=admin, wall=WallTime(tomorrow, time(9), "Europe/Berlin"))
    factories.opened(buyer)
    operations.with_one_failed(worker, by=admin, sound=0)
    filling.fill_next(factories.operation(factories.opened(buyer), by=admin, action="send", send_email=True))
    factories.selection(factories.draft(buyer), by=admin)
    factories.chosen_scheduled(waiting.documents.get().invoice, by=admin)
    return buyer


class Form:
    def __init__(self, page, element):
        self.page, self.path = page, urlsplit(urljoin(page, element.get("action") or page)).path
        self.fields, self.buttons = [], [()]
        for each in element.iter():
            name, kind = each.get("name"), (each.get("type") or "text").lower()
            if each.tag == "button" and name and kind != "button":
                self.buttons.append(((name, each.get("value") or ""),))
            if not name or each.get("disabled") is not None or name == "csrfmiddlewaretoken":
                continue
            if each.tag == "textarea":
                self._add(name, each.text or "")
            elif each.tag == "select":
                options = list(each.iter("option"))
                chosen = [option for option in options if option.get("selected") is not None]
                chosen = chosen or options[:1]
                self.fields += [(name, option.get("value", option.text or "")) for option in chosen]
            elif each.tag == "input" and kind in ("checkbox", "radio"):
                if each.get("checked") is not None:
                    self.fields.append((name, each.get("value") or "on"))
            elif each.tag == "input" and kind not in ("file", "submit", "image", "button"):
                self._add(name, each.get("value") or "")
        if len(self.buttons) > 1:
            self.buttons.pop(0)

    def _add(self, name, value):
        self.fields.append((name, value or TYPED.get(name, "")))

    def body(self, button, extra=None) -> dict:
        found: dict[str, list[str]] = {}
        for name, value in [*self.fields, *button]:
            found.setdefault(name, []).append(value)
        return {**{name: value for name, value in (extra or {}).items() if name not in found}, **found}


def forms_of(client):
    """Every form of every kind of page that a link leads to, and of the dialogs that a choice of invoices leads to."""
    chosen = [
        reverse(f"invoicing:{name}", args=[each.pk])
        for each in Selection.objects.all()
        for name in (OF_SCHEDULED if each.page == "scheduled" else ["batch_new"])
    ]
    seen, waiting, known, found = Counter(), ["/", *chosen], set(), {}
    for path in waiting:
        answer = client.get(path)
        if not answer.headers.get("Content-Type", "").startswith("text/html"):
            continue
        tree = html5lib.parse(answer.content.decode(), namespaceHTMLElements=False)
        for element in tree.iter("form"):
            if (element.get("method") or "get").lower() == "post":
                form = Form(path, element)
                if not form.path.startswith(AWAY):
                    place = form.path if WHOLE else resolve(form.path).view_name
                    found.setdefault((place, tuple(sorted({name for name, _value in form.fields}))), form)
        for element in tree.iter():
            for place in filter(None, (element.get("href"), element.get("hx-get"))):
                parts = urlsplit(urljoin(f"http://testserver{path}", place))
                if parts.netloc != "testserver" or parts.path.startswith(AWAY) or "format=" in parts.query:
                    continue
                try:
                    view = resolve(parts.path).view_name
                except Resolver404:
                    continue
                target = f"{parts.path}?{parts.query}"
                if target not in known and seen[view] < (8 if WHOLE else 1) and not parts.path.endswith("/pdf/"):
                    known.add(target)
                    seen[view] += 1
                    waiting.append(target)
    return list(found.values())


def state() -> dict:
    """All rows of all tables of ours, without what no two runs have in common."""
    found = {}
    for model in apps.get_models():
        if model._meta.app_label not in ("common", "customers", "invoicing", "dunning", "portal"):
            continue
        if model._meta.model_name in ("ratelimit", "heartbeat"):
            continue
        names = [
            field.attname
            for field in model._meta.concrete_fields
            if not (field.primary_key or field.is_relation or isinstance(field, CLOCKS) or field.name in PRIVATE)
            and not isinstance(field, models.JSONField)
            and field.name not in ("object_id", "actor_id", "thread")
        ]
        found[model._meta.label] = sorted(map(repr, model._default_manager.values_list(*names)))
    return found


class Undo(Exception):
    pass


def outcome(client, form, bodies) -> list[tuple[int, dict]]:
    """The state after each of these posts; afterwards all is as before."""
    found = []
    try:
        with transaction.atomic():
            for body in bodies:
                status = client.post(form.path, body).status_code
                found.append((status, state()))
            raise Undo
    except Undo:
        pass
    return found


def different(before, after) -> dict:
    return {
        name: [row for row in after[name] if row not in before[name]][:3]
        for name in after
        if Counter(before[name]) != Counter(after[name])
    }


def test_a_form_that_is_sent_twice_has_one_effect(town, admin, as_role):
    client = as_role(admin)
    client.raise_request_exception = False
    untouched, twice, broken, effective = state(), {}, {}, set()

    for form in forms_of(client)[A_DAY]:
        for button in form.buttons:
            body = form.body(button)
            (status, first), (again, second) = outcome(client, form, [body, body])
            if status >= 500 or again >= 500:
                broken[form.path, button] = (status, again)
            if different(untouched, first):
                effective.add(resolve(form.path).view_name)
            if change := different(first, second):
                twice[form.path, button] = change

    assert broken == {}
    assert twice == {}
    assert len(effective) >= (20 if WHOLE else 5), sorted(effective)


def test_what_is_not_on_a_form_is_ignored(town, admin, as_role):
    client = as_role(admin)
    client.raise_request_exception = False
    taken, untouched, effective = {}, state(), set()

    for form in forms_of(client)[A_DAY]:
        for button in form.buttons:
            [(_status, plain)] = outcome(client, form, [form.body(button)])
            [(status, smuggled)] = outcome(client, form, [form.body(button, SMUGGLED)])
            if different(untouched, plain):
                effective.add(resolve(form.path).view_name)
            if change := different(plain, smuggled):
                taken[form.path, button] = (status, change)

    assert taken == {}
    assert len(effective) >= (20 if WHOLE else 5), sorted(effective)
