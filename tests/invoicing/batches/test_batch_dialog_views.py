"""The dialog of a batch: settings, preflight, a look at the mails, and one operation however often it is sent."""

from datetime import timedelta

import pytest
from django.core import mail
from django.urls import reverse

from config.common import clock
from config.common.models import AuditEvent
from customers.models import Customer, Organization
from customers.services.customers import archive_customer
from invoicing.models import BatchOperation, Invoice, InvoiceTemplateText, Selection
from invoicing.services import drafting, opening
from invoicing.services.batches import checking, filling, selecting
from tests import factories
from tests.invoicing.batch_dialog import HTMX, filled, nothing_began, preflight, url

pytestmark = pytest.mark.django_db
CHANGED = "This draft was changed after you looked at it. Review it and open it again."


# --- The dialog -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("action", "title", "on"),
    [
        ("open", "Open 2 invoices", []),
        ("send", "Send 2 invoices", ["send_email"]),
        ("submit", "Submit 2 e-invoices", ["submit_einvoice"]),
    ],
)
def test_it_says_how_many_and_what_they_come_to_and_what_blank_means(action, title, on, as_role, clerk, chosen):
    selection = chosen(factories.draft(), factories.draft())

    answer = as_role(clerk).get(url(selection, action), headers=HTMX)

    page = answer.text
    assert title in page
    assert "484.00" in page
    for words in ("Send Email", "Submit E-Invoice", "Subject", "Reply-To", "CC", "Custom Message"):
        assert words in page
    assert page.count("Blank: each invoice’s template default.") == 4
    assert "each invoice goes by ordinary email instead, once, and its record says why" in page
    assert "{days_late}" in page
    assert [name for name in ("send_email", "submit_einvoice") if answer.context["form"][name].value()] == on
    assert f'hx-post="{url(selection, action, "batch_preflight")}" hx-trigger="load, change' in page


def test_mark_as_sent_asks_how_and_when_and_nothing_about_mails(as_role, clerk, chosen, today):
    page = as_role(clerk).get(url(chosen(factories.draft()), "mark"), headers=HTMX).text

    assert "Mark 1 invoice as sent" in page
    assert "How were they sent?" in page
    assert f'value="{today}"' in page
    assert "Subject" not in page


def test_somebody_elses_selection_is_not_there(as_role, manager, chosen):
    selection = chosen(factories.draft())
    client = as_role(manager)

    assert client.get(url(selection)).status_code == 404
    assert preflight(client, selection).status_code == 422
    assert client.post(url(selection), {"request_id": "x"}).status_code == 422
    assert client.get(url(selection, "open", "batch_look", selection.rows[0][0])).status_code == 404
    assert nothing_began()


def test_a_viewer_is_refused_everywhere(as_role, viewer, chosen):
    selection = chosen(factories.draft())
    client = as_role(viewer)

    addresses = [url(selection), url(selection, "open", "batch_preflight")]
    addresses += [url(selection, "open", "batch_look", selection.rows[0][0])]
    assert [client.post(address, {"request_id": "x"}).status_code for address in addresses] == [403] * 3
    assert client.get(url(selection)).status_code == 403
    assert nothing_began()


def test_an_act_there_is_not_is_not_found(as_role, clerk, chosen):
    assert as_role(clerk).get(url(chosen(factories.draft()), "delete")).status_code == 404


# --- The preflight --------------------------------------------------------------------------------------------


def test_it_says_how_many_would_succeed_and_what_confirming_does(as_role, clerk, chosen):
    selection = chosen(factories.draft(), factories.draft(), factories.opened())

    page = preflight(as_role(clerk), selection, send_email="on").text

    assert "2 would succeed" in page
    assert "would fail" not in page
    assert "1 skipped: It is open already." in page
    assert "2 drafts get their numbers and are locked. That cannot be undone" in page
    assert "2 invoices are emailed to the contacts of their customers." in page
    assert "Open and send 2 invoices</button>" in page
    assert 'name="leaves_out"' not in page
    assert nothing_began()


