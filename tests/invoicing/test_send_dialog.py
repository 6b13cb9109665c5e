"""The Send dialog: who gets it, what it says, and that one mail leaves however often it is asked for."""

from datetime import timedelta

import pytest
from django.core import mail
from django.urls import reverse

from config.common import clock
from config.common.models import AuditEvent
from customers.models import Contact, Organization
from customers.services.contacts import add_contact
from invoicing.models import CustomerLink, Delivery, Invoice
from invoicing.services import marking
from tests import factories

pytestmark = pytest.mark.django_db
LONG = "a" * 64 + "@" + ".".join(["d" * 60] * 3) + ".example"  # Django's own check lets it pass
HTMX = {"HX-Request": "true", "HX-Target": "dialog"}


@pytest.fixture
def today(db):
    return clock.today(factories.organization().time_zone)


@pytest.fixture
def draft(today):
    return factories.draft(due_on=today - timedelta(days=1), due_typed=True)


@pytest.fixture
def invoice(today):
    return factories.opened(on=today)


def _url(invoice, queue=False):
    return reverse("invoicing:deliveries", args=[invoice.pk]) + ("?from=queue" if queue else "")


def _filled(response, **changed):
    """What a browser would post of the dialog that came."""
    form = response.context["form"]
    values = {name: form[name].value() for name in form.fields}
    values = {name: ", ".join(value) if isinstance(value, list) else value for name, value in values.items()}
    return {name: value for name, value in {**values, **changed}.items() if value is not None and value is not False}


def test_it_is_filled_from_the_contacts_the_organization_and_the_template(as_role, clerk, invoice):
    response = as_role(clerk).get(_url(invoice, queue=True), headers=HTMX)

    page = response.text
    assert "Send INV-2026-00001" in page
    for words in ("Customer Emails", "Organization Emails", "Subject", "Reply-To", "CC", "Custom Message"):
        assert words in page
    assert 'value="ap@harbour.example"' in page
    assert 'value="receivables@kelpworks.example"' in page
    assert "{number} from {organization}" in page
    assert "INV-2026-00001 from Kelpworks Instruments B.V." in page  # as it will read
    assert "Send me a preview" in page
    assert "Yes, confirm" in page
    assert "2 recipients" in page
    assert "INV-2026-00001.pdf" in page


def test_the_customers_other_contacts_are_offered(as_role, clerk, invoice):
    add_contact(invoice.customer, by=clerk, email="kim@harbour.example", role="other")

    page = as_role(clerk).get(_url(invoice), headers=HTMX).text

    assert '<option value="kim@harbour.example">' in page


def test_yes_confirm_queues_one_mail_a_reader_and_the_worker_sends_them(as_role, clerk, invoice, worker):
    client = as_role(clerk)
    dialog = client.get(_url(invoice, queue=True), headers=HTMX)

    response = client.post(
        _url(invoice, queue=True), _filled(dialog, cc="boss@harbour.example", message="Hello {contact}"), headers=HTMX
    )

    assert response.status_code == 200
    assert response["HX-Trigger"] == "closeDialog"
    assert "INV-2026-00001 is on its way to 3 recipients." in response.text
    assert "Queued" in response.text
    assert mail.outbox == []  # the dialog answers at once
    worker()
    assert {message.to[0].split("<")[-1].rstrip(">") for message in mail.outbox} == {
        "ap@harbour.example",
        "boss@harbour.example",
        "receivables@kelpworks.example",
    }
    assert {message.subject for message in mail.outbox} == {"INV-2026-00001 from Kelpworks Instruments B.V."}
    assert "Hello Dagny Halvorsen" in mail.outbox[0].body
    invoice.refresh_from_db()
    assert invoice.billed_at is not None


def test_from_the_queue_a_draft_is_opened_and_sent(as_role, clerk, draft):
    client = as_role(clerk)
    dialog = client.get(_url(draft, queue=True), headers=HTMX)
    assert "Opens and sends." in dialog.text

    response = client.post(_url(draft, queue=True), _filled(dialog), headers=HTMX)

    draft.refresh_from_db()
    assert (draft.status, draft.number) == ("open", "INV-2026-00001")
    assert Delivery.objects.filter(documents__invoice=draft, status="queued").count() == 2
    assert f'id="invoice-{draft.pk}"' in response.text


