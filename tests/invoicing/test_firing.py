"""Firing what is scheduled: each once, never early, after an outage too, and with a last look."""

import threading
from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.core import mail
from django.db import OperationalError, connection

from config.common import clock
from config.common.errors import DomainError, Stale
from config.common.models import AuditEvent
from config.common.roles import SYSTEM
from customers.models import Contact
from customers.services import contacts, customers
from invoicing.models import Delivery, DeliveryDocument, Invoice
from invoicing.services import correcting, crediting, drafting, firing, opening, sweeping
from invoicing.wall_time import WallTime
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("canned_pdf")]

TUESDAY = WallTime(date(2026, 11, 24), time(9), "Asia/Tokyo")
AT = datetime(2026, 11, 24, tzinfo=UTC)
SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)


def _scheduled(invoice, by, wall=TUESDAY, **fields):
    return factories.scheduled(invoice, by=by, wall=wall, **fields)


def _tokyo(day, hour=9):
    return WallTime(day, time(hour), "Asia/Tokyo")


def _states():
    return list(Delivery.objects.order_by("pk").values_list("status", flat=True))


def _queued_events():
    return AuditEvent.objects.filter(action="delivery.queued").count()


# --- Once, and never early ---------------------------------------------------------------------------------------


def test_it_goes_at_its_moment_and_not_a_second_earlier(clerk, worker):
    invoice = factories.opened()
    _scheduled(invoice, clerk, cc=["boss@harbour.example"])

    assert firing.fire_due(at=AT - SECOND) == 0
    assert _states() == ["scheduled", "scheduled"]

    assert firing.fire_due(at=AT) == 1
    worker()
    assert [message.subject for message in mail.outbox] == ["Invoice INV-2026-00001"] * 2
    invoice.refresh_from_db()
    assert invoice.billed_at is not None


def test_a_draft_is_opened_then_by_who_asked_and_issued_on_that_day_of_ours(clerk, worker):
    early, late = factories.draft(), factories.draft()
    _scheduled(early, clerk, _tokyo(date(2026, 11, 24), 7))  # still the 23rd in Amsterdam
    _scheduled(late, clerk)

    firing.fire_due(at=AT - 2 * timedelta(hours=1))
    firing.fire_due(at=AT)
    worker()

    for draft, day in ((early, date(2026, 11, 23)), (late, date(2026, 11, 24))):
        draft.refresh_from_db()
        assert (draft.status, draft.issued_on) == ("open", day)
    assert set(AuditEvent.objects.filter(action="invoice.open").values_list("actor_name", flat=True)) == {"Femke Clerk"}
    assert set(AuditEvent.objects.filter(action="delivery.queued").values_list("actor_name", flat=True)) == {"Dunlin"}
    assert sorted(message.subject for message in mail.outbox) == ["Invoice INV-2026-00001", "Invoice INV-2026-00002"]


def test_fired_again_and_again_it_goes_once(clerk, worker):
    _scheduled(factories.draft(), clerk)

    assert [firing.fire_due(at=AT + n * MINUTE) for n in range(5)] == [1, 0, 0, 0, 0]
    worker()

    assert len(mail.outbox) == 1
    assert Invoice.objects.get().number == "INV-2026-00001"


def test_a_clock_that_jumps_sends_nothing_twice_and_nothing_early(clerk):
    """C2: the database's clock is put ahead, back, and ahead again."""
    _scheduled(factories.draft(), clerk)
    _scheduled(factories.draft(), clerk, _tokyo(date(2026, 11, 25)))

    fired = [firing.fire_due(at=AT + jump) for jump in (-DAY, timedelta(hours=5), -DAY, timedelta(hours=5), DAY, -DAY)]

    assert fired == [0, 1, 0, 0, 1, 0]
    assert _queued_events() == 2


def test_after_an_outage_of_days_each_goes_once(clerk, worker):
    """C3: nothing ran from the 24th to the 30th."""
    buyer = factories.customer()
    for n in range(5):
        _scheduled(factories.draft(buyer), clerk, _tokyo(date(2026, 11, 24 + n)), to=[f"a{n}@harbour.example"])

    assert firing.fire_due(at=AT + 6 * DAY) == 5
    assert firing.fire_due(at=AT + 6 * DAY) == 0
    worker()

    assert sorted(message.to[0] for message in mail.outbox) == [f"a{n}@harbour.example" for n in range(5)]
    assert set(Invoice.objects.values_list("issued_on", flat=True)) == {date(2026, 11, 30)}