def broken(kind) -> tuple[Invoice, str, str]:
    """A draft that would fail in this way: the sentence, and the address that mends it."""
    draft = factories.draft()
    rows = Invoice.objects.filter(pk=draft.pk)
    edit, profile = f"/invoices/{draft.pk}/edit/", f"/customers/{draft.customer_id}/"
    if kind == "customer":
        rows.update(customer=None)
        return draft, "It has no customer. Choose one.", edit
    if kind == "template":
        rows.update(template=None)
        return draft, "It has no invoice template. Choose one.", edit
    if kind == "lines":
        draft.lines.update(name="", quantity=0)
        return draft, "Line 1 has no description. Line 1 has no quantity.", edit
    if kind == "archived":
        archive_customer(Customer.objects.get(pk=draft.customer_id), by=factories.SYSTEM, at=clock.now())
        return draft, "Harbour Café GmbH is archived. Take it out of the archive", profile
    assert kind == "address"
    draft.customer.contacts.update(email="")
    return draft, "The customer has no contact with an email address.", profile


@pytest.mark.parametrize("place", ["list", "queue"])
@pytest.mark.parametrize("kind", ["customer", "template", "lines", "archived", "address"])
def test_what_would_fail_has_its_sentence_and_a_link_to_mend_it(kind, place, as_role, clerk, chosen):
    draft, sentence, mended = broken(kind)
    selection = chosen(draft, factories.draft(factories.customer("Elbe Werft")), page=place)

    page = preflight(as_role(clerk), selection, "open" if place == "list" else "send", send_email="on").text

    assert "1 would succeed" in page
    assert "1 would fail" in page
    assert sentence in page
    assert f'href="{mended}' in page
    assert "Leave those out" in page
    assert "Run all the same" in page
    assert "Open and send 1 invoice</button>" in page


def test_a_draft_in_a_running_operation_says_in_which(as_role, clerk, manager, chosen):
    draft = factories.draft()
    selection = chosen(draft, factories.draft())
    running = factories.operation(draft, by=manager)
    running.refresh_from_db()
    filling.fill_next(running)

    page = preflight(as_role(clerk), selection).text

    assert "1 would succeed" in page
    assert f"1 skipped: It is in {running} already, which Tomáš Manager started." in page


def test_one_opened_meanwhile_is_skipped_and_one_deleted_is_counted_out(as_role, clerk, manager, chosen, today):
    opened, deleted, fine = factories.draft(), factories.draft(), factories.draft()
    selection = chosen(opened, deleted, fine)
    opening.open_invoice(opened, by=manager, on=today)
    drafting.delete_draft(deleted, by=manager, version=deleted.version)

    page = preflight(as_role(clerk), selection).text

    assert "1 would succeed" in page
    assert "1 skipped: It is open already." in page
    assert "1 was deleted since" in page


def test_one_changed_meanwhile_would_fail_until_it_is_taken_as_it_is_now(as_role, clerk, manager, chosen):
    draft = factories.draft()
    selection = chosen(draft)
    lines = [factories.line(unit_price="999")]
    drafting.change_draft(draft, by=manager, version=draft.version, fields={}, lines=lines)
    client = as_role(clerk)

    before = preflight(client, selection).text
    after = preflight(client, selection, catch_up="1").text

    assert CHANGED in before
    assert "Take the changed drafts as they are now" in before
    assert CHANGED not in after
    assert "1 would succeed" in after
    selection.refresh_from_db()
    assert (selection.rows, selection.sums) == ([[draft.pk, 2]], {"EUR": 241758})
    client.post(url(selection), {"request_id": "x"})
    assert BatchOperation.objects.get().rows == [[draft.pk, 2]]


def test_to_run_all_the_same_counts_what_fails_too(as_role, clerk, chosen):
    draft, *_rest = broken("customer")
    selection = chosen(draft, factories.draft())
    client = as_role(clerk)

    assert "Open 1 invoice</button>" in preflight(client, selection, leaves_out="yes").text
    assert "Open 2 invoices</button>" in preflight(client, selection, leaves_out="no").text


def test_where_nothing_would_be_done_there_is_nothing_to_confirm(as_role, clerk, chosen):
    page = preflight(as_role(clerk), chosen(factories.opened())).text

    assert "Nothing would be done." in page
    assert 'id="batch-confirm" hx-swap-oob="true" disabled>' in page