def test_elsewhere_a_draft_is_told_to_be_opened_first(as_role, clerk, draft):
    client = as_role(clerk)

    dialog = client.get(_url(draft), headers=HTMX)
    refused = client.post(_url(draft), {**_filled(dialog), "to": "ap@harbour.example"}, headers=HTMX)

    assert "Open it first" in dialog.text
    assert reverse("invoicing:opening", args=[draft.pk]) in dialog.text
    assert "Yes, confirm" not in dialog.text
    assert refused.status_code == 422
    assert "A draft cannot be sent. Open it first." in refused.text
    assert not Delivery.objects.exists()
    draft.refresh_from_db()
    assert draft.is_draft


def test_on_the_invoices_page_the_button_is_send_and_leads_back_there(as_role, clerk, invoice):
    client = as_role(clerk)
    dialog = client.get(_url(invoice), headers=HTMX)
    assert "Send Email" in dialog.text
    assert "Yes, confirm" not in dialog.text

    response = client.post(_url(invoice), _filled(dialog), headers=HTMX)

    assert response["HX-Redirect"] == reverse("invoicing:detail", args=[invoice.pk])


def test_without_script_it_is_a_page_and_leads_back_to_the_queue(as_role, clerk, invoice):
    client = as_role(clerk)
    page = client.get(_url(invoice, queue=True))
    assert "<!doctype html>" in page.text

    response = client.post(_url(invoice, queue=True), _filled(page))

    assert (response.status_code, response["Location"]) == (302, reverse("invoicing:queue"))
    assert Delivery.objects.count() == 2


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("to", "", "Nobody would get this email. Add at least one customer email."),
        ("to", "ap@harbour", "“ap@harbour” is not an email address. Correct it or take it out."),
        ("subject", "Bill {numbr}", "There is no field {numbr}. Did you mean {number}?"),
        ("message", "100 } percent", "There is a lone }."),
        ("reply_to", "", "This field is required."),
        ("cc", "x", "“x” is not an email address."),
        ("cc", LONG, f"“{LONG}” is not an email address."),
        ("reply_to", LONG, "Ensure this value has at most 254 characters"),
    ],
)
def test_what_is_wrong_is_said_at_the_field_and_nothing_typed_is_lost(as_role, clerk, draft, field, typed, sentence):
    client = as_role(clerk)
    dialog = client.get(_url(draft, queue=True), headers=HTMX)
    events = AuditEvent.objects.count()

    sent = _filled(dialog, **{"message": "typed by hand", field: typed})
    response = client.post(_url(draft, queue=True), sent, headers=HTMX)

    assert response.status_code == 422
    assert sentence in response.text
    assert response.context["form"][field].errors
    if field != "message":
        assert "typed by hand" in response.text
    assert not Delivery.objects.exists()
    assert AuditEvent.objects.count() == events


def test_the_same_submit_twice_is_one_send(as_role, clerk, invoice, worker):
    client = as_role(clerk)
    sent = _filled(client.get(_url(invoice), headers=HTMX), copies="")

    first = client.post(_url(invoice), sent)
    second = client.post(_url(invoice), sent)

    assert (first.status_code, second.status_code) == (302, 302)
    worker()
    assert len(mail.outbox) == 1


def test_of_two_clerks_one_sends_and_the_other_is_told_who_did(as_role, clerk, manager, draft, worker):
    one, other = as_role(clerk), as_role(manager)
    dialogs = [client.get(_url(draft, queue=True), headers=HTMX) for client in (one, other)]

    one.post(_url(draft, queue=True), _filled(dialogs[0], copies=""), headers=HTMX)
    late = other.post(_url(draft, queue=True), _filled(dialogs[1], copies=""), headers=HTMX)

    assert late.status_code == 422
    assert "Femke Clerk sent INV-2026-00001 a moment ago, to ap@harbour.example" in late.text
    worker()
    assert len(mail.outbox) == 1
    assert Invoice.objects.exclude(number="").count() == 1


def test_a_stale_tab_is_told_after_the_mail_went_out_too(as_role, clerk, manager, invoice, worker):
    client = as_role(clerk)
    old = client.get(_url(invoice), headers=HTMX)
    as_role(manager).post(_url(invoice), _filled(as_role(manager).get(_url(invoice)), copies=""))
    worker()

    late = client.post(_url(invoice), _filled(old, copies=""), headers=HTMX)

    assert "Tomáš Manager sent INV-2026-00001 a moment ago" in late.text
    worker()
    assert len(mail.outbox) == 1


