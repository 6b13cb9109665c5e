"""What was heard of a mail: kept once, masked, told apart from machines, and what it settles."""

import json
import random
from datetime import timedelta
from unittest import mock

import pytest

from config.common import clock
from config.common.models import AuditEvent
from customers.models import Contact, Customer, Organization
from invoicing import history
from invoicing.channels.base import OutcomeUnknown
from invoicing.models import BatchItem, Delivery, Invoice, TrackingEvent
from invoicing.services import carrying, settling, tracking
from invoicing.services.batches import filling, running
from tests import factories
from tests.house.source import ROOT
from tests.invoicing.heard import READER, hear, measured, sent
from tests.invoicing.problems import Failing, failed, unknown

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("canned_pdf")]
LATE = timedelta(hours=5)


def facts(delivery):
    names = (
        *("status", "delivered_at", "deferred_at", "bounced_at", "bounce_kind", "complained_at", "replied_at"),
        *("rejected_at", "accepted_at", "opened_at", "open_count", "clicked_at", "click_count"),
        *("machine_open_count", "machine_click_count", "settled_at", "reason"),
    )
    return Delivery.objects.values(*names).get(pk=delivery.pk)


# --- Kept once -----------------------------------------------------------------------------------------------


def test_the_same_event_is_kept_once_by_its_id():
    measured()
    delivery = sent()

    assert hear(delivery, "opened", event_id="1") is True
    assert hear(delivery, "opened", event_id="1", after=LATE) is False

    assert (delivery.open_count, delivery.events.count()) == (1, 1)


def test_without_an_id_the_same_kind_at_the_same_moment_is_the_same_event():
    measured()
    delivery = sent()

    assert [hear(delivery, "opened"), hear(delivery, "opened"), hear(delivery, "opened", after=LATE)] == [
        True,
        False,
        True,
    ]

    assert delivery.open_count == 2


def test_an_id_means_one_event_of_each_mail_and_kind():
    one, other = sent(), sent()

    assert [hear(one, "delivered", event_id="1"), hear(other, "delivered", event_id="1")] == [True, True]
    assert hear(one, "bounced", event_id="1") is True


def test_what_is_told_of_the_future_happened_now():
    delivery = sent(days_ago=0)

    hear(delivery, "delivered", after=timedelta(days=30))

    assert delivery.delivered_at <= clock.now()


# --- Any order -----------------------------------------------------------------------------------------------


def story(rng, delivery, n):
    """Some of what may be heard of one mail: (kind, minutes later, event id, hard or soft)."""
    kinds = ["queued", "sent", "deferred", "delivered", "opened", "opened", "clicked", "bounced", "bounced", "replied"]
    return [
        (delivery, rng.choice(kinds), rng.randrange(1, 10_000), f"{delivery.pk}-{each}", rng.choice(["hard", "soft"]))
        for each in range(n)
    ]


def play(events):
    for delivery, kind, minutes, event_id, hardness in events:
        tracking.record_event(
            delivery,
            kind=kind,
            at=delivery.sent_at + timedelta(minutes=minutes),
            source="Postmark",
            event_id=event_id,
            facts=tracking.Facts(user_agent=READER, bounce_kind=hardness, said=hardness),
        )