def test_a_subject_nobody_has_refuses_the_whole_until_one_is_typed(as_role, clerk, chosen):
    InvoiceTemplateText.objects.update(subject="")
    selection = chosen(factories.opened(), factories.opened())
    InvoiceTemplateText.objects.update(subject="")
    client = as_role(clerk)
    sentence = "2 emails would have no subject: their templates have none."

    assert sentence in preflight(client, selection, "send", send_email="on").text
    refused = client.post(url(selection, "send"), {"request_id": "x", "send_email": "on"}, headers=HTMX)
    assert refused.status_code == 422
    assert sentence in refused.text
    assert nothing_began()
    assert sentence not in preflight(client, selection, "send", send_email="on", subject="Bill {number}").text


def test_a_reply_to_nobody_has_refuses_the_whole(as_role, clerk, chosen):
    selection = chosen(factories.opened())
    Organization.objects.update(email="")
    InvoiceTemplateText.objects.update(reply_to="")

    page = preflight(as_role(clerk), selection, "send", send_email="on").text

    assert "1 email would have no reply-to address" in page


def test_more_than_the_role_may_run_at_once_is_said_before_anything_runs(as_role, clerk, manager, chosen, monkeypatch):
    monkeypatch.setattr(checking, "MOST_FOR_CLERKS", 1)
    drafts = [factories.draft(), factories.draft()]
    mine, theirs = chosen(*drafts), chosen(*drafts, by=manager)
    sentence = "More than 1 invoices in one operation need the role Manager. Choose fewer, or ask a manager."
    client = as_role(clerk)

    assert sentence in preflight(client, mine).text
    refused = client.post(url(mine), {"request_id": "x"}, headers=HTMX)

    assert (refused.status_code, sentence in refused.text) == (422, True)
    assert nothing_began()
    assert sentence not in preflight(as_role(manager), theirs).text


def test_what_cannot_be_read_is_to_be_mended_first(as_role, clerk, chosen):
    page = preflight(as_role(clerk), chosen(factories.draft()), send_email="on", subject="{numbr}", cc="x").text

    assert "There is no field {numbr}. Did you mean {number}?" in page
    assert "“x” is not an email address." in page
    assert "would succeed" not in page


def test_what_goes_out_once_more_is_a_warning(as_role, clerk, chosen, today):
    selection = chosen(factories.billed(factories.opened(on=today), on=today))

    assert (
        "1 of them was sent before and goes out once more."
        in preflight(as_role(clerk), selection, "send", send_email="on").text
    )


def test_the_list_sends_only_what_is_open_and_the_queue_opens_on_the_way(as_role, clerk, chosen):
    draft = factories.draft()
    client = as_role(clerk)

    in_list = preflight(client, chosen(draft), "send", send_email="on").text
    in_queue = preflight(client, chosen(draft, page="queue"), "send", send_email="on").text

    assert "1 skipped: It is a draft. Open it first" in in_list
    assert "1 would succeed" in in_queue
    assert "Drafts among them are opened first" in in_queue


@pytest.mark.parametrize("n", [2, 30])
def test_the_preflight_asks_as_much_for_many_as_for_few(n, as_role, clerk, chosen, django_assert_num_queries):
    buyer = factories.customer(email="")
    selection = chosen(*(factories.draft(buyer) for _n in range(n)))
    client = as_role(clerk)
    preflight(client, selection, send_email="on")

    with django_assert_num_queries(18):
        preflight(client, selection, send_email="on")


# --- A look at the mails --------------------------------------------------------------------------------------


def look(client, selection, invoice, *, go="", action="open", **typed):
    address = url(selection, action, "batch_look", invoice.pk) + (f"&go={go}" if go else "")
    return client.post(address, {"request_id": "x", **typed}, headers={**HTMX, "HX-Target": "look"})