@pytest.mark.parametrize(
    ("zone", "day", "at", "moment"),
    [
        ("Europe/Berlin", date(2027, 3, 28), time(2, 30), datetime(2027, 3, 28, 1, tzinfo=UTC)),
        ("Europe/Berlin", date(2027, 10, 31), time(2, 30), datetime(2027, 10, 31, 0, 30, tzinfo=UTC)),
        ("America/Nuuk", date(2027, 3, 27), time(23, 30), datetime(2027, 3, 28, 1, tzinfo=UTC)),
        ("Australia/Lord_Howe", date(2027, 4, 4), time(1, 45), datetime(2027, 4, 3, 14, 45, tzinfo=UTC)),
    ],
)
def test_in_a_night_the_clocks_are_set_it_goes_once_at_the_minute_the_dialog_said(clerk, zone, day, at, moment):
    """C1, with the rows; test_wall_time.py has every zone and change."""
    _scheduled(factories.opened(), clerk, WallTime(day, at, zone))

    went = [n for n in range(-180, 181) if firing.fire_due(at=moment + n * MINUTE)]

    assert went == [0]


# --- The last look -----------------------------------------------------------------------------------------------


def _paid(invoice, manager):
    factories.payment(invoice)


def _written_off(invoice, manager):
    correcting.write_off_invoice(invoice, by=manager, on=factories.TODAY, reason="Gone")


@pytest.mark.parametrize(("happened", "state"), [(_paid, "paid"), (_written_off, "uncollectible")])
def test_what_nobody_waits_for_any_more_is_cancelled_and_says_why(clerk, manager, happened, state, bell):
    invoice = factories.opened()
    _scheduled(invoice, clerk, copies=["us@kelp.example"])
    happened(invoice, manager)
    bell.carry()

    assert firing.fire_due(at=AT) == 0

    reason = f"INV-2026-00001 is {state} by now, so its scheduled email was not sent."
    assert set(Delivery.objects.values_list("status", "reason")) == {("cancelled", reason)}
    event = AuditEvent.objects.get(action="delivery.cancelled")
    assert (event.actor_name, event.thread, event.reason) == ("Dunlin", f"invoice:{invoice.pk}", reason)
    assert not DeliveryDocument.objects.filter(live=True).exists()
    assert bell.rings == []


def test_what_is_void_by_then_is_cancelled(clerk):
    invoice = factories.opened()
    _scheduled(invoice, clerk)
    Invoice.objects.filter(pk=invoice.pk).update(status="void", voided_on=factories.TODAY)

    firing.fire_due(at=AT)

    assert _states() == ["cancelled"]


def test_a_credit_note_that_opening_settles_is_sent(manager, worker):
    invoice = factories.opened()
    note = factories.draft(invoice.customer, kind="credit_note", corrects=invoice, corrects_text=invoice.number)
    _scheduled(note, manager)
    opening.open_invoice(note, by=manager, on=factories.TODAY)
    note.refresh_from_db()
    assert note.status == "paid"

    assert firing.fire_due(at=AT) == 1
    worker()

    assert [message.subject for message in mail.outbox] == [f"Invoice {note.number}"]


def test_an_invoice_prepaid_in_full_is_sent_although_opening_pays_it(clerk):
    draft = factories.draft(prepaid=24200)
    _scheduled(draft, clerk)

    assert firing.fire_due(at=AT) == 1

    draft.refresh_from_db()
    assert (draft.status, _states()) == ("paid", ["queued"])


def test_a_draft_that_cannot_be_opened_by_then_is_a_delivery_problem_with_its_reason(clerk, bell):
    draft = factories.draft()
    _scheduled(draft, clerk)
    drafting.change_draft(draft, by=clerk, version=draft.version, fields={}, lines=[])
    customers.archive_customer(draft.customer, by=clerk, at=AT)

    assert firing.fire_due(at=AT) == 0

    draft.refresh_from_db()
    row = Delivery.objects.problems().get()
    assert (draft.status, draft.number, row.status) == ("draft", "", "failed")
    assert "Harbour Café GmbH is archived." in row.reason
    assert "It has no line." in row.reason
    assert AuditEvent.objects.get(action="delivery.failed").reason == row.reason
    assert bell.rings == []
    assert list(Invoice.objects.ready_to_send(on=factories.TODAY)) == [draft]  # to be sent by a person


def test_a_draft_for_another_customer_by_then_is_not_sent_to_the_first(clerk):
    draft = factories.draft()
    _scheduled(draft, clerk)
    other = factories.customer("Somebody Else", email="else@other.example")
    drafting.change_draft(draft, by=clerk, version=draft.version, fields={"customer": other})

    firing.fire_due(at=AT)

    draft.refresh_from_db()
    assert (draft.status, _states()) == ("draft", ["failed"])
    assert "The draft is for Somebody Else by now" in Delivery.objects.get().reason


