"""Schedule for Later: checked now, moved and cancelled while it waits."""

import threading
from datetime import UTC, date, datetime, time

import pytest
from django.db import connection

from config.common.errors import DomainError, Forbidden, Stale
from config.common.models import AuditEvent
from invoicing import health
from invoicing.models import Delivery, DeliveryDocument, Invoice
from invoicing.services import correcting, delivering, drafting, firing, marking, opening, scheduling
from invoicing.services.mail import Mail
from invoicing.wall_time import WallTime
from tests import factories

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
TUESDAY = WallTime(date(2026, 11, 24), time(9), "Asia/Tokyo")  # 24 Nov 00:00 UTC
LATER = WallTime(date(2026, 11, 25), time(14), "Europe/Amsterdam")


def _schedule(invoice, by, **fields):
    given = {"mail": factories.mail(), "wall": TUESDAY, "now": NOW, **fields}
    return scheduling.schedule_delivery(invoice, by=by, **given)


def _move(invoice, by, **fields):
    return scheduling.move_scheduled(invoice, by=by, **{"wall": LATER, "now": NOW, "seen": TUESDAY.instant, **fields})


def _nothing_was_written():
    return not Delivery.objects.exists() and not AuditEvent.objects.filter(action__startswith="delivery.").exists()


# --- Scheduling ------------------------------------------------------------------------------------------------


def test_each_reader_waits_with_date_time_zone_and_the_moment_they_mean(clerk, bell):
    invoice = factories.opened()
    bell.carry()

    rows = _schedule(invoice, clerk, mail=factories.mail(cc=["boss@harbour.example"], copies=["us@kelp.example"]))

    assert [(row.role, row.status) for row in rows] == [("to", "scheduled"), ("cc", "scheduled"), ("copy", "scheduled")]
    for row in Delivery.objects.all():
        assert (row.wall_time, row.scheduled_at) == (TUESDAY, datetime(2026, 11, 24, tzinfo=UTC))
    assert bell.rings == []
    event = AuditEvent.objects.get(action="delivery.scheduled")
    assert (event.actor_name, event.thread) == ("Femke Clerk", f"invoice:{invoice.pk}")
    assert event.after["goes_out"] == "2026-11-24 09:00 Asia/Tokyo"
    assert event.after["subject"] == "Invoice INV-2026-00001"


def test_a_draft_stays_a_draft_until_then(clerk):
    draft = factories.draft()

    _schedule(draft, clerk, version=draft.version)

    draft.refresh_from_db()
    assert (draft.status, draft.number) == ("draft", "")
    assert AuditEvent.objects.get(action="delivery.scheduled").after["subject"] == "Invoice {number}"


def test_it_is_no_longer_to_be_sent(clerk):
    due = factories.draft(due_on=date(2026, 11, 1), due_typed=True)
    ready = factories.opened(terms_days=30)

    for invoice in (due, ready):
        _schedule(invoice, clerk)

    assert not Invoice.objects.to_be_sent(on=factories.TODAY).exists()
    assert not Invoice.objects.ready_to_send(on=factories.TODAY).exists()
    assert set(Invoice.objects.scheduled()) == {due, ready}


def test_of_a_send_to_several_its_first_reader_stands_in_the_list(clerk):
    rows = _schedule(factories.opened(), clerk, mail=factories.mail("a@harbour.example", "b@harbour.example"))
    other = _schedule(factories.draft(), clerk, mail=factories.mail("a@harbour.example"))

    listed = DeliveryDocument.objects.scheduled().order_by("delivery").values_list("delivery", flat=True)

    assert list(listed) == [rows[0].pk, other[0].pk]


def test_the_same_submit_twice_schedules_once(clerk):
    invoice, mail = factories.draft(), factories.mail()

    first = _schedule(invoice, clerk, mail=mail)
    second = _schedule(invoice, clerk, mail=mail)

    assert [row.pk for row in first] == [row.pk for row in second]
    assert AuditEvent.objects.filter(action="delivery.scheduled").count() == 1


def test_the_same_submit_with_another_moment_is_told_so(clerk):
    invoice, mail = factories.draft(), factories.mail()
    _schedule(invoice, clerk, mail=mail)

    with pytest.raises(Stale, match="This was asked for already, in another way."):
        _schedule(invoice, clerk, mail=mail, wall=LATER)

    assert Delivery.objects.get().wall_time == TUESDAY