def test_a_look_shows_the_mail_with_what_is_typed_and_the_frame_shows_the_same(as_role, clerk, chosen):
    draft = factories.draft()
    selection = chosen(draft)
    client = as_role(clerk)

    page = look(client, selection, draft, send_email="on", subject="Bill {number}", message="Only <b>once").text
    frame = client.get(url(selection, "open", "batch_look", draft.pk) + "&part=html")

    assert "ap@harbour.example" in page
    assert "Bill INV-2026-00001" in page
    assert "Only &lt;b&gt;once" in page
    assert f'href="/invoices/{draft.pk}/pdf/"' in page
    assert f"/batches/new/{selection.pk}/look/{draft.pk}/?action=open&amp;part=html" in page
    assert "Only &lt;b&gt;once" in frame.text
    assert frame["Content-Security-Policy"].startswith("default-src 'none'")
    assert frame["X-Frame-Options"] == "SAMEORIGIN"
    draft.refresh_from_db()
    assert draft.is_draft
    assert nothing_began()


def test_previous_and_next_lead_past_what_would_not_go(as_role, clerk, chosen):
    first, opened, silent, last = (
        factories.draft(),
        factories.opened(),
        factories.draft(factories.customer("Silent Ltd", email="")),
        factories.draft(factories.customer("Elbe Werft")),
    )
    selection = chosen(first, opened, silent, last)
    client = as_role(clerk)

    ahead = look(client, selection, first, go="next", send_email="on").text
    back = look(client, selection, last, go="prev", send_email="on").text

    assert "4 of 4" in ahead
    assert "Elbe Werft" in ahead
    assert "1 of 4" in back


def test_one_that_would_not_go_says_why_when_it_is_looked_for(as_role, clerk, chosen):
    silent, opened = factories.draft(factories.customer("Silent Ltd", email="")), factories.opened()
    selection = chosen(silent, opened)
    client = as_role(clerk)

    failing = look(client, selection, opened, send_email="on", find="silent").text
    skipped = look(client, selection, silent, send_email="on", find=opened.number).text
    missing = look(client, selection, silent, send_email="on", find="nobody").text

    assert "The customer has no contact with an email address." in failing
    assert f'href="/customers/{silent.customer_id}/"' in failing
    assert "It is skipped. It is open already." in skipped
    assert "None of the chosen invoices fits." in missing
    assert "iframe" not in failing + skipped + missing


def test_an_invoice_beside_the_selection_is_not_shown(as_role, clerk, chosen):
    selection, other = chosen(factories.draft()), factories.draft()

    assert look(as_role(clerk), selection, other, send_email="on").status_code == 404


def test_without_script_the_look_is_a_page_and_the_way_back_keeps_what_was_typed(as_role, clerk, chosen):
    selection = chosen(factories.draft(), factories.draft())
    client = as_role(clerk)
    address = url(selection, "send", "batch_look", selection.rows[0][0])

    page = client.post(address, {"request_id": "x", "subject": "Typed", "submit_einvoice": "on"})
    back = client.get(url(selection, "send"))

    assert "<!doctype html>" in page.text
    assert f'href="/batches/new/{selection.pk}/?action=send"' in page.text
    form = back.context["form"]
    assert form["subject"].value() == "Typed"
    assert (bool(form["send_email"].value()), bool(form["submit_einvoice"].value())) == (False, True)


# --- Starting -------------------------------------------------------------------------------------------------


def test_confirming_starts_it_says_so_with_a_link_and_stays_on_the_list(as_role, clerk, chosen, bell):
    selection = chosen(factories.draft(), factories.draft())
    client = as_role(clerk)
    dialog = client.get(url(selection), headers=HTMX)

    typed = filled(dialog, send_email="on", subject="Bill {number}", cc="boss@harbour.example", message="Hi")
    answer = client.post(url(selection), typed, headers=HTMX)

    operation = BatchOperation.objects.get()
    assert (operation.action, operation.asked_by, operation.total) == ("open", clerk, 2)
    assert (operation.send_email, operation.submit_einvoice, operation.leaves_out) == (True, False, False)
    assert (operation.subject, operation.cc, operation.message) == ("Bill {number}", "boss@harbour.example", "Hi")
    assert answer.status_code == 200
    assert f'<a href="/batches/{operation.pk}/">{operation}</a> is running: 2 invoices.' in answer.text
    assert set(answer["HX-Trigger"].replace('"', "").replace(": {}", "").strip("{}").split(", ")) == {
        "closeDialog",
        "batchStarted",
    }
    assert not Selection.objects.exists()
    bell.carry()
    operation.refresh_from_db()
    assert operation.counts == {"done": 2}
    assert {message.subject for message in mail.outbox} == {"Bill INV-2026-00001", "Bill INV-2026-00002"}


