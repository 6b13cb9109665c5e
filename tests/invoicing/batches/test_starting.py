"""Beginning an operation: once, within the role, and whole or not at all."""

from datetime import timedelta

import pytest

from config.common import clock
from config.common.errors import DomainError, Forbidden, Stale
from config.common.models import AuditEvent
from invoicing.models import BatchOperation, InvoiceTemplateText, Selection
from invoicing.services.batches import checking, starting
from invoicing.services.batches.wishes import Wishes
from tests import factories

pytestmark = pytest.mark.django_db


def begin(selection, *, by, request_id="one", **wishes):
    return starting.start_operation(
        selection, by=by, wishes=Wishes(**{"action": "open", **wishes}), request_id=request_id
    )


def nothing_began(bell):
    return not BatchOperation.objects.exists() and not bell.rings and Selection.objects.exists()


def test_it_is_answered_with_one_row_and_a_ring(clerk, bell):
    chosen = factories.selection(factories.draft(), factories.draft(), by=clerk)

    operation = begin(chosen, by=clerk, send_email=True, subject="Here is {number}")

    assert str(operation) == f"B-{operation.pk:04}"
    assert (operation.status, operation.total, operation.sums) == ("preparing", 2, {"EUR": 48400})
    assert operation.subject == "Here is {number}"
    assert bell.rings == [("invoicing.tasks.run_batches",)]
    assert AuditEvent.objects.get(action="batch.start").actor_name == "Femke Clerk"
    assert not Selection.objects.exists()


def test_the_same_submit_twice_is_one_operation(clerk, bell):
    chosen = factories.selection(factories.draft(), by=clerk)

    first, second = begin(chosen, by=clerk), begin(chosen, by=clerk)

    assert first == second
    assert BatchOperation.objects.count() == 1
    assert bell.rings == [("invoicing.tasks.run_batches",)]


def test_a_selection_serves_once(clerk, bell):
    chosen = factories.selection(factories.draft(), by=clerk)
    begin(chosen, by=clerk)

    with pytest.raises(Stale, match="This selection was used already, or is too old. Choose the invoices once more."):
        begin(chosen, by=clerk, request_id="two")

    assert BatchOperation.objects.count() == 1


def test_a_clerk_runs_five_hundred_and_a_manager_more(clerk, manager, monkeypatch, bell):
    monkeypatch.setattr(checking, "MOST_FOR_CLERKS", 1)
    drafts = factories.draft(), factories.draft()

    with pytest.raises(DomainError, match="More than 1 invoices in one operation need the role Manager."):
        begin(factories.selection(*drafts, by=clerk), by=clerk)
    assert nothing_began(bell)

    assert begin(factories.selection(*drafts, by=manager), by=manager).total == 2


def test_a_missing_subject_or_reply_to_refuses_it_whole_and_says_for_how_many(clerk, bell):
    draft, other = factories.draft(), factories.draft()
    InvoiceTemplateText.objects.filter(template=draft.template_id).update(subject="")
    chosen = factories.selection(draft, other, by=clerk)

    with pytest.raises(DomainError, match="2 emails would have no subject: their templates have none."):
        begin(chosen, by=clerk, send_email=True)
    assert nothing_began(bell)

    assert begin(chosen, by=clerk, send_email=True, subject="Invoice {number}")


def test_an_e_invoice_falls_back_to_email_and_needs_its_words_as_well(clerk, bell):
    draft = factories.draft()
    InvoiceTemplateText.objects.filter(template=draft.template_id).update(subject="")

    with pytest.raises(DomainError, match="1 email would have no subject"):
        begin(factories.selection(draft, by=clerk), by=clerk, submit_einvoice=True)

    assert nothing_began(bell)


@pytest.mark.parametrize(
    ("wishes", "sentence"),
    [
        ({"send_email": True, "subject": "{nmber}"}, "There is no field {nmber}. Did you mean {number}?"),
        ({"send_email": True, "cc": "a@b.example, nobody"}, "“nobody” is no email address. Correct it or take it out."),
        ({"send_email": True, "reply_to": "us"}, "“us” is no email address. Correct it or take it out."),
        ({"action": "mark"}, "Say how the invoices were sent, and when."),
        ({"action": "send"}, "Nothing would be sent. Turn on Send Email or Submit E-Invoice."),
    ],
)
def test_what_cannot_be_sent_is_refused_in_a_sentence(clerk, bell, wishes, sentence):
    chosen = factories.selection(factories.draft(), by=clerk)

    with pytest.raises(DomainError) as refusal:
        begin(chosen, by=clerk, **wishes)

    assert str(refusal.value) == sentence
    assert nothing_began(bell)


def test_a_viewer_begins_nothing(viewer, clerk, bell):
    chosen = factories.selection(factories.draft(), by=clerk)

    with pytest.raises(Forbidden):
        begin(chosen, by=viewer)

    assert nothing_began(bell)


def test_nobody_uses_the_selection_of_another(clerk, manager, bell):
    chosen = factories.selection(factories.draft(), by=clerk)

    with pytest.raises(Stale):
        begin(chosen, by=manager)

    assert nothing_began(bell)


def test_it_begins_at_the_moment_of_business_time_also_in_a_told_past(clerk):
    moment = clock.now() - timedelta(days=4)

    with clock.at(moment):
        operation = factories.operation(factories.draft(), by=clerk)

    operation.refresh_from_db()
    assert operation.created_at.date() == operation.started_at.date() == moment.date()
