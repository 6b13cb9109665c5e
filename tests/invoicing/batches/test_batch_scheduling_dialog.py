"""Schedule for Later in the dialog of a batch: whose clock, what is said, and what is refused."""

from datetime import timedelta

import pytest
from django.urls import reverse

from invoicing.models import BatchOperation
from tests import factories
from tests.invoicing.batch_dialog import HTMX, preflight, url

pytestmark = pytest.mark.django_db
LATER = {"send_email": "on", "later": "on", "send_at": "09:00", "zone": "each"}


def test_the_dialog_offers_each_customers_own_clock_and_ones_own(as_role, clerk, chosen, today):
    answer = as_role(clerk).get(url(chosen(factories.draft(), page="queue"), "send"), headers=HTMX)

    form = answer.context["form"]
    assert [value for value, _label in form.fields["zone"].choices] == ["each", clerk.time_zone]
    assert (form["later"].value(), form["zone"].value()) == (None, "each")


def test_what_waits_is_said_before_it_is_confirmed_and_scheduled_then(as_role, clerk, chosen, today, worker):
    selection, client = chosen(factories.draft(), page="queue"), as_role(clerk)
    typed = {**LATER, "send_on": (today + timedelta(days=3)).isoformat()}

    shown = preflight(client, selection, "send", **typed).text
    client.post(url(selection, "send"), {"request_id": "x", **typed}, headers=HTMX)
    worker()

    assert "Schedule 1 invoice</button>" in shown
    assert "1 email goes out on" in shown
    operation = BatchOperation.objects.get()
    assert (operation.send_on, operation.zone) == (today + timedelta(days=3), "")
    page = client.get(reverse("invoicing:batch", args=[operation.pk])).text
    assert "Schedule 1 invoice" in page
    assert "where each customer is" in page
    assert f'id="batch-{operation.pk}-cancel"' in page


def test_switched_off_nobody_looks_at_what_stands_in_its_fields(as_role, clerk, chosen, today):
    selection = chosen(factories.draft(), page="queue")
    typed = {**LATER, "send_on": "never", "zone": "Mars"}
    typed.pop("later")

    as_role(clerk).post(url(selection, "send"), {"request_id": "x", **typed}, headers=HTMX)

    assert BatchOperation.objects.get().send_on is None


def test_a_day_that_is_none_is_said_before_anything_begins(as_role, clerk, chosen, today):
    selection, client = chosen(factories.draft(), page="queue"), as_role(clerk)

    no_day = client.post(url(selection, "send"), {"request_id": "x", **LATER, "send_on": ""}, headers=HTMX)
    past = {**LATER, "send_on": (today - timedelta(days=3)).isoformat(), "zone": clerk.time_zone}
    too_late = client.post(url(selection, "send"), {"request_id": "x", **past}, headers=HTMX)

    assert no_day.status_code == too_late.status_code == 422
    assert "That moment has passed already." in too_late.text
    assert not BatchOperation.objects.exists()
