"""The Open dialog: review, number, and sending in the same step."""

from datetime import timedelta

import pytest
from django.core import mail
from django.urls import reverse

from config.common import clock
from config.common.models import AuditEvent
from invoicing.models import Counter, Delivery
from tests import factories

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true", "HX-Target": "dialog"}


@pytest.fixture
def today(db):
    return clock.today(factories.organization().time_zone)


@pytest.fixture
def draft(db):
    return factories.draft()


def _url(invoice):
    return reverse("invoicing:opening", args=[invoice.pk])


def _filled(response, **changed):
    form = response.context["form"]
    values = {name: form[name].value() for name in form.fields}
    values = {name: ", ".join(value) if isinstance(value, list) else value for name, value in values.items()}
    return {name: value for name, value in {**values, **changed}.items() if value is not None and value is not False}


def test_it_reviews_the_draft_and_foretells_its_number(as_role, clerk, draft, today):
    page = as_role(clerk).get(_url(draft), headers=HTMX).text

    assert "will be numbered from <b>INV-2026-00001</b>" in page
    assert "242.00" in page
    assert "Send Email" in page
    for words in ("Subject", "Reply-To", "Customer Emails", "CC", "Custom Message"):
        assert words in page
    assert not Counter.objects.exists()


def test_with_send_email_it_opens_at_once_and_sends_in_the_background(as_role, clerk, draft, worker):
    client = as_role(clerk)
    dialog = client.get(_url(draft), headers=HTMX)

    response = client.post(_url(draft), _filled(dialog, copies="", message="Here it is"), headers=HTMX)

    draft.refresh_from_db()
    assert (draft.status, draft.number, draft.billed_at) == ("open", "INV-2026-00001", None)
    assert response["HX-Redirect"] == reverse("invoicing:detail", args=[draft.pk])
    assert mail.outbox == []
    worker()
    assert "Here it is" in mail.outbox[0].body
    draft.refresh_from_db()
    assert draft.billed_at is not None


def test_with_send_email_off_it_only_opens_whatever_the_mail_fields_say(as_role, clerk, draft):
    client = as_role(clerk)
    dialog = client.get(_url(draft), headers=HTMX)

    response = client.post(
        _url(draft), _filled(dialog, send_email=False, to="nonsense", subject="{numbr}"), headers=HTMX
    )

    draft.refresh_from_db()
    assert response.status_code == 200
    assert draft.status == "open"
    assert not Delivery.objects.exists()


def test_a_mistake_in_the_mail_opens_nothing(as_role, clerk, draft):
    client = as_role(clerk)
    dialog = client.get(_url(draft), headers=HTMX)
    events = AuditEvent.objects.count()

    response = client.post(_url(draft), _filled(dialog, to="nonsense", message="kept"), headers=HTMX)

    assert response.status_code == 422
    assert "“nonsense” is not an email address." in response.text
    assert "kept" in response.text
    draft.refresh_from_db()
    assert draft.is_draft
    assert AuditEvent.objects.count() == events
    assert not Counter.objects.exists()


def test_what_is_missing_is_listed_with_the_way_to_mend_it(as_role, clerk):
    bare = factories.drafting.draft_invoice(factories.customer(), by=clerk)

    response = as_role(clerk).get(_url(bare), headers=HTMX)

    assert "This draft cannot be opened yet" in response.text
    assert "It has no line. Add at least one." in response.text
    assert reverse("invoicing:edit", args=[bare.pk]) in response.text


def test_a_due_date_in_the_past_is_a_warning(as_role, clerk, today):
    late = factories.draft(due_on=today - timedelta(days=3), due_typed=True)

    assert "It will be overdue at once." in as_role(clerk).get(_url(late), headers=HTMX).text


def test_without_an_address_it_can_be_opened_but_not_sent(as_role, clerk):
    draft = factories.draft(factories.customer(email=""))
    client = as_role(clerk)
    dialog = client.get(_url(draft), headers=HTMX)
    assert "so it can be opened but not sent" in dialog.text

    client.post(_url(draft), {name: dialog.context["form"][name].value() for name in ("occasion", "seen", "version")})

    draft.refresh_from_db()
    assert draft.status == "open"
    assert not Delivery.objects.exists()


def test_the_slower_of_two_clerks_is_told_who_opened_it(as_role, clerk, manager, draft):
    one, other = as_role(clerk), as_role(manager)
    dialogs = [client.get(_url(draft), headers=HTMX) for client in (one, other)]

    one.post(_url(draft), _filled(dialogs[0]), headers=HTMX)
    late = other.post(_url(draft), _filled(dialogs[1]), headers=HTMX)

    assert late.status_code == 422
    assert "Femke Clerk already opened it, as INV-2026-00001. Nothing was done twice." in late.text
    assert Counter.objects.get().next_no == 2
    assert Delivery.objects.count() == 2


def test_its_preview_comes_back_to_the_open_dialog_when_something_is_wrong(as_role, clerk, draft):
    client = as_role(clerk)
    url = reverse("invoicing:preview", args=[draft.pk]) + "?from=opening"
    dialog = client.get(_url(draft), headers=HTMX)

    response = client.post(url, _filled(dialog, subject="{numbr}"), headers=HTMX)

    assert response.status_code == 422
    assert f'action="{_url(draft)}"' in response.text
    assert "will be numbered from" in response.text


def test_a_viewer_opens_nothing(as_role, viewer, draft):
    client = as_role(viewer)

    assert client.get(_url(draft)).status_code == 403
    assert client.post(_url(draft), {"version": 1}).status_code == 403

    draft.refresh_from_db()
    assert draft.is_draft
