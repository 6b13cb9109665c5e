from datetime import UTC, date, datetime

import pytest

from invoicing.models import Invoice
from invoicing.presenting import Sent, badges, light, signed

TODAY = date(2026, 11, 20)
NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)


def words(invoice):
    return [badge.text for badge in badges(invoice, today=TODAY)]


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        ({"status": "draft"}, ["Draft · Unbilled"]),
        ({"status": "open", "due_on": TODAY}, ["Open · Unbilled"]),
        ({"status": "open", "billed_at": NOW, "due_on": TODAY}, ["Open · Unpaid"]),
        ({"status": "open", "billed_at": NOW, "settled": 10, "due_on": TODAY}, ["Open · Unpaid", "Partly paid"]),
        ({"status": "open", "billed_at": NOW, "due_on": date(2026, 11, 8)}, ["Open · Unpaid", "Overdue"]),
        ({"status": "paid", "billed_at": NOW, "settled": 100}, ["Paid"]),
        ({"status": "paid", "settled": 100}, ["Paid", "Unbilled"]),
        ({"status": "void"}, ["Void"]),
        ({"status": "uncollectible", "billed_at": NOW}, ["Uncollectible"]),
        ({"status": "paid", "kind": "credit_note", "billed_at": NOW}, ["Settled"]),
        ({"status": "open", "kind": "credit_note", "billed_at": NOW, "due_on": date(2026, 1, 1)}, ["Open"]),
    ],
)
def test_every_state_has_its_word(fields, shown):
    assert words(Invoice(total=100, **fields)) == shown


def test_what_credit_notes_settled_is_not_called_paid():
    invoice = Invoice(status="paid", billed_at=NOW, total=100, settled=100, settled_by_credit=100)
    assert words(invoice) == ["Credited"]

    invoice.settled_by_credit = 40
    assert words(invoice) == ["Paid and credited"]


def test_a_credit_note_counts_against_us():
    assert signed(Invoice(kind="credit_note"), 500) == -500
    assert signed(Invoice(kind="invoice"), 500) == 500


def shown(*sent):
    found = light(sent)
    return found and (found.text, found.kind, found.delivery)


def test_without_any_send_there_is_no_light():
    assert shown() is None
    assert shown(Sent(1, "cancelled")) is None


@pytest.mark.parametrize(
    ("status", "text", "kind"),
    [
        ("queued", "Queued", ""),
        ("sending", "Sending", ""),
        ("retrying", "Still trying", ""),
        ("scheduled", "Scheduled", ""),
        ("failed", "Failed", "failed"),
        ("unknown", "Outcome unknown", "failed"),
        ("sent", "Sent, opens not measured", "sent"),
    ],
)
def test_one_email_lights_by_its_own_state(status, text, kind):
    assert shown(Sent(7, status)) == (text, kind, 7)


def test_opens_count_only_where_they_are_measured():
    assert shown(Sent(1, "sent", is_tracked=True)) == ("Sent, not yet opened", "sent", 1)
    assert shown(Sent(1, "sent", is_tracked=True, opened_at=NOW)) == ("Sent and opened", "opened", 1)


def test_it_is_red_only_when_nobody_was_reached():
    assert shown(Sent(1, "sent"), Sent(2, "failed")) == ("Sent, opens not measured", "sent", 1)
    assert shown(Sent(1, "sent", bounced_at=NOW), Sent(2, "failed")) == ("Failed", "failed", 2)
    assert shown(Sent(1, "sent", bounced_at=NOW)) == ("Bounced", "failed", 1)


def test_what_is_still_under_way_is_said_first():
    assert shown(Sent(1, "sent"), Sent(2, "queued")) == ("Queued", "", 2)
    assert light([Sent(2, "queued")]).in_flight
    assert not light([Sent(2, "scheduled")]).in_flight


def test_an_outcome_nobody_knows_asks_for_a_person_even_when_others_were_reached():
    assert shown(Sent(1, "sent"), Sent(2, "unknown")) == ("Outcome unknown", "failed", 2)


def test_marked_as_sent_is_grey_until_an_email_says_more():
    manual = Sent(1, "sent", channel="manual")

    assert shown(manual) == ("Marked as sent", "marked", 1)
    assert shown(manual, Sent(2, "sent")) == ("Sent, opens not measured", "sent", 2)
    assert shown(manual, Sent(2, "failed")) == ("Failed", "failed", 2)