def test_without_script_it_leads_to_the_page_of_the_operation(as_role, clerk, chosen):
    selection = chosen(factories.draft())
    client = as_role(clerk)
    page = client.get(url(selection))
    assert "<!doctype html>" in page.text
    assert "1 would succeed" in page.text

    answer = client.post(url(selection), filled(page))

    operation = BatchOperation.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, reverse("invoicing:batch", args=[operation.pk]))


def test_the_page_checks_again_without_script_and_keeps_what_is_typed(as_role, clerk, chosen):
    selection = chosen(factories.draft(factories.customer("Silent Ltd", email="")))
    client = as_role(clerk)

    typed = {"request_id": "mine", "send_email": "on", "subject": "Typed"}
    page = client.post(url(selection, "open", "batch_preflight"), typed)

    assert "<!doctype html>" in page.text
    assert "1 would fail" in page.text
    assert f'action="{url(selection)}"' in page.text
    assert (page.context["form"]["subject"].value(), page.context["form"]["request_id"].value()) == ("Typed", "mine")
    assert nothing_began()


def test_what_would_fail_is_left_out_where_that_was_chosen(as_role, clerk, chosen, bell):
    bad, *_rest = broken("customer")
    selection = chosen(bad, factories.draft())
    client = as_role(clerk)

    answer = client.post(url(selection), {"request_id": "x", "leaves_out": "yes"}, headers=HTMX)

    bell.carry()
    operation = BatchOperation.objects.get()
    assert "is running, without those that would fail." in answer.text
    assert (operation.total, operation.left_out, operation.counts) == (1, 1, {"done": 1})


def test_from_the_queue_sending_opens_and_from_the_list_it_does_not(as_role, clerk, chosen):
    draft = factories.draft()
    client = as_role(clerk)

    for place in ("list", "queue"):
        client.post(url(chosen(draft, page=place), "send"), {"request_id": place, "send_email": "on"})

    opens = dict(BatchOperation.objects.values_list("page", "opens_drafts"))
    assert opens == {"list": False, "queue": True}


def test_marking_takes_how_and_when_and_note(as_role, clerk, chosen, today, bell):
    draft = factories.draft()
    selection = chosen(draft)
    client = as_role(clerk)
    dialog = client.get(url(selection, "mark"), headers=HTMX)

    client.post(url(selection, "mark"), filled(dialog, how="portal", note="Ticket 7"), headers=HTMX)

    bell.carry()
    operation = BatchOperation.objects.get()
    assert (operation.how, operation.sent_on, operation.note) == (
        "Uploaded to the customer’s portal",
        today,
        "Ticket 7",
    )
    draft.refresh_from_db()
    assert draft.marked_sent_at is not None


@pytest.mark.parametrize(
    ("action", "typed", "field", "sentence"),
    [
        ("open", {"send_email": "on", "subject": "{numbr}"}, "subject", "Did you mean {number}?"),
        ("open", {"send_email": "on", "reply_to": "nobody"}, "reply_to", "Enter a valid email address."),
        ("open", {"send_email": "on", "cc": "a@b.example, x"}, "cc", "“x” is not an email address."),
        ("open", {"submit_einvoice": "on", "message": "100 }"}, "message", "There is a lone }."),
        ("send", {}, "__all__", "Nothing would be sent. Turn on Send Email or Submit E-Invoice."),
        ("mark", {"how": "other", "sent_on": "2026-01-05"}, "note", "Say in a few words how it was sent."),
        ("mark", {"how": "post", "sent_on": "2999-01-01"}, "sent_on", "a day that has not come yet"),
        ("mark", {"how": "post", "sent_on": ""}, "sent_on", "This field is required."),
    ],
)
def test_what_is_wrong_is_said_at_the_field_and_nothing_typed_is_lost(
    action, typed, field, sentence, as_role, clerk, chosen
):
    selection = chosen(factories.draft())
    events = AuditEvent.objects.count()
    words = {"note": "typed by hand"} if action == "mark" and field != "note" else {}
    words = {"message": "typed by hand"} if action == "open" and field != "message" else words

    answer = as_role(clerk).post(url(selection, action), {"request_id": "mine", **words, **typed}, headers=HTMX)

    assert answer.status_code == 422
    assert sentence in answer.text
    assert answer.context["form"].errors[field]
    assert answer.context["form"]["request_id"].value() == "mine"
    if words:
        assert "typed by hand" in answer.text
    assert Selection.objects.count() == 1
    assert AuditEvent.objects.count() == events
    assert nothing_began()