def test_a_submit_that_was_cancelled_since_is_told_so(clerk):
    invoice, mail = factories.opened(), factories.mail()
    _schedule(invoice, clerk, mail=mail)
    scheduling.cancel_scheduled(invoice, by=clerk)

    for act in (_schedule, delivering.queue_delivery):
        with pytest.raises(Stale, match="This was asked for already, in another way."):
            act(invoice, by=clerk, mail=mail)

    assert Delivery.objects.get().status == "cancelled"


def test_a_submit_that_was_sent_at_once_is_not_scheduled_as_well(clerk):
    invoice, mail = factories.opened(), factories.mail()
    delivering.queue_delivery(invoice, by=clerk, mail=mail)

    with pytest.raises(Stale, match="This was asked for already, in another way."):
        _schedule(invoice, clerk, mail=mail)

    assert Delivery.objects.get().status == "queued"


@pytest.mark.parametrize(
    ("wall", "sentence"),
    [
        (WallTime(date(2026, 11, 20), time(19), "Asia/Tokyo"), "That moment has passed already."),
        (WallTime(date(1, 1, 1), time(0), "Asia/Tokyo"), "That moment has passed already."),
        (WallTime(date(2027, 11, 23), time(9), "Asia/Tokyo"), "That is more than a year ahead."),
        (WallTime(date(9999, 12, 31), time(23, 59), "Pacific/Pago_Pago"), "That is more than a year ahead."),
        (WallTime(date(2026, 11, 24), time(9), "Mars/Olympus"), "Mars/Olympus is no time zone."),
    ],
)
def test_moments_nothing_can_be_scheduled_for_are_refused(clerk, wall, sentence):
    draft = factories.draft()

    with pytest.raises(DomainError, match=sentence):
        _schedule(draft, clerk, wall=wall)

    assert _nothing_was_written()


def test_a_draft_that_could_not_be_opened_is_refused_now(clerk):
    bare = drafting.draft_invoice(factories.customer(), by=clerk)

    with pytest.raises(DomainError, match="It has no line. Add at least one."):
        _schedule(bare, clerk)

    assert _nothing_was_written()


def test_its_issue_date_may_be_the_day_it_goes_out_on_our_calendar_but_not_a_later_one(clerk):
    fits = factories.draft(issued_on=date(2026, 11, 24))
    early = factories.draft(issued_on=date(2026, 11, 25))

    _schedule(fits, clerk)
    with pytest.raises(DomainError, match=r"Its issue date, .* lies in the future. Schedule it for that day"):
        _schedule(early, clerk)

    # 25 Nov 07:00 in Tokyo is still the 24th in Amsterdam.
    with pytest.raises(DomainError, match="lies in the future"):
        _schedule(early, clerk, wall=WallTime(date(2026, 11, 25), time(7), "Asia/Tokyo"))
    assert set(Invoice.objects.scheduled()) == {fits}


def test_a_draft_that_changed_since_it_was_looked_at_is_refused(clerk):
    draft = factories.draft()

    with pytest.raises(Stale, match="This draft was changed after you looked at it."):
        _schedule(draft, clerk, version=draft.version + 1)

    assert _nothing_was_written()


def test_without_an_address_it_is_refused(clerk):
    mail = Mail(readers=[], subject="Invoice {number}", reply_to="receivables@kelpworks.example")

    with pytest.raises(DomainError, match="Nobody of the customer would get this email."):
        _schedule(factories.draft(), clerk, mail=mail)

    assert _nothing_was_written()


def _paid(invoice, clerk, manager):
    factories.payment(invoice)


def _void(invoice, clerk, manager):
    correcting.void_invoice(invoice, by=manager, on=factories.TODAY, reason="Twice")


def _written_off(invoice, clerk, manager):
    correcting.write_off_invoice(invoice, by=manager, on=factories.TODAY, reason="Gone")


@pytest.mark.parametrize(("happened", "state"), [(_paid, "paid"), (_void, "void"), (_written_off, "uncollectible")])
def test_what_nobody_waits_for_is_refused(clerk, manager, happened, state):
    invoice = factories.opened()
    happened(invoice, clerk, manager)

    with pytest.raises(DomainError, match=f"INV-2026-00001 is {state}, so nothing can be scheduled for it."):
        _schedule(invoice, clerk)

    assert _nothing_was_written()


