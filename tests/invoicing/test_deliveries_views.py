"""A delivery's own page, and the list of those somebody must decide about."""

import pytest
from django.core import mail
from django.urls import reverse

from config.common.models import AuditEvent
from invoicing.models import Delivery
from tests import factories
from tests.invoicing.problems import failed, unknown

pytestmark = pytest.mark.django_db


def _url(delivery, name="delivery"):
    return reverse(f"invoicing:{name}", args=[delivery.pk])


def test_it_shows_the_mail_as_sent_the_file_and_every_answer(as_role, viewer, worker):
    delivery = factories.queued(message="Hello {contact}")
    worker()

    page = as_role(viewer).get(_url(delivery)).text

    assert "Invoice INV-2026-00001" in page
    assert f'<iframe class="mail-frame" sandbox src="{_url(delivery, "delivery_html")}"' in page
    assert "INV-2026-00001.pdf" in page
    assert Delivery.objects.get().documents.get().document.sha256 in page
    assert "Accepted" in page
    assert delivery.message_id.strip("<>") in page


def test_its_html_stands_alone_and_can_run_and_load_nothing(as_role, viewer, worker):
    delivery = factories.queued(message="<script>alert(1)</script>")
    worker()

    response = as_role(viewer).get(_url(delivery, "delivery_html"))

    policy = response["Content-Security-Policy"]
    assert policy == "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; sandbox"
    assert response["X-Frame-Options"] == "SAMEORIGIN"
    assert "&lt;script&gt;" in response.text
    assert "<script>" not in response.text


def test_before_the_worker_took_it_there_is_no_html(as_role, clerk):
    delivery = factories.queued()
    client = as_role(clerk)

    assert "It waits for the background worker" in client.get(_url(delivery)).text
    assert client.get(_url(delivery, "delivery_html")).status_code == 404


def test_a_failed_one_says_why_and_goes_again_to_a_mended_address(as_role, clerk, worker):
    lost = failed()
    client = as_role(clerk)
    page = client.get(_url(lost)).text
    assert "It was not sent." in page
    assert "550 5.1.1 no such user" in page

    response = client.post(_url(lost, "settling"), {"decision": "again", "address": "right@harbour.example"})

    assert (response.status_code, response["Location"]) == (302, _url(lost))
    worker()
    lost.refresh_from_db()
    assert (lost.status, lost.recipient) == ("sent", "right@harbour.example")
    assert "right@harbour.example" in mail.outbox[0].to[0]
    assert "ap@harbour.example" in client.get(_url(lost)).text  # the first attempt keeps its address


def test_of_unknown_outcome_it_leads_to_the_mail_that_goes_in_its_place(as_role, clerk):
    silent = unknown()
    client = as_role(clerk)

    response = client.post(_url(silent, "settling"), {"decision": "again", "address": "right@harbour.example"})

    made = Delivery.objects.get(recipient="right@harbour.example")
    assert (response.status_code, response["Location"]) == (302, _url(made))
    assert "Given up without knowing its outcome" in client.get(_url(silent)).text


def test_a_wrong_address_is_said_at_the_field(as_role, clerk):
    lost = failed()

    response = as_role(clerk).post(_url(lost, "settling"), {"decision": "again", "address": "nonsense"})

    assert response.status_code == 422
    assert "Enter a valid email address." in response.text
    assert 'value="nonsense"' in response.text
    lost.refresh_from_db()
    assert lost.status == "failed"


def test_one_of_unknown_outcome_arrived_and_so_is_billed(as_role, clerk):
    silent = unknown()
    client = as_role(clerk)
    assert "Outcome unknown." in client.get(_url(silent)).text

    client.post(_url(silent, "settling"), {"decision": "arrived"})

    silent.refresh_from_db()
    assert silent.status == "sent"
    assert silent.documents.get().invoice.billed_at is not None


def test_let_it_rest_takes_it_off_the_list(as_role, clerk):
    lost = failed()
    client = as_role(clerk)

    client.post(_url(lost, "settling"), {"decision": "rest"})

    assert not Delivery.objects.problems().exists()
    assert "nothing more will be done about it" in client.get(_url(lost)).text


def test_what_somebody_else_decided_meanwhile_is_told(as_role, clerk):
    silent = unknown()
    client = as_role(clerk)
    client.post(_url(silent, "settling"), {"decision": "arrived"})

    late = client.post(_url(silent, "settling"), {"decision": "arrived"})

    assert late.status_code == 422
    assert "Its outcome is known by now. Reload the page." in late.text


def test_the_list_has_each_with_its_reason(as_role, viewer):
    failed()
    silent = unknown()

    page = as_role(viewer).get(reverse("invoicing:problems")).text

    assert "550 5.1.1 no such user" in page
    assert "Outcome unknown" in page
    assert _url(silent) in page
    assert "Send again" not in page


def test_all_that_are_ticked_go_again_together(as_role, clerk, worker):
    rows = [failed(), unknown()]

    response = as_role(clerk).post(
        reverse("invoicing:problems"), {"id": [row.pk for row in rows], "decision": "again"}, follow=True
    )

    assert "2 deliveries are settled." in response.text
    assert "No problems" in response.text
    worker()
    assert len(mail.outbox) == 2


def test_each_that_cannot_be_settled_so_is_named(as_role, clerk):
    rows = [failed(), unknown()]

    response = as_role(clerk).post(
        reverse("invoicing:problems"), {"id": [row.pk for row in rows], "decision": "arrived"}, follow=True
    )

    assert "1 delivery is settled." in response.text
    assert "Its outcome is known by now." in response.text


def test_nothing_ticked_is_said(as_role, clerk):
    failed()

    response = as_role(clerk).post(reverse("invoicing:problems"), {"decision": "again"}, follow=True)

    assert "Nothing was ticked, so nothing was done." in response.text


def test_a_viewer_decides_nothing(as_role, viewer):
    lost = failed()
    events = AuditEvent.objects.count()
    client = as_role(viewer)

    assert client.post(_url(lost, "settling"), {"decision": "rest"}).status_code == 403
    assert client.post(reverse("invoicing:problems"), {"id": lost.pk, "decision": "rest"}).status_code == 403

    lost.refresh_from_db()
    assert lost.settled_at is None
    assert AuditEvent.objects.count() == events


def test_one_problem_is_counted_as_one(as_role, clerk):
    failed()

    page = as_role(clerk).get(reverse("invoicing:problems")).text

    assert "1 delivery</span>" in page