def test_events_in_any_order_and_three_times_each_end_the_same(size):
    measured()
    rng = random.Random(7)
    count = size(500)
    ways = []
    for _way in range(2):
        deliveries = [sent(days_ago=20) for _n in range(5)]
        rng_story = random.Random(11)
        ways.append((deliveries, [each for one in deliveries for each in story(rng_story, one, count // 5)]))
    (straight, told), (shuffled, copies) = ways
    copies = copies * 3
    rng.shuffle(copies)

    play(sorted(told, key=lambda each: each[2]))
    play(copies)

    assert TrackingEvent.objects.count() == 2 * count
    for one, other in zip(straight, shuffled, strict=True):
        ours, theirs = facts(one), facts(other)
        moments = {name for name, value in ours.items() if name.endswith("_at") and value}
        assert {name: ours[name] - one.sent_at for name in moments} == {
            name: theirs[name] - other.sent_at for name in moments
        }
        assert {name: value for name, value in ours.items() if name not in moments} == {
            name: value for name, value in theirs.items() if name not in moments
        }
        assert ours["open_count"] == one.events.filter(kind="opened").count()


def test_a_hard_bounce_wins_even_after_delivered_and_before_a_soft_one():
    delivery = sent()
    hear(delivery, "delivered")

    hear(delivery, "bounced", after=LATE, bounce_kind="hard")
    hear(delivery, "bounced", after=LATE * 2, bounce_kind="soft")

    assert (delivery.bounce_kind, delivery.bounced_at) == ("hard", delivery.sent_at + LATE)
    assert history.light_of([delivery]).text == "Bounced"


def test_a_soft_bounce_stands_until_the_mail_arrives_after_all():
    delivery = sent()
    hear(delivery, "bounced", bounce_kind="soft")
    assert history.light_of([delivery]).kind == "failed"
    assert Delivery.objects.problems("bounced").get() == delivery

    hear(delivery, "delivered", after=LATE)

    assert history.light_of([delivery]).kind == "sent"
    assert not Delivery.objects.problems().exists()


def test_two_who_watch_the_same_act_do_not_add_up():
    measured()
    delivery = sent()
    for n in range(3):
        hear(delivery, "clicked", after=LATE + timedelta(minutes=n), source="Postmark", event_id=f"p{n}")
        hear(delivery, "clicked", after=LATE + timedelta(minutes=n), source="link", event_id=f"l{n}")

    assert delivery.click_count == 3


def test_a_click_is_an_open_though_no_picture_was_shown():
    measured(opens=False)
    delivery = sent()

    hear(delivery, "clicked")

    assert (delivery.opened_at, delivery.open_count, delivery.click_count) == (delivery.clicked_at, 0, 1)
    assert history.light_of([delivery]).text == "Sent and opened"


# --- Consent -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ours", "theirs", "kept"),
    [(True, None, True), (False, None, False), (True, False, False), (False, True, True)],
)
@pytest.mark.parametrize(("kind", "column"), [("opened", "track_opens"), ("clicked", "track_links")])
def test_nothing_is_recorded_where_it_is_off_of_old_mails_neither(kind, column, ours, theirs, kept):
    measured()
    delivery = sent()
    Organization.objects.update(**{column: ours})
    Customer.objects.update(**{column: theirs})

    assert hear(delivery, kind) is kept

    assert delivery.events.count() == kept
    assert bool(delivery.opened_at) is kept


def test_only_to_readers_are_watched_but_what_came_back_is_known_of_all():
    measured()
    factories.queued(cc=["cc@harbour.example"], copies=["us@kelp.example"])
    carrying.carry_waiting()
    for role in ("cc", "copy"):
        delivery = Delivery.objects.get(role=role)
        assert hear(delivery, "opened") is False
        assert hear(delivery, "clicked") is False
        assert hear(delivery, "bounced", bounce_kind="hard") is True


def test_the_raw_account_is_kept_without_the_person():
    delivery = sent()

    hear(
        delivery,
        "bounced",
        said="550 <ap@harbour.example> unknown",
        raw={"Type": "HardBounce", "Email": "ap@h.example"},
    )

    event = delivery.events.get()
    assert event.raw == {"Type": "HardBounce", "Email": "…"}
    assert event.said == "550 <…@harbour.example> unknown"


# --- Machines ------------------------------------------------------------------------------------------------


def test_twenty_scanners_change_no_state_no_light_and_no_money():
    measured()
    delivery = sent(days_ago=8)
    quiet = unknown()
    traces = json.loads((ROOT / "tests/samples/scanners/traces.json").read_text())
    assert len(traces) == 20

    def state():
        lights = history.lights_of(Invoice.objects.all())
        follow_up = [Invoice.objects.count(), AuditEvent.objects.count()]
        money = list(Invoice.objects.order_by("pk").values("status", "settled", "billed_at"))
        person = {name: value for name, value in facts(delivery).items() if not name.startswith("machine")}
        contacts = list(Contact.objects.values("bounced_at", "complained_at"))
        return lights, follow_up, money, person, facts(quiet)["status"], facts(quiet)["opened_at"], contacts

    before = state()
    for target in (delivery, quiet):
        begun = target.sent_at or target.wire_started_at
        for told in traces:
            for source in ("link", "pixel"):
                tracking.record_visit(
                    target,
                    method=told.get("method", "GET"),
                    user_agent=told["agent"],
                    headers=told.get("headers", {}),
                    at=begun + timedelta(seconds=told["seconds"]),
                    is_staff=False,
                    source=source,
                )

    assert state() == before
    delivery.refresh_from_db()
    assert (delivery.machine_open_count, delivery.machine_click_count) == (20, 20)
    assert history.light_of([delivery]).text == "Sent, not yet opened"


def test_a_person_after_ten_scanners_counts_once():
    measured()
    delivery = sent(days_ago=1)
    for n in range(10):
        for method in ("GET", "HEAD"):
            visit(delivery, method=method, user_agent="Barracuda Sentinel (EE)", minutes=n)

    visit(delivery, minutes=30)

    delivery.refresh_from_db()
    assert (delivery.click_count, delivery.machine_click_count) == (1, 20)
    assert delivery.opened_at == delivery.sent_at + timedelta(minutes=30)


def visit(delivery, *, minutes=60, **fields):
    tracking.record_visit(
        delivery,
        **{
            "method": "GET",
            "user_agent": READER,
            "headers": {},
            "at": delivery.sent_at + timedelta(minutes=minutes),
            "is_staff": False,
            **fields,
        },
    )


def test_our_own_look_is_counted_apart():
    measured()
    delivery = sent(days_ago=1)

    visit(delivery, is_staff=True)

    delivery.refresh_from_db()
    assert (delivery.click_count, delivery.machine_click_count, delivery.opened_at) == (0, 1, None)
    assert delivery.events.get().why == "staff"


def test_whoever_fetches_a_link_for_ever_fills_no_table(monkeypatch):
    measured()
    monkeypatch.setattr(tracking, "MOST_VISITS", 3)
    delivery = sent(days_ago=1)

    for n in range(5):
        visit(delivery, minutes=60 + n)

    delivery.refresh_from_db()
    assert (delivery.click_count, delivery.events.count()) == (3, 3)


# --- Evidence ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["queued", "sent", "deferred", "delivered", "opened", "clicked", "replied"])
def test_what_shows_that_it_was_taken_settles_an_unknown_outcome_and_bills(kind):
    measured()
    delivery = unknown()

    hear(delivery, kind)

    invoice = delivery.documents.get().invoice
    assert (delivery.status, delivery.sent_at) == ("sent", delivery.wire_started_at)
    assert delivery.response.endswith("says Postmark")
    assert invoice.billed_at == delivery.wire_started_at
    event = AuditEvent.objects.get(action="delivery.evidence")
    assert event.after["response"] == delivery.response
    assert not Delivery.objects.problems().exists()


@pytest.mark.parametrize("kind", ["bounced", "rejected"])
def test_what_came_back_settles_it_as_failed_and_bills_nothing(kind):
    delivery = unknown()

    hear(delivery, kind, bounce_kind="hard", said="550 no such user")

    assert delivery.status == "failed"
    assert delivery.reason.endswith("says Postmark: 550 no such user")
    assert delivery.documents.get().invoice.billed_at is None


def test_a_machine_proves_nothing():
    measured()
    delivery = unknown()

    hear(delivery, "clicked", user_agent="curl/8.9.1")

    assert delivery.status == "unknown"
    assert delivery.documents.get().invoice.billed_at is None


def test_what_was_given_up_and_arrives_after_all_is_sent(clerk):
    delivery = unknown()
    settling.settle_delivery(delivery, by=clerk, decision="rest")
    delivery.refresh_from_db()

    hear(delivery, "delivered")

    assert delivery.status == "sent"
    assert delivery.documents.get().invoice.billed_at is not None


def test_a_definite_refusal_stays_one():
    delivery = failed()
    Delivery.objects.filter(pk=delivery.pk).update(wire_started_at=None)
    delivery.refresh_from_db()
    with_moment = clock.now()

    tracking.record_event(delivery, kind="delivered", at=with_moment, source="Postmark")

    delivery.refresh_from_db()
    assert delivery.status == "failed"


def test_the_item_of_a_batch_follows_the_evidence(clerk, bell):
    draft = factories.draft()
    operation = factories.operation(draft, by=clerk, send_email=True)
    filling.fill_waiting(until=float("inf"))
    running.run_waiting()
    with mock.patch("invoicing.services.carrying.plugin", return_value=Failing(OutcomeUnknown("silence"))):
        carrying.carry_waiting()
    delivery = Delivery.objects.get(batch_item__operation=operation)
    assert BatchItem.objects.get().status == "unknown"

    hear(delivery, "delivered")

    assert BatchItem.objects.get().status == "done"
    operation.refresh_from_db()
    assert operation.status == "completed"


# --- The contact, and the trail --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "hardness", "marked"),
    [
        ("bounced", "hard", "bounced_at"),
        ("bounced", "soft", None),
        ("rejected", "hard", "bounced_at"),
        ("rejected", "soft", None),
        ("complained", "", "complained_at"),
    ],
)
def test_what_came_back_is_marked_on_the_contact(kind, hardness, marked):
    delivery = sent()

    hear(delivery, kind, bounce_kind=hardness, said="550 no such user")

    contact = Contact.objects.get()
    assert contact.is_troubled is bool(marked)
    if marked:
        assert getattr(contact, marked) == delivery.sent_at + timedelta(hours=1)


def test_a_mail_that_arrives_later_clears_the_mark_and_an_older_one_does_not():
    buyer = factories.customer()
    older, bounced, newer = (sent(factories.opened(buyer)) for _n in range(3))
    hear(bounced, "bounced", bounce_kind="hard", after=LATE)

    hear(older, "delivered", after=timedelta(minutes=1))
    assert Contact.objects.get().is_troubled

    hear(newer, "delivered", after=LATE * 2)
    assert not Contact.objects.get().is_troubled


def test_the_first_of_each_stands_in_the_trail_once():
    measured()
    delivery = sent()
    for n in range(3):
        hear(delivery, "opened", event_id=str(n), after=LATE + timedelta(minutes=n))
    hear(delivery, "bounced", bounce_kind="soft")
    hear(delivery, "bounced", bounce_kind="hard", after=LATE)

    actions = list(AuditEvent.objects.filter(object_type="delivery").order_by("seq").values_list("action", flat=True))
    assert actions.count("delivery.opened") == 1
    assert actions.count("delivery.bounced") == 2


def test_a_settled_problem_that_comes_back_is_to_be_decided_anew(clerk):
    delivery = unknown()
    settling.settle_delivery(delivery, by=clerk, decision="arrived")
    delivery.refresh_from_db()

    hear(delivery, "bounced", bounce_kind="hard")

    assert Delivery.objects.problems("bounced").get() == delivery


def test_what_was_heard_before_the_answer_failed_to_come_settles_it_at_once():
    """The provider may tell of a mail while its answer is still on the way; then the connection breaks."""
    heard = []

    def tell_first(message):
        delivery = Delivery.objects.get(message_id=message.extra_headers["Message-ID"])
        heard.append(tracking.record_event(delivery, kind="delivered", at=clock.now(), source="Postmark"))

    delivery = factories.queued()
    channel = Failing(OutcomeUnknown("The connection broke."), on_send=tell_first)
    with mock.patch("invoicing.services.carrying.plugin", return_value=channel):
        carrying.carry_waiting(first=delivery.pk)

    delivery.refresh_from_db()
    assert heard == [True]
    assert delivery.status == "sent"
    assert delivery.documents.get().invoice.billed_at is not None
    assert [attempt.result for attempt in delivery.attempts.all()] == ["unknown"]
