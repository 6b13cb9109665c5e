"""The preflight says what would become of each invoice, and changes nothing."""

from datetime import date

import pytest

from customers.models import Customer
from invoicing.models import BatchOperation, Delivery, Invoice, InvoiceTemplateText, Series
from invoicing.services import crediting, numbering
from invoicing.services.batches import checking, filling
from invoicing.services.batches.wishes import Wishes
from tests import factories

pytestmark = pytest.mark.django_db


def look(*invoices, by, page="list", **wishes):
    chosen = factories.selection(*invoices, by=by, page=page)
    return checking.preflight(chosen, by=by, wishes=Wishes(**{"action": "open", **wishes}), on=factories.TODAY)


def sentences(preflight):
    return {(invoice.pk, finding.sentence, finding.mend) for invoice, finding in preflight.findings}


def test_all_in_order_is_said_in_one_number(clerk):
    found = look(factories.draft(), factories.draft(), by=clerk, send_email=True)

    assert (found.total, found.succeed, found.failing, found.skipped, found.warnings) == (2, 2, 0, [], [])
    assert found.refusal == ""
    assert not BatchOperation.objects.exists()
    assert not Delivery.objects.exists()


def test_each_reason_has_its_own_sentence_and_its_place_to_mend_it(clerk):
    drafts = {name: factories.draft() for name in ("customer", "template", "lines", "archived", "future", "fine")}
    Invoice.objects.filter(pk=drafts["customer"].pk).update(customer=None)
    Invoice.objects.filter(pk=drafts["template"].pk).update(template=None)
    drafts["lines"].lines.update(name="", quantity=0)
    old = factories.customer("Old Ltd")
    Invoice.objects.filter(pk=drafts["archived"].pk).update(customer=old)
    Customer.objects.filter(pk=old.pk).update(archived_at="2026-11-01T00:00Z")
    Invoice.objects.filter(pk=drafts["future"].pk).update(issued_on=date(2026, 12, 24))
    silent = factories.draft(factories.customer("Silent Ltd", email=""))

    found = look(*drafts.values(), silent, by=clerk, send_email=True)

    assert sentences(found) == {
        (drafts["customer"].pk, "It has no customer. Choose one.", "customer"),
        (drafts["template"].pk, "It has no invoice template. Choose one.", "template"),
        (drafts["lines"].pk, "Line 1 has no description. Line 1 has no quantity.", "lines"),
        (
            drafts["archived"].pk,
            "Old Ltd is archived. Take it out of the archive, or choose another customer.",
            "customer_profile",
        ),
        (
            drafts["future"].pk,
            "Its issue date, Dec. 24, 2026, lies in the future. Schedule it for that day, or set an earlier date.",
            "issued_on",
        ),
        (silent.pk, "The customer has no contact with an email address.", "contact"),
    }
    assert (found.total, found.succeed, found.failing) == (7, 1, 6)


def test_who_has_no_part_in_it_is_counted_by_reason(clerk, manager):
    shared = factories.draft()
    running = factories.operation(shared, by=manager)
    filling.fill_waiting(until=float("inf"))

    found = look(factories.draft(), factories.opened(), factories.opened(), shared, by=clerk)

    assert found.succeed == 1
    assert found.skipped == [
        ("It is open already.", 2),
        (f"It is in {running} already, which Tomáš Manager started.", 1),
    ]


def test_sales_invoices_send_what_is_open_and_the_queue_opens_drafts_too(clerk):
    draft, opened = factories.draft(), factories.opened()

    in_list = look(draft, opened, by=clerk, action="send", send_email=True)
    in_queue = look(draft, opened, by=clerk, action="send", send_email=True, opens_drafts=True, page="queue")

    assert in_list.succeed == 1
    assert in_list.skipped == [("It is a draft. Open it first; Open can send it in the same step.", 1)]
    assert in_queue.succeed == 2