def test_a_second_one_beside_it_is_refused_whoever_asks(clerk, manager):
    invoice = factories.opened()
    _schedule(invoice, clerk)
    again = factories.mail("kim@harbour.example", seen=delivering.newest_delivery(invoice))

    with pytest.raises(Stale, match="Femke Clerk scheduled an email to ap@harbour.example already."):
        _schedule(invoice, manager, mail=again)
    with pytest.raises(Stale, match="Femke Clerk scheduled an email to ap@harbour.example already."):
        delivering.queue_delivery(invoice, by=manager, mail=factories.mail())

    assert Delivery.objects.count() == 1


def test_beside_one_that_is_under_way_it_is_refused(clerk):
    invoice = factories.opened()
    factories.queued(invoice)
    mail = factories.mail("kim@harbour.example", seen=delivering.newest_delivery(invoice))

    with pytest.raises(Stale, match="An email to ap@harbour.example is still under way or of unknown outcome."):
        _schedule(invoice, clerk, mail=mail)

    assert Delivery.objects.get().status == "queued"


def test_a_viewer_may_not_and_a_credit_note_needs_a_manager(viewer, clerk, manager):
    invoice = factories.opened()
    note = factories.draft(invoice.customer, kind="credit_note", corrects=invoice)

    with pytest.raises(Forbidden):
        _schedule(invoice, viewer)
    with pytest.raises(Forbidden):
        _schedule(note, clerk)

    assert _nothing_was_written()
    assert _schedule(note, manager)


def test_what_was_marked_as_sent_asks_whether_reminders_apply_again(clerk):
    invoice = factories.billed(factories.opened())
    seen = delivering.newest_delivery(invoice)

    _schedule(invoice, clerk, mail=factories.mail(lift_mark=True, seen=seen))

    invoice.refresh_from_db()
    assert invoice.marked_sent_at is None


# --- What others do meanwhile --------------------------------------------------------------------------------------


def test_it_cannot_be_marked_as_sent_beside(clerk):
    invoice = factories.opened()
    _schedule(invoice, clerk)

    with pytest.raises(Stale, match="An email with INV-2026-00001 is scheduled. Cancel that first."):
        marking.mark_as_sent(invoice, by=clerk, how="Post", sent_on=factories.TODAY, on=factories.TODAY)

    invoice.refresh_from_db()
    assert invoice.billed_at is None


def test_opened_by_hand_it_still_waits(clerk):
    draft = factories.draft()
    _schedule(draft, clerk)

    opening.open_invoice(draft, by=clerk, on=factories.TODAY)

    assert Delivery.objects.get().status == "scheduled"


def test_a_deleted_draft_takes_it_along(clerk):
    draft = factories.draft()
    _schedule(draft, clerk)

    drafting.delete_draft(draft, by=clerk, version=draft.version)

    assert not Delivery.objects.exists()
    assert firing.fire_due(at=TUESDAY.instant) == 0


def test_a_draft_that_was_not_deleted_keeps_it(clerk):
    draft = factories.draft()
    _schedule(draft, clerk)

    with pytest.raises(Stale):
        drafting.delete_draft(draft, by=clerk, version=draft.version + 1)

    assert Delivery.objects.get().status == "scheduled"


def test_made_void_it_is_cancelled_for_all_readers(clerk, manager):
    invoice = factories.opened()
    _schedule(invoice, clerk, mail=factories.mail(cc=["boss@harbour.example"], copies=["us@kelp.example"]))

    _void(invoice, clerk, manager)

    assert set(Delivery.objects.values_list("status", "reason")) == {("cancelled", "INV-2026-00001 was made void.")}


def test_readiness_counts_from_the_moment_it_was_to_go(clerk):
    factories.scheduled(by=clerk, wall=WallTime(date(2026, 11, 20), time(9), "Europe/Berlin"))

    assert "one has waited since 2026-11-20T08:00:00" in health.deliveries()

    Delivery.objects.update(scheduled_at=datetime(2099, 1, 1, tzinfo=UTC))
    assert health.deliveries() == ""


# --- Moving and cancelling -----------------------------------------------------------------------------------------


def test_it_is_moved_to_another_time_in_another_zone(clerk, manager):
    invoice = factories.draft()
    _schedule(invoice, clerk, mail=factories.mail(cc=["boss@harbour.example"]))

    _move(invoice, manager)

    for row in Delivery.objects.all():
        assert (row.wall_time, row.scheduled_at, row.status) == (LATER, LATER.instant, "scheduled")
    event = AuditEvent.objects.get(action="delivery.moved")
    assert (event.actor_name, event.before, event.after) == (
        "Tomáš Manager",
        {"goes_out": "2026-11-24 09:00 Asia/Tokyo"},
        {"goes_out": "2026-11-25 14:00 Europe/Amsterdam"},
    )


