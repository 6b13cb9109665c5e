"""Retry failed, Cancel and Acknowledge: as buttons of the list, of the operation's page, and without any script."""

import re

import pytest
from django.core import mail
from django.urls import reverse

from config.common import states
from config.common.models import AuditEvent
from customers.services.contacts import add_contact
from invoicing.models import Delivery
from invoicing.services.batches import deciding, filling, running
from tests import factories
from tests.invoicing import operations

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


def to(name, operation) -> str:
    return reverse(f"invoicing:batch_{name}", args=[operation.pk])


def page_of(operation) -> str:
    return reverse("invoicing:batch", args=[operation.pk])


def offered(client, operation) -> set[str]:
    """The acts that the operation's page offers."""
    html = client.get(page_of(operation)).content.decode()
    return set(re.findall(rf"/batches/{operation.pk}/(retrying|cancelling|acknowledging)/", html))


def state(operation) -> str:
    operation.refresh_from_db()
    return operation.status


# --- What is offered ------------------------------------------------------------------------------------------


def test_a_running_operation_can_be_cancelled_and_an_ended_one_acknowledged(as_role, clerk, worker):
    operation = factories.operation(factories.draft(), by=clerk)
    client = as_role(clerk)

    assert offered(client, operation) == {"cancelling"}
    worker()
    assert offered(client, operation) == {"acknowledging"}
    deciding.acknowledge_operation(operation, by=clerk)
    assert offered(client, operation) == set()


def test_a_failed_operation_can_be_retried_and_acknowledged(as_role, clerk, worker):
    operation = operations.with_one_failed(worker, by=clerk, sound=0)

    assert offered(as_role(clerk), operation) == {"retrying", "acknowledging"}


def test_a_viewer_is_offered_nothing(as_role, viewer, clerk, worker):
    operation = operations.with_one_failed(worker, by=clerk, sound=0)

    assert offered(as_role(viewer), operation) == set()


# --- Retry failed ---------------------------------------------------------------------------------------------


def test_what_failed_is_tried_again_once_it_was_mended(as_role, clerk, worker):
    operation = operations.with_one_failed(worker, by=clerk, sound=0)
    silent = operation.items.get().invoice.customer
    add_contact(silent, by=clerk, name="Ida", email="ida@silent.example", role="primary")

    answer = as_role(clerk).post(to("retrying", operation), follow=True)
    worker()

    assert answer.redirect_chain == [(page_of(operation), 302)]
    assert "1 invoice is tried again." in answer.content.decode()
    assert state(operation) == "completed"
    assert [message.to for message in mail.outbox] == [["Ida <ida@silent.example>"]]


def test_the_second_of_two_who_retry_is_told_and_nothing_is_tried_twice(as_role, clerk, manager, worker):
    operation = operations.with_one_failed(worker, by=clerk, sound=0)
    first, second = as_role(clerk), as_role(manager)
    first.post(to("retrying", operation))
    events = AuditEvent.objects.count()

    told = second.post(to("retrying", operation), headers=HTMX)

    assert told.status_code == 422
    assert f"Nothing of {operation} is left to retry. Reload the page." in told.content.decode()
    assert AuditEvent.objects.count() == events
    assert state(operation) == "in_progress"


def test_the_list_gets_the_article_as_it_stands_now(as_role, clerk, worker):
    operation = operations.with_one_failed(worker, by=clerk, sound=0)

    answer = as_role(clerk).post(to("retrying", operation), headers=HTMX)

    html = answer.content.decode()
    assert html.strip().startswith("<article")
    assert "In Progress" in html
    assert "1 invoice is tried again." in html
    assert (answer["HX-Retarget"], answer["HX-Reswap"]) == (f"#batch-{operation.pk}", "outerHTML")


def test_the_page_gets_its_head_and_its_story(as_role, clerk, worker):
    operation = operations.with_one_failed(worker, by=clerk, sound=0)

    html = as_role(clerk).post(to("retrying", operation) + "?on=page", headers=HTMX).content.decode()

    assert "<h1>" in html
    assert "<article" not in html
    assert re.search(r'id="activity"[^>]*hx-swap-oob="true"', html)
    assert "tried the failed ones again" in html


# --- Cancel ---------------------------------------------------------------------------------------------------


def test_cancelling_asks_first_and_spells_out_what_it_does(as_role, clerk):
    operation = factories.operation(factories.draft(), factories.draft(), by=clerk)
    filling.fill_next(operation)
    events = AuditEvent.objects.count()

    asked = as_role(clerk).get(to("cancelling", operation), headers=HTMX).content.decode()

    assert f"Cancel {operation}?" in asked
    assert "Stops 2 invoices that have not begun." in asked
    assert (state(operation), AuditEvent.objects.count()) == ("in_progress", events)