def test_a_credit_note_that_a_clerk_changed_after_a_manager_scheduled_it_is_not_opened(clerk, manager):
    note = crediting.draft_credit_note(factories.opened(), by=manager)
    drafting.change_draft(note, by=clerk, version=note.version, fields={"note": "Before"})  # seen by who schedules it
    _scheduled(note, manager)
    note.refresh_from_db()
    drafting.change_draft(note, by=clerk, version=note.version, fields={"note": "After"})

    firing.fire_due(at=AT)

    note.refresh_from_db()
    assert (note.status, _states()) == ("draft", ["failed"])
    assert "Femke Clerk, who may not open credit notes, changed this one" in Delivery.objects.get().reason


def test_a_credit_note_that_a_manager_changed_after_scheduling_it_goes(clerk, manager):
    note = crediting.draft_credit_note(factories.opened(), by=manager)
    drafting.change_draft(note, by=clerk, version=note.version, fields={"note": "Before"})
    _scheduled(note, manager)
    note.refresh_from_db()
    drafting.change_draft(note, by=manager, version=note.version, fields={"note": "After"})

    assert firing.fire_due(at=AT) == 1


def test_who_may_not_open_any_more_opens_nothing_and_the_reason_names_them(clerk):
    draft = factories.draft()
    _scheduled(draft, clerk)
    clerk.is_active = False
    clerk.save()

    firing.fire_due(at=AT)

    draft.refresh_from_db()
    assert (draft.status, _states()) == ("draft", ["failed"])
    assert "Femke Clerk scheduled it and may not open documents any more" in Delivery.objects.get().reason


def test_the_reason_is_in_the_language_of_who_asked(clerk):
    clerk.language = "de"
    clerk.save()
    draft = factories.draft()
    _scheduled(draft, clerk)
    drafting.change_draft(draft, by=clerk, version=draft.version, fields={}, lines=[])

    firing.fire_due(at=AT)

    assert "It has no line." not in Delivery.objects.get().reason


def test_one_that_cannot_go_stands_in_nobodys_way(clerk):
    buyer = factories.customer()
    broken, sound = factories.draft(buyer), factories.draft(buyer)
    _scheduled(broken, clerk)
    _scheduled(sound, clerk)
    drafting.change_draft(broken, by=clerk, version=broken.version, fields={}, lines=[])

    assert firing.fire_due(at=AT) == 1

    assert _states() == ["failed", "queued"]


def test_an_error_nobody_thought_of_becomes_a_problem_and_the_next_one_goes(clerk, monkeypatch, caplog):
    buyer = factories.customer()
    broken = _scheduled(factories.draft(buyer), clerk)
    _scheduled(factories.draft(buyer), clerk)
    real = firing.open_invoice

    def breaks(invoice, **given):
        if invoice.pk == broken.documents.get().invoice_id:
            raise ZeroDivisionError("by nothing")
        return real(invoice, **given)

    monkeypatch.setattr(firing, "open_invoice", breaks)

    assert firing.fire_due(at=AT) == 1

    assert _states() == ["failed", "queued"]
    assert Delivery.objects.get(pk=broken.pk).reason == "Unexpected: ZeroDivisionError: by nothing"


def test_trouble_of_the_database_leaves_it_waiting_for_the_next_minute(clerk, monkeypatch):
    _scheduled(factories.draft(), clerk)
    with monkeypatch.context() as patch:
        patch.setattr(
            firing, "open_invoice", lambda *args, **given: (_ for _ in ()).throw(OperationalError("deadlock"))
        )
        with pytest.raises(OperationalError):
            firing.fire_due(at=AT)

    assert _states() == ["scheduled"]
    assert firing.fire_due(at=AT + MINUTE) == 1


# --- Send now ----------------------------------------------------------------------------------------------------


def test_sent_now_it_goes_at_once_and_not_again_at_its_time(clerk, manager, worker):
    draft = factories.draft()
    _scheduled(draft, clerk)

    firing.send_now(draft, by=manager, on=factories.TODAY, version=draft.version)
    worker()

    draft.refresh_from_db()
    assert (draft.status, draft.issued_on, len(mail.outbox)) == ("open", factories.TODAY, 1)
    assert AuditEvent.objects.get(action="invoice.open").actor_name == "Tomáš Manager"
    assert firing.fire_due(at=AT) == 0