def test_moved_to_where_it_is_nothing_happens(clerk):
    invoice = factories.draft()
    _schedule(invoice, clerk)
    _move(invoice, clerk)

    _move(invoice, clerk)

    assert AuditEvent.objects.filter(action="delivery.moved").count() == 1


def test_who_moves_second_is_told_where_it_is_now(clerk, manager):
    invoice = factories.draft()
    _schedule(invoice, clerk)
    _move(invoice, manager)

    with pytest.raises(Stale, match="Tomáš Manager moved it meanwhile to Nov. 25, 2026, 14:00 in Amsterdam."):
        _move(invoice, clerk, wall=WallTime(date(2026, 12, 1), time(8), "Asia/Tokyo"))

    assert Delivery.objects.get().wall_time == LATER


@pytest.mark.parametrize(
    ("wall", "sentence"),
    [
        (WallTime(date(2026, 11, 19), time(9), "Asia/Tokyo"), "That moment has passed already."),
        (WallTime(date(2026, 11, 21), time(9), "Asia/Tokyo"), "lies in the future"),
    ],
)
def test_it_is_not_moved_where_it_could_not_be_scheduled(clerk, wall, sentence):
    draft = factories.draft(issued_on=date(2026, 11, 24))
    _schedule(draft, clerk)

    with pytest.raises(DomainError, match=sentence):
        _move(draft, clerk, wall=wall)

    assert Delivery.objects.get().wall_time == TUESDAY
    assert not AuditEvent.objects.filter(action="delivery.moved").exists()


def test_cancelled_it_is_not_sent_and_can_be_scheduled_anew(clerk, manager):
    invoice = factories.draft()
    _schedule(invoice, clerk)

    scheduling.cancel_scheduled(invoice, by=manager)

    row = Delivery.objects.get()
    assert (row.status, row.reason) == ("cancelled", "Cancelled by Tomáš Manager.")
    assert not DeliveryDocument.objects.filter(live=True).exists()
    assert AuditEvent.objects.get(action="delivery.cancelled").actor_name == "Tomáš Manager"
    assert firing.fire_due(at=TUESDAY.instant) == 0
    assert _schedule(invoice, clerk)


@pytest.mark.parametrize(
    "act",
    [
        _move,
        lambda invoice, by: scheduling.cancel_scheduled(invoice, by=by),
        lambda invoice, by: firing.send_now(invoice, by=by, on=factories.TODAY),
    ],
    ids=["move", "cancel", "send now"],
)
@pytest.mark.parametrize("end", ["cancelled", "fired", "never"])
def test_what_is_not_scheduled_any_more_says_so(clerk, viewer, act, end):
    invoice = factories.draft()
    if end != "never":
        _schedule(invoice, clerk)
        with pytest.raises(Forbidden):
            act(invoice, viewer)
    if end == "cancelled":
        scheduling.cancel_scheduled(invoice, by=clerk)
    if end == "fired":
        firing.fire_due(at=TUESDAY.instant)
    before = AuditEvent.objects.count()

    with pytest.raises(Stale, match="It is not scheduled any more: it was sent or cancelled meanwhile."):
        act(invoice, clerk)

    assert AuditEvent.objects.count() == before


# --- At the same moment ------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_moved_while_it_is_due_it_goes_at_the_old_time_or_at_the_new_one_and_never_at_both(clerk, size):
    """C5: 20 times, 200 with `make torture`."""
    buyer = factories.customer()
    for _n in range(size(200)):
        invoice = factories.opened(buyer)
        _schedule(invoice, clerk)
        told, together = [], threading.Barrier(2)

        def move(invoice=invoice, told=told, together=together):
            try:
                together.wait()
                _move(invoice, clerk)
            except Stale as refusal:
                told.append(str(refusal))
            finally:
                connection.close()

        mover = threading.Thread(target=move)
        mover.start()
        together.wait()
        fired = firing.fire_due(at=TUESDAY.instant)
        mover.join()

        assert fired == len(told)
        row = Delivery.objects.get(documents__invoice=invoice)
        assert (row.status, row.wall_time) == (("queued", TUESDAY) if fired else ("scheduled", LATER))
        firing.fire_due(at=LATER.instant)
        queued = AuditEvent.objects.filter(action="delivery.queued", thread=f"invoice:{invoice.pk}")
        assert (queued.count(), Delivery.objects.get(pk=row.pk).status) == (1, "queued")