def test_a_new_dialog_may_send_it_once_more(as_role, clerk, invoice, worker):
    client = as_role(clerk)
    client.post(_url(invoice), _filled(client.get(_url(invoice)), copies=""))
    worker()

    again = client.get(_url(invoice))
    assert "It was sent before, first on" in again.text
    client.post(_url(invoice), _filled(again, copies=""))

    worker()
    assert len(mail.outbox) == 2


def test_a_draft_that_changed_meanwhile_is_reviewed_again(as_role, clerk, manager, draft):
    client = as_role(clerk)
    dialog = client.get(_url(draft, queue=True), headers=HTMX)
    factories.drafting.change_draft(
        draft, by=manager, version=draft.version, fields={}, lines=[factories.line(unit_price="999")]
    )

    late = client.post(_url(draft, queue=True), _filled(dialog), headers=HTMX)

    assert "This draft was changed after you looked at it. Review it and open it again." in late.text
    assert "2,417.58" in late.text
    assert not Delivery.objects.exists()
    assert client.post(_url(draft, queue=True), _filled(late), headers=HTMX).status_code == 200


def test_without_any_address_it_says_so_and_leads_to_the_profile(as_role, clerk, today):
    invoice = factories.opened(factories.customer("Natsumi", email=""), on=today)

    page = as_role(clerk).get(_url(invoice, queue=True), headers=HTMX).text

    assert "No contact email" in page
    assert "has no contact with an email address, so this invoice cannot be sent from here." in page
    assert f"/customers/{invoice.customer_id}/?next=%2Finvoices%2F{invoice.pk}%2Fdeliveries%2F%3Ffrom%3Dqueue" in page
    assert "Mark as Sent" in page
    assert "Yes, confirm" not in page


def test_a_draft_without_any_address_is_still_told_to_be_opened_first(as_role, clerk):
    draft = factories.draft(factories.customer("Natsumi", email=""))

    assert "Open it first" in as_role(clerk).get(_url(draft), headers=HTMX).text


def test_a_paid_invoice_is_sent_as_a_copy_and_stays_paid(as_role, clerk, invoice, worker):
    factories.payment(invoice)
    client = as_role(clerk)
    dialog = client.get(_url(invoice))
    assert "Send a copy" in dialog.text

    client.post(_url(invoice), _filled(dialog, copies=""))

    worker()
    invoice.refresh_from_db()
    assert invoice.status == "paid"
    assert len(mail.outbox) == 1


def test_one_marked_as_sent_is_asked_whether_to_lift_the_mark(as_role, clerk, invoice, today):
    marking.mark_as_sent(invoice, by=clerk, how="By post", sent_on=today, on=today)
    client = as_role(clerk)
    dialog = client.get(_url(invoice))
    assert "It was marked as sent by other means" in dialog.text

    client.post(_url(invoice), _filled(dialog, lift_mark="on"))

    invoice.refresh_from_db()
    assert invoice.marked_sent_at is None
    assert invoice.billed_at is not None
    assert Delivery.objects.filter(status="queued").count() == 2


def test_the_mark_stays_unless_it_is_lifted(as_role, clerk, invoice, today):
    marking.mark_as_sent(invoice, by=clerk, how="By post", sent_on=today, on=today)
    client = as_role(clerk)

    client.post(_url(invoice), _filled(client.get(_url(invoice))))

    invoice.refresh_from_db()
    assert invoice.marked_sent_at is not None


def test_the_preview_goes_to_me_alone_and_changes_nothing(as_role, clerk, draft):
    client = as_role(clerk)
    dialog = client.get(_url(draft, queue=True), headers=HTMX)
    url = reverse("invoicing:preview", args=[draft.pk]) + "?from=queue"

    response = client.post(url, _filled(dialog, message="Only this once"), headers=HTMX)

    assert (response.status_code, response["HX-Reswap"]) == (200, "none")
    assert "A preview is on its way to clerk@dunlin.example. Nothing else was changed." in response.text
    [message] = mail.outbox
    assert "Only this once" in message.body
    assert not Delivery.objects.exists()
    draft.refresh_from_db()
    assert draft.is_draft


