"""Void only what nobody has; uncollectible and back; each refusal says what to do instead."""

from datetime import timedelta

import pytest

from config.common.errors import DomainError, Forbidden, Stale
from config.common.models import AuditEvent
from invoicing.channels.base import ChannelFailure, OutcomeUnknown
from invoicing.models import Delivery, Invoice
from invoicing.services import carrying, correcting, crediting, opening, settling
from tests import factories
from tests.invoicing.heard import hear

pytestmark = pytest.mark.django_db
TODAY = factories.TODAY


def void(invoice, by, reason="Typed twice"):
    return correcting.void_invoice(invoice, by=by, on=TODAY, reason=reason)


def test_an_invoice_nobody_has_becomes_void_and_keeps_its_number(manager):
    invoice = factories.opened()

    void(invoice, manager)

    invoice.refresh_from_db()
    assert (invoice.status, invoice.voided_on, invoice.number) == ("void", TODAY, "INV-2026-00001")
    event = AuditEvent.objects.get(action="invoice.void")
    assert (event.reason, event.actor_id) == ("Typed twice", manager.pk)


def test_emails_that_wait_are_cancelled_with_it(manager, worker):
    delivery = factories.queued()
    invoice = delivery.documents.get().invoice

    void(invoice, manager)
    worker()

    delivery.refresh_from_db()
    assert (delivery.status, delivery.reason) == ("cancelled", f"{invoice.number} was made void.")


def test_one_that_was_sent_is_not_voided_but_credited(manager, worker):
    invoice = factories.queued().documents.get().invoice
    worker()

    with pytest.raises(DomainError, match="Write a credit note instead"):
        void(invoice, manager)

    assert Invoice.objects.get(pk=invoice.pk).status == "open"


@pytest.mark.parametrize("status", ["sending", "unknown"])
def test_one_that_may_have_been_handed_over_is_not_voided(manager, status):
    delivery = factories.queued()
    invoice = delivery.documents.get().invoice
    Delivery.objects.filter(pk=delivery.pk).update(
        status=status,
        wire_started_at=invoice.opened_at,
        reason="?",
        **({"worker": "w", "lease_until": invoice.opened_at} if status == "sending" else {}),
    )

    with pytest.raises(DomainError, match="handed over, or may have been"):
        void(invoice, manager)


@pytest.mark.parametrize("after", ["given up", "refused at the next try", "asked again with its key"])
def test_what_nobody_knew_the_outcome_of_may_still_have_arrived(after, channel, manager):
    if after == "asked again with its key":
        channel.repeats_for = timedelta(hours=23)
    delivery = factories.queued()
    channel.after = [OutcomeUnknown("dead line")]
    carrying.carry_waiting()
    if after == "given up":
        settling.settle_delivery(delivery, by=manager, decision="rest")
    elif after == "refused at the next try":
        settling.settle_delivery(delivery, by=manager, decision="again")
        channel.before = [ChannelFailure("550 no such user", kind="permanent", code="550")]
        carrying.carry_waiting()

    with pytest.raises(DomainError, match="handed over, or may have been"):
        void(delivery.documents.get().invoice, manager)


def test_what_came_back_for_certain_hinders_nothing(channel, manager):
    delivery = factories.queued()
    channel.after = [OutcomeUnknown("dead line")]
    carrying.carry_waiting()
    delivery.refresh_from_db()
    hear(delivery, "bounced", bounce_kind="hard")

    void(delivery.documents.get().invoice, manager)

    assert Invoice.objects.get().status == "void"


def test_one_with_money_on_it_is_not_voided(manager):
    invoice = factories.opened()
    factories.payment(invoice, 100)

    with pytest.raises(DomainError, match="Move or take back the payment"):
        void(invoice, manager)


def test_a_draft_is_deleted_and_a_void_one_is_told_so(manager):
    invoice = void(factories.opened(), manager)

    with pytest.raises(Stale, match="void already"):
        void(invoice, manager)
    with pytest.raises(DomainError, match="delete it instead"):
        void(factories.draft(), manager)


def test_nothing_is_voided_without_a_reason_or_by_a_clerk(manager, clerk):
    invoice = factories.opened()

    with pytest.raises(DomainError, match="Say why"):
        void(invoice, manager, reason="  ")
    with pytest.raises(Forbidden):
        void(invoice, clerk)

    assert Invoice.objects.get(pk=invoice.pk).status == "open"


def test_a_void_credit_note_no_longer_counts_on_its_invoice(manager):
    invoice = factories.opened()
    factories.payment(invoice)
    note = opening.open_invoice(crediting.draft_credit_note(invoice, by=manager), by=manager, on=TODAY)

    void(note, manager)

    assert Invoice.objects.get(pk=invoice.pk).credited == 0


def test_uncollectible_and_back(manager):
    invoice = factories.opened()

    correcting.write_off_invoice(invoice, by=manager, on=TODAY, reason="Insolvent")
    invoice.refresh_from_db()
    assert (invoice.status, invoice.uncollectible_on) == ("uncollectible", TODAY)
    correcting.take_back_write_off(invoice, by=manager, reason="Administrator pays")

    invoice.refresh_from_db()
    assert (invoice.status, invoice.uncollectible_on) == ("open", None)


def test_an_uncollectible_invoice_can_still_be_paid(manager):
    invoice = factories.opened()
    correcting.write_off_invoice(invoice, by=manager, on=TODAY, reason="Insolvent")

    factories.payment(invoice, 200)
    assert Invoice.objects.get(pk=invoice.pk).status == "uncollectible"
    factories.payment(invoice, 24000, received_on=TODAY + timedelta(days=1))

    invoice.refresh_from_db()
    assert (invoice.status, invoice.uncollectible_on, invoice.settled_on) == ("paid", None, TODAY + timedelta(days=1))


def test_what_is_paid_or_void_does_not_become_uncollectible(manager):
    paid, gone = factories.opened(), void(factories.opened(), manager)
    factories.payment(paid)

    with pytest.raises(Stale, match="is Paid, not open"):
        correcting.write_off_invoice(paid, by=manager, on=TODAY, reason="?")
    with pytest.raises(DomainError, match="is Void, not open"):
        correcting.write_off_invoice(gone, by=manager, on=TODAY, reason="?")