def test_it_says_which_emails_are_not_sent_and_which_invoices_stay_open(as_role, clerk):
    operation = factories.operation(factories.draft(), factories.draft(), by=clerk, send_email=True)
    running.run_waiting()  # opened and queued, nothing carried
    assert Delivery.objects.filter(status="queued").count() == 2

    asked = as_role(clerk).get(to("cancelling", operation)).content.decode()

    assert "that have not begun" not in asked
    assert "2 emails that wait are not sent." in asked
    assert "2 invoices stay open." in asked


def test_it_says_when_nothing_is_left_to_stop(as_role, clerk):
    operation = factories.operation(factories.draft(), by=clerk, send_email=True)
    running.run_waiting()
    states.claim(Delivery.objects.get(), to="sending", worker="w", lease_seconds=60, from_states=["queued"])

    asked = as_role(clerk).get(to("cancelling", operation)).content.decode()

    assert "Nothing of it is left to stop: all has begun." in asked
    assert "1 invoice stays open." in asked


def test_what_has_not_begun_is_stopped_and_the_operation_says_who_did_it(as_role, clerk, worker):
    operation = factories.operation(factories.draft(), factories.draft(), by=clerk)
    filling.fill_next(operation)
    client = as_role(clerk)

    answer = client.post(to("cancelling", operation), headers=HTMX)
    worker()

    assert answer["HX-Trigger"] == "closeDialog, settled"
    assert "Cancelled by Femke Clerk" in client.get(page_of(operation)).content.decode()
    assert "cancelling" not in offered(client, operation)
    assert list(operation.items.values_list("status", flat=True)) == ["cancelled"] * 2
    assert state(operation) == "completed"


def test_while_it_stops_it_says_so_and_offers_no_second_cancel(as_role, clerk):
    operation = factories.operation(factories.draft(), by=clerk, send_email=True)
    running.run_waiting()
    carried = Delivery.objects.get()
    states.claim(carried, to="sending", worker="w", lease_seconds=60, from_states=["queued"])

    answer = as_role(clerk).post(to("cancelling", operation), headers=HTMX)

    assert "Stopping: what has begun comes to its end" in answer.content.decode()
    assert "In Progress" in answer.content.decode()
    assert offered(as_role(clerk), operation) == set()


def test_who_cancels_what_has_ended_is_told(as_role, clerk, worker):
    operation = operations.completed(worker, by=clerk)

    told = as_role(clerk).post(to("cancelling", operation))

    assert told.status_code == 422
    assert "has ended or was cancelled already" in told.content.decode()
    assert list(operation.items.values_list("status", flat=True)) == ["done"] * 2


# --- Acknowledge ----------------------------------------------------------------------------------------------


def test_acknowledging_takes_it_out_of_the_way_and_keeps_who_and_when(as_role, clerk, worker):
    operation = operations.with_one_failed(worker, by=clerk, sound=0)
    client = as_role(clerk)

    answer = client.post(to("acknowledging", operation), follow=True)

    assert f"{operation} is acknowledged." in answer.content.decode()
    assert "Acknowledged by Femke Clerk" in answer.content.decode()
    assert list(client.get("/batches/").context["page"].rows) == []
    operation.refresh_from_db()
    assert operation.acknowledged_by == clerk
    assert operation.acknowledged_at is not None


def test_the_second_who_acknowledges_is_told_who_did(as_role, clerk, manager, worker):
    operation = operations.completed(worker, by=clerk)
    as_role(clerk).post(to("acknowledging", operation))

    told = as_role(manager).post(to("acknowledging", operation), headers=HTMX)

    assert told.status_code == 422
    assert f"Femke Clerk acknowledged {operation} already." in told.content.decode()
    operation.refresh_from_db()
    assert operation.acknowledged_by == clerk


@pytest.mark.parametrize("name", ["retrying", "cancelling", "acknowledging"])
def test_what_a_viewer_posts_is_refused_and_changes_nothing(name, as_role, viewer, clerk, worker):
    operation = operations.with_one_failed(worker, by=clerk, sound=0)
    events = AuditEvent.objects.count()

    told = as_role(viewer).post(to(name, operation))

    assert told.status_code == 403
    assert "It needs the role Clerk" in told.content.decode()
    assert (state(operation), AuditEvent.objects.count()) == ("failed", events)


@pytest.mark.parametrize("name", ["retrying", "cancelling", "acknowledging", "progress"])
def test_an_operation_there_is_not_is_not_found(name, as_role, clerk):
    factories.organization()
    client = as_role(clerk)

    method = client.get if name == "progress" else client.post
    assert method(f"/batches/99/{name}/").status_code == 404