def test_a_preview_with_a_mistake_shows_the_dialog_again(as_role, clerk, draft):
    client = as_role(clerk)
    dialog = client.get(_url(draft, queue=True), headers=HTMX)
    url = reverse("invoicing:preview", args=[draft.pk]) + "?from=queue"

    response = client.post(url, _filled(dialog, subject="{numbr}"), headers=HTMX)

    assert response.status_code == 422
    assert "Did you mean {number}?" in response.text
    assert f'action="{_url(draft, queue=True)}"' in response.text  # Yes, confirm still sends
    assert mail.outbox == []


def test_a_row_menu_previews_what_is_proposed(as_role, clerk, invoice):
    response = as_role(clerk).post(reverse("invoicing:preview", args=[invoice.pk]) + "?from=queue", headers=HTMX)

    assert response.status_code == 200
    assert mail.outbox[0].subject == "[Preview] INV-2026-00001 from Kelpworks Instruments B.V."


def test_words_are_shown_filled_while_they_are_typed(as_role, clerk, draft):
    response = as_role(clerk).post(
        reverse("invoicing:wording", args=[draft.pk]), {"subject": "Bill <b>{number}", "message": "For {customer}"}
    )

    assert "Bill &lt;b&gt;INV-2026-00001" in response.text
    assert "For Harbour Café GmbH" in response.text


def test_a_viewer_can_neither_look_nor_send_nor_preview(as_role, viewer, invoice):
    client = as_role(viewer)

    assert client.get(_url(invoice)).status_code == 403
    for url in (
        _url(invoice),
        reverse("invoicing:preview", args=[invoice.pk]),
        reverse("invoicing:wording", args=[invoice.pk]),
    ):
        assert client.post(url, {"to": "x@harbour.example"}).status_code == 403

    assert not Delivery.objects.exists()
    assert mail.outbox == []


def test_strangers_are_sent_to_the_door(client, invoice):
    assert client.get(_url(invoice))["Location"].startswith(reverse("account_login"))


# --- The portal link ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("usual", [True, False])
def test_the_portal_link_is_on_or_off_as_the_organization_has_it_and_can_be_switched(
    as_role, clerk, invoice, worker, usual
):
    Organization.objects.update(portal_link_in_emails=usual)
    client = as_role(clerk)
    dialog = client.get(_url(invoice), headers=HTMX)
    assert dialog.context["form"]["portal_link"].value() is usual

    client.post(_url(invoice), _filled(dialog, portal_link="" if usual else "on"))
    worker()

    sent = {delivery.role: delivery.with_link for delivery in Delivery.objects.all()}
    assert sent == {"to": not usual, "copy": False}
    assert ["View and pay invoice" in message.body for message in mail.outbox] == [not usual, False]


def test_a_message_with_the_link_is_refused_at_its_field_while_the_switch_is_off(as_role, clerk, invoice):
    client = as_role(clerk)
    typed = _filled(client.get(_url(invoice), headers=HTMX), portal_link="", message="See {portal_link}")

    answer = client.post(_url(invoice), typed)

    assert answer.status_code == 422
    assert answer.context["form"].errors == {
        "message": ["The message has {portal_link}, but the portal link is off. Turn it on, or take the field out."]
    }
    assert "See {portal_link}" in answer.text
    assert not Delivery.objects.exists()


def test_a_preview_has_a_link_that_leads_nowhere(as_role, clerk, invoice):
    client = as_role(clerk)
    typed = _filled(client.get(_url(invoice), headers=HTMX), message="See {portal_link}")

    client.post(reverse("invoicing:preview", args=[invoice.pk]), typed)

    [preview] = mail.outbox
    assert preview.body.count("http://127.0.0.1:8000/i/preview/") == 2
    assert not CustomerLink.objects.exists()


def test_an_address_in_trouble_is_asked_about_however_it_is_written(as_role, clerk, invoice):
    add_contact(invoice.customer, by=clerk, email="kim@müller.example", role="other", gets_invoices=False)
    Contact.objects.filter(email="kim@müller.example").update(bounced_at=clock.now())
    client = as_role(clerk)

    sent = _filled(client.get(_url(invoice)), cc="kim@xn--mller-kva.example")
    refused = client.post(_url(invoice), sent)

    assert "Mail to kim@müller.example came back" in refused.text
    assert client.post(_url(invoice), {**sent, "anyway": "on"}).status_code == 302