def test_what_was_sent_before_is_said_and_what_is_under_way_is_skipped(clerk, bell):
    sent, waiting = factories.opened(), factories.opened()
    factories.queued(sent)
    bell.carry()
    factories.queued(waiting)

    found = look(sent, waiting, by=clerk, action="send", send_email=True)

    assert found.warnings == ["1 of them was sent before and goes out once more."]
    assert found.skipped == [("An email with it is scheduled, under way or of unknown outcome.", 1)]
    assert found.succeed == 1


def test_an_email_without_words_refuses_the_whole(clerk):
    draft = factories.draft()
    InvoiceTemplateText.objects.filter(template=draft.template_id).update(subject="")

    assert look(draft, by=clerk, send_email=True).refusal.startswith("1 email would have no subject: its template has")
    assert look(draft, by=clerk, send_email=True, subject="Invoice").refusal == ""
    assert look(draft, by=clerk).refusal == ""


def test_a_template_whose_own_words_are_wrong_fails_its_invoices(clerk):
    draft = factories.draft()
    InvoiceTemplateText.objects.filter(template=draft.template_id).update(message="Dear {contakt}")

    found = look(draft, by=clerk, send_email=True)

    sentence = "There is no field {contakt}. Did you mean {contact}?"
    assert sentences(found) == {(draft.pk, sentence, "template")}
    assert look(draft, by=clerk, send_email=True, message="Hello").failing == 0


def test_only_the_language_that_is_wrong_fails_and_other_languages_get_the_english_words(clerk):
    english, german = factories.draft(), factories.draft(factories.customer(language="de"))
    InvoiceTemplateText.objects.filter(language="de").update(message="Hallo {kontakt}")

    found = look(english, german, by=clerk, send_email=True)
    assert [pk for pk, _sentence, _mend in sentences(found)] == [german.pk]

    InvoiceTemplateText.objects.filter(language="de").update(message="Hallo", subject="")
    refused = look(english, german, by=clerk, send_email=True).refusal
    assert refused.startswith("1 email would have no subject: its template has none.")
    InvoiceTemplateText.objects.filter(language="de").delete()
    assert look(english, german, by=clerk, send_email=True).refusal == ""
    InvoiceTemplateText.objects.update(subject="")
    assert look(english, german, by=clerk, send_email=True).refusal.startswith("2 emails would have no subject")
    InvoiceTemplateText.objects.update(subject="S", message="Hello {kontakt}")
    found = look(english, german, by=clerk, send_email=True)
    assert {pk for pk, _sentence, _mend in sentences(found)} == {english.pk, german.pk}


def test_dates_that_must_rise_are_told_before(clerk, admin):
    late = factories.draft(issued_on=date(2026, 11, 3))
    numbering.let_dates_rise(Series.objects.get(kind="invoice"), by=admin, on=True)
    factories.opened(on=date(2026, 11, 18))

    found = look(late, factories.draft(), by=clerk)

    assert found.warnings == [
        "1 will be issued on Nov. 18, 2026 instead of its own date: the dates of its number series must rise."
    ]
    assert found.succeed == 2


def test_a_look_at_many_that_are_in_order_asks_the_same_few_questions(clerk, django_assert_num_queries):
    few = factories.selection(*(factories.draft() for _n in range(2)), by=clerk)
    many = factories.selection(*(factories.draft() for _n in range(30)), by=clerk)
    wishes = Wishes(action="open", send_email=True)

    for chosen in (few, many):
        with django_assert_num_queries(8):
            checking.preflight(chosen, by=clerk, wishes=wishes, on=factories.TODAY)


def test_a_credit_note_needs_the_role_for_it_and_says_so_before(clerk, manager):
    note = crediting.draft_credit_note(factories.opened(), by=manager, reason="Wrong")

    sentence = "Your role does not allow this. It needs the role Manager or higher; ask an admin."
    assert sentences(look(note, by=clerk)) == {(note.pk, sentence, "")}
    assert look(note, by=manager).succeed == 1