@pytest.mark.parametrize(
    ("version", "lines", "error", "sentence"),
    [
        (99, None, Stale, "This draft was changed after you looked at it."),
        (None, [], DomainError, "It has no line."),
    ],
)
def test_what_cannot_go_now_goes_on_waiting(clerk, version, lines, error, sentence):
    draft = factories.draft()
    _scheduled(draft, clerk)
    if lines is not None:
        drafting.change_draft(draft, by=clerk, version=draft.version, fields={}, lines=lines)

    with pytest.raises(error, match=sentence):
        firing.send_now(draft, by=clerk, on=factories.TODAY, version=version)

    assert _states() == ["scheduled"]
    assert not AuditEvent.objects.filter(action="invoice.open").exists()


def test_what_is_paid_meanwhile_is_not_sent_now(clerk):
    invoice = factories.opened()
    _scheduled(invoice, clerk)
    factories.payment(invoice)

    with pytest.raises(DomainError, match="INV-2026-00001 is paid by now"):
        firing.send_now(invoice, by=clerk, on=factories.TODAY)

    assert _states() == ["scheduled"]


# --- The bell, and many ------------------------------------------------------------------------------------------


def test_the_sweeper_rings_only_while_something_is_due(clerk, bell):
    scheduled = _scheduled(factories.opened(), clerk, _tokyo(date(2099, 11, 24)))
    bell.carry()
    sweeping.sweep()
    assert bell.rings == []

    Delivery.objects.filter(pk=scheduled.pk).update(scheduled_at=datetime(2020, 1, 1, tzinfo=UTC))
    sweeping.sweep()

    assert ("invoicing.tasks.fire_scheduled",) in bell.rings
    bell.carry()
    assert _states() == ["sent"]


def test_what_is_due_is_found_by_one_query_of_bounded_length(clerk, bell, monkeypatch, django_assert_num_queries):
    buyer = factories.customer()
    for n in range(4):
        _scheduled(factories.opened(buyer), clerk, to=[f"a{n}@harbour.example"])
    bell.carry()
    monkeypatch.setattr(firing, "MOST", 3)

    with django_assert_num_queries(1):
        assert firing.fire_due(at=AT - SECOND) == 0
    assert firing.fire_due(at=AT) == 3
    assert ("invoicing.tasks.fire_scheduled",) in bell.rings

    assert firing.fire_due(at=AT) == 1


def test_a_send_whose_readers_do_not_fit_into_a_round_goes_whole(clerk, monkeypatch):
    _scheduled(factories.opened(), clerk, to=["a@harbour.example", "b@harbour.example", "c@harbour.example"])
    monkeypatch.setattr(firing, "MOST", 2)

    assert firing.fire_due(at=AT) == 1

    assert _states() == ["queued"] * 3


@pytest.mark.django_db(transaction=True)
def test_three_schedulers_have_one_effect_each(clerk, size):
    """C4: 100 due, 1,000 with `make torture`."""
    count, buyer, errors = size(1000), factories.customer(), []
    for _n in range(count):
        _scheduled(factories.draft(buyer), clerk)
    together = threading.Barrier(3)

    def run():
        try:
            together.wait()
            while firing.due(at=AT).exists():
                try:
                    firing.fire_due(at=AT)
                except OperationalError:  # SQLite lets one wait for too long: the next minute goes on
                    continue
        except BaseException as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert errors == []
    assert _queued_events() == count
    assert _states() == ["queued"] * count
    assert Invoice.objects.opened().count() == AuditEvent.objects.filter(action="invoice.open").count() == count


# --- An address that mail came back from ---------------------------------------------------------------------------


def _came_back():
    contact = Contact.objects.get()
    contacts.mark_contact(contact, by=SYSTEM, kind="bounced", at=clock.now() + MINUTE, reason="550 no such user")


def test_what_came_back_after_it_was_scheduled_holds_it_and_nothing_is_opened(clerk, worker):
    draft = factories.draft()
    _scheduled(draft, clerk)
    _came_back()

    assert firing.fire_due(at=AT) == 0
    worker()

    draft.refresh_from_db()
    delivery = Delivery.objects.get()
    assert (delivery.status, draft.status, mail.outbox) == ("failed", "draft", [])
    assert "550 no such user" in delivery.reason


def test_what_was_asked_about_when_it_was_scheduled_goes(clerk, worker):
    invoice = factories.opened()
    contacts.mark_contact(Contact.objects.get(), by=SYSTEM, kind="bounced", at=clock.now() - DAY, reason="550")

    with pytest.raises(DomainError, match="came back"):
        _scheduled(invoice, clerk)
    assert not Delivery.objects.exists()

    _scheduled(invoice, clerk, anyway=True)
    firing.fire_due(at=AT)
    worker()
    assert len(mail.outbox) == 1
