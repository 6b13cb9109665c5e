"""The dialog of Mark as Sent, and Undo in the row."""

from datetime import timedelta

import pytest
from django.urls import reverse

from config.common import clock
from invoicing.models import Delivery
from invoicing.services import marking
from tests import factories

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true", "HX-Target": "dialog"}


@pytest.fixture
def today(db):
    return clock.today(factories.organization().time_zone)


@pytest.fixture
def draft(today):
    return factories.draft(due_on=today, due_typed=True)


def _url(invoice, name="marking"):
    return reverse(f"invoicing:{name}", args=[invoice.pk]) + "?from=queue"


def _typed(invoice, today, **changed):
    return {"how": "portal", "sent_on": today.isoformat(), "note": "", "version": invoice.version, **changed}


def test_it_says_what_follows_before_anything_is_done(as_role, clerk, draft):
    page = as_role(clerk).get(_url(draft), headers=HTMX).text

    assert "Mark as Sent" in page
    assert "This invoice will not be eligible for autopayment, and invoice reminders won’t be sent for it." in page
    assert "it is opened first: it gets its number, probably INV-2026-00001" in page
    assert not Delivery.objects.exists()


def test_from_the_queue_the_row_becomes_unpaid_with_undo(as_role, clerk, draft, today):
    response = as_role(clerk).post(_url(draft), _typed(draft, today, note="ticket 7"), headers=HTMX)

    assert response["HX-Trigger"] == "closeDialog"
    assert "INV-2026-00001 is marked as sent." in response.text
    for words in ("Unpaid", "Marked as sent", "Undo"):
        assert words in response.text
    delivery = Delivery.objects.get()
    assert (delivery.subject, delivery.note) == ("Uploaded to the customer’s portal", "ticket 7")


def test_undo_brings_the_row_back_with_its_number(as_role, clerk, draft, today):
    client = as_role(clerk)
    client.post(_url(draft), _typed(draft, today), headers=HTMX)

    response = client.post(_url(draft, "unmarking"), headers=HTMX)

    assert "INV-2026-00001 is no longer marked as sent." in response.text
    assert "Unbilled" in response.text
    assert 'class="done"' not in response.text
    draft.refresh_from_db()
    assert (draft.status, draft.billed_at) == ("open", None)


def test_without_script_both_lead_back_to_the_queue(as_role, clerk, draft, today):
    client = as_role(clerk)

    for response in (client.post(_url(draft), _typed(draft, today)), client.post(_url(draft, "unmarking"))):
        assert (response.status_code, response["Location"]) == (302, reverse("invoicing:queue"))


def test_some_other_way_has_to_be_said(as_role, clerk, draft, today):
    response = as_role(clerk).post(_url(draft), _typed(draft, today, how="other"), headers=HTMX)

    assert response.status_code == 422
    assert "Say in a few words how it was sent." in response.text
    assert not Delivery.objects.exists()


def test_a_day_to_come_is_refused_and_what_was_typed_stays(as_role, clerk, draft, today):
    tomorrow = today + timedelta(days=1)

    response = as_role(clerk).post(_url(draft), _typed(draft, tomorrow, note="kept"), headers=HTMX)

    assert response.status_code == 422
    assert "It cannot have been sent on a day that has not come yet." in response.text
    assert "kept" in response.text
    draft.refresh_from_db()
    assert draft.is_draft


def test_who_comes_second_is_told(as_role, clerk, manager, today):
    invoice = factories.opened(on=today)
    marking.mark_as_sent(invoice, by=manager, how="By post", sent_on=today, on=today)

    response = as_role(clerk).post(_url(invoice), _typed(invoice, today), headers=HTMX)

    assert response.status_code == 422
    assert "has been sent already" in response.text
    assert Delivery.objects.count() == 1


def test_a_viewer_is_refused(as_role, viewer, draft, today):
    client = as_role(viewer)

    assert client.get(_url(draft)).status_code == 403
    assert client.post(_url(draft), _typed(draft, today)).status_code == 403
    assert client.post(_url(draft, "unmarking")).status_code == 403

    draft.refresh_from_db()
    assert draft.is_draft