def test_with_both_switches_off_nobody_looks_at_the_mail(as_role, clerk, chosen):
    selection = chosen(factories.draft())

    as_role(clerk).post(url(selection), {"request_id": "x", "subject": "{numbr}", "reply_to": "nobody"})

    operation = BatchOperation.objects.get()
    assert (operation.subject, operation.reply_to) == ("", "")


def test_the_same_submit_twice_is_one_operation_and_both_are_led_to_it(as_role, clerk, chosen):
    selection = chosen(factories.draft())
    client = as_role(clerk)
    typed = filled(client.get(url(selection)), subject="Once")

    answers = [client.post(url(selection), typed) for _n in range(2)]
    again = client.post(url(selection), typed, headers=HTMX)

    operation = BatchOperation.objects.get()
    assert {answer["Location"] for answer in answers} == {f"/batches/{operation.pk}/"}
    assert f"{operation}</a> is running" in again.text


def test_sent_again_with_something_else_in_it_is_told_apart(as_role, clerk, chosen):
    selection = chosen(factories.draft())
    client = as_role(clerk)
    typed = filled(client.get(url(selection)))
    client.post(url(selection), typed)

    late = client.post(url(selection), {**typed, "send_email": "on", "subject": "Other"}, headers=HTMX)

    operation = BatchOperation.objects.get()
    assert late.status_code == 422
    assert f"{operation} was started from this dialog already." in late.text
    assert operation.send_email is False


def test_a_selection_used_by_another_tab_is_said_to_be_gone(as_role, clerk, chosen):
    selection = chosen(factories.draft())
    client = as_role(clerk)
    one, other = (filled(client.get(url(selection))) for _n in range(2))
    client.post(url(selection), one)

    late = client.post(url(selection), other, headers=HTMX)

    assert late.status_code == 422
    assert "Somebody was quicker" in late.text
    assert BatchOperation.objects.count() == 1


def test_cancel_leads_back_to_the_list_as_it_was_filtered(as_role, clerk, chosen):
    selection = chosen(factories.draft(), page="queue")
    Selection.objects.update(query="tab=ready&q=elbe")

    page = as_role(clerk).get(url(selection, "send")).text

    assert 'href="/invoices/to-be-sent/?tab=ready&amp;q=elbe"' in page


def test_a_selection_of_yesterday_is_not_there_any_more(as_role, clerk, chosen):
    selection = chosen(factories.draft())
    Selection.objects.update(created_at=clock.database_now() - timedelta(days=2))
    selecting.forget_selections()

    assert as_role(clerk).get(url(selection)).status_code == 404


def test_the_portal_link_begins_as_the_organization_has_it_and_is_kept_on_the_operation(as_role, clerk, chosen):
    selection, client = chosen(factories.opened()), as_role(clerk)
    dialog = client.get(url(selection, "send"), headers=HTMX)
    assert dialog.context["form"]["portal_link"].value() is True

    refused = client.post(url(selection, "send"), filled(dialog, portal_link=None, message="See {portal_link}"))
    assert refused.context["form"].errors["message"] == [
        "The message has {portal_link}, but the portal link is off. Turn it on, or take the field out."
    ]
    client.post(url(selection, "send"), filled(dialog))

    operation = BatchOperation.objects.get()
    assert operation.portal_link is True
    page = client.get(reverse("invoicing:batch", args=[operation.pk])).text
    assert "Portal link" in page
