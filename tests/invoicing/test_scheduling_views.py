"""Schedule for Later on the pages: in the dialogs, on the invoice, and in the list of what is scheduled."""

import csv
import io
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from config.common import clock
from config.common.models import AuditEvent
from invoicing.models import Delivery
from invoicing.services import firing, scheduling
from invoicing.wall_time import WallTime
from tests import factories

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true", "HX-Target": "dialog"}
NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
WHEN = {"later": "on", "send_on": "2026-11-24", "send_at": "09:00", "zone": "Asia/Tokyo"}
TUESDAY = WallTime(date(2026, 11, 24), time(9), "Asia/Tokyo")
IN_WORDS = "Tuesday 24 November 2026, 09:00 in Tokyo"


@pytest.fixture(autouse=True)
def _it_is_friday(db):
    """20 November 2026, 11:00 in Amsterdam and Berlin, 19:00 in Tokyo."""
    with clock.at(NOW):
        yield


@pytest.fixture
def clerk(clerk):
    clerk.time_zone = "Europe/Berlin"
    clerk.save()
    return clerk


@pytest.fixture
def buyer(db):
    return factories.customer(time_zone="Asia/Tokyo")


def _to(name, invoice, query=""):
    return reverse(f"invoicing:{name}", args=[invoice.pk]) + query


def _filled(response, **changed):
    form = response.context["form"]
    values = {name: form[name].value() for name in form.fields}
    values = {name: ", ".join(value) if isinstance(value, list) else value for name, value in values.items()}
    return {name: value for name, value in {**values, **changed}.items() if value is not None and value is not False}


def _scheduled(invoice, by, wall=TUESDAY, **fields):
    return factories.scheduled(invoice, by=by, wall=wall, now=NOW, **fields)


# --- The dialogs -------------------------------------------------------------------------------------------------


def test_the_queue_offers_it_and_the_dialog_begins_with_the_customers_tomorrow(as_role, clerk, buyer):
    draft = factories.draft(buyer, due_on=date(2026, 11, 20), due_typed=True)
    client = as_role(clerk)

    queue = client.get(reverse("invoicing:queue")).text
    dialog = client.get(_to("deliveries", draft, "?from=queue&later=1"), headers=HTMX)

    assert f'{_to("deliveries", draft)}?from=queue&amp;later=1" hx-get' in queue
    form = dialog.context["form"]
    assert (form["later"].value(), form["send_on"].value(), form["zone"].value()) == (
        True,
        date(2026, 11, 21),
        "Asia/Tokyo",
    )
    assert "Customer’s, Tokyo" in dialog.text
    assert "Yours, Berlin" in dialog.text
    assert "Goes out <b>Saturday 21 November 2026, 09:00 in Tokyo</b>, which is 01:00 for you." in dialog.text
    assert "It is opened then, and issued on" in dialog.text


def test_from_the_queue_a_draft_is_scheduled_and_its_row_says_so(as_role, clerk, buyer, bell):
    draft = factories.draft(buyer, due_on=date(2026, 11, 20), due_typed=True)
    client = as_role(clerk)
    dialog = client.get(_to("deliveries", draft, "?from=queue"), headers=HTMX)

    answer = client.post(_to("deliveries", draft, "?from=queue"), _filled(dialog, **WHEN), headers=HTMX)

    assert answer["HX-Trigger"] == "closeDialog"
    assert f"Scheduled: it goes out on {IN_WORDS}." in answer.text
    assert 'class="done"' in answer.text
    assert {row.wall_time for row in Delivery.objects.all()} == {TUESDAY}
    draft.refresh_from_db()
    assert (draft.status, bell.rings) == ("draft", [])
    assert f'id="invoice-{draft.pk}"' not in client.get(reverse("invoicing:queue")).text


def test_an_open_invoice_is_scheduled_from_its_page_without_script_too(as_role, clerk, buyer):
    invoice = factories.opened(buyer, on=date(2026, 11, 20))
    client = as_role(clerk)
    page = client.get(_to("deliveries", invoice))
    assert "<!doctype html>" in page.text

    answer = client.post(_to("deliveries", invoice), _filled(page, **{**WHEN, "zone": "Europe/Berlin"}))

    assert (answer.status_code, answer["Location"]) == (302, _to("detail", invoice))
    assert Delivery.objects.first().scheduled_at == datetime(2026, 11, 24, 8, tzinfo=UTC)


def test_the_open_dialog_schedules_opening_and_sending(as_role, clerk, buyer):
    draft = factories.draft(buyer)
    client = as_role(clerk)
    dialog = client.get(_to("opening", draft, "?later=1"), headers=HTMX)

    answer = client.post(_to("opening", draft), _filled(dialog, **WHEN), headers=HTMX)

    assert answer["HX-Redirect"] == _to("detail", draft)
    draft.refresh_from_db()
    assert (draft.status, Delivery.objects.first().status) == ("draft", "scheduled")


def test_where_nothing_is_sent_nothing_is_scheduled(as_role, clerk, buyer):
    draft = factories.draft(buyer)
    client = as_role(clerk)
    dialog = client.get(_to("opening", draft, "?later=1"), headers=HTMX)
    typed = _filled(dialog, **{**WHEN, "send_on": "", "send_email": None})

    client.post(_to("opening", draft), typed, headers=HTMX)

    draft.refresh_from_db()
    assert (draft.status, Delivery.objects.count()) == ("open", 0)


def test_a_draft_whose_issue_date_is_to_come_is_offered_that_day(as_role, clerk):
    far = factories.draft(
        factories.customer(time_zone="Pacific/Auckland"), issued_on=date(2026, 12, 1)
    )  # 09:00 there is the day before here
    client = as_role(clerk)

    dialog = client.get(_to("opening", far), headers=HTMX)
    form = dialog.context["form"]
    assert "Its issue date," in dialog.text
    assert (form["later"].value(), form["send_on"].value()) == (True, date(2026, 12, 2))

    client.post(_to("opening", far), _filled(dialog), headers=HTMX)

    assert Delivery.objects.first().status == "scheduled"


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"send_on": "2026-11-20"}, "That moment has passed already."),
        ({"send_on": "2028-01-01"}, "That is more than a year ahead."),
        ({"send_on": ""}, "This field is required."),
        ({"send_at": "25:00"}, "Enter a valid time."),
        ({"zone": "Mars/Olympus"}, "Select a valid choice."),
    ],
)
def test_what_cannot_be_is_said_and_what_was_typed_is_kept(as_role, clerk, buyer, typed, sentence):
    invoice = factories.opened(buyer)
    client = as_role(clerk)
    filled = _filled(client.get(_to("deliveries", invoice), headers=HTMX), message="Typed by hand", **{**WHEN, **typed})

    answer = client.post(_to("deliveries", invoice), filled, headers=HTMX)

    assert answer.status_code == 422
    assert sentence in answer.text
    assert "Typed by hand" in answer.text
    assert not Delivery.objects.exists()
    assert not AuditEvent.objects.filter(action="delivery.scheduled").exists()


def test_switched_off_nobody_looks_at_when(as_role, clerk, buyer):
    invoice = factories.opened(buyer)
    client = as_role(clerk)
    filled = _filled(client.get(_to("deliveries", invoice)), send_on="nonsense", send_at="", zone="")

    client.post(_to("deliveries", invoice), filled)

    assert set(Delivery.objects.values_list("status", flat=True)) == {"queued"}


def test_the_same_submit_twice_schedules_once(as_role, clerk, buyer):
    invoice = factories.opened(buyer)
    client = as_role(clerk)
    filled = _filled(client.get(_to("deliveries", invoice)), **WHEN)

    answers = [client.post(_to("deliveries", invoice), filled).status_code for _n in range(2)]

    assert answers == [302, 302]
    assert AuditEvent.objects.filter(action="delivery.scheduled").count() == 1


def test_a_paid_one_is_offered_a_copy_now_and_no_schedule(as_role, clerk, buyer):
    invoice = factories.opened(buyer)
    factories.payment(invoice)

    dialog = as_role(clerk).get(_to("deliveries", invoice, "?later=1"), headers=HTMX)

    assert "later" not in dialog.context["form"].fields
    assert "Schedule for Later" not in dialog.text


def test_a_second_dialog_says_what_is_scheduled_already(as_role, clerk, manager, buyer):
    invoice = factories.opened(buyer)
    client = as_role(manager)
    late = client.get(_to("deliveries", invoice), headers=HTMX)
    _scheduled(invoice, clerk)

    told = client.post(_to("deliveries", invoice), _filled(late, **WHEN), headers=HTMX)

    assert told.status_code == 422
    assert "Femke Clerk scheduled an email to ap@harbour.example already." in told.text
    assert f"An email is scheduled already, for {IN_WORDS}." in told.text


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({}, f"Goes out <b>{IN_WORDS}</b>, which is 01:00 for you."),
        ({"zone": "Europe/Berlin"}, "Goes out <b>Tuesday 24 November 2026, 09:00 in Berlin</b>."),
        ({"send_at": "01:30"}, "01:30 in Tokyo</b>, which is Monday 23 November 2026, 17:30 for you."),
        ({"send_on": "2026-11-20"}, "That moment has passed already."),
        (
            {"send_on": "2027-03-28", "send_at": "02:30", "zone": "Europe/Berlin"},
            "The clocks in Berlin are put forward over 02:30 that night, so there is no such time.",
        ),
        (
            {"send_on": "2027-10-31", "send_at": "02:30", "zone": "Europe/Berlin"},
            "The clocks in Berlin are put back that night and show 02:30 twice. It goes out the first time.",
        ),
    ],
)
def test_what_is_typed_is_told_as_the_moment_it_means(as_role, clerk, buyer, typed, sentence):
    invoice = factories.opened(buyer)

    answer = as_role(clerk).get(_to("moment", invoice), {**WHEN, **typed})

    assert sentence in answer.text


@pytest.mark.parametrize("typed", [{"send_on": ""}, {"send_at": "x"}, {"send_on": "10000-01-01"}, {"zone": "Nowhere"}])
def test_half_typed_it_says_nothing(as_role, clerk, buyer, typed):
    answer = as_role(clerk).get(_to("moment", factories.opened(buyer)), {**WHEN, **typed})

    assert (answer.status_code, answer.text.strip()) == (200, "")


def test_a_customer_in_ones_own_zone_leaves_nothing_to_choose(as_role, clerk):
    invoice = factories.opened(factories.customer(time_zone="Europe/Berlin"))

    dialog = as_role(clerk).get(_to("deliveries", invoice), headers=HTMX)

    assert "Customer’s and yours, Berlin" in dialog.text
    assert len(dialog.context["form"].fields["zone"].choices) == 1


# --- The invoice's page, moving, cancelling, sending now -----------------------------------------------------------


def test_the_invoice_says_when_it_goes_and_what_can_be_done(as_role, clerk, viewer, buyer):
    draft = factories.draft(buyer)
    first = _scheduled(draft, clerk, cc=["boss@harbour.example"])

    page = as_role(clerk).get(_to("detail", draft))
    read = as_role(viewer).get(_to("detail", draft)).text
    own = as_role(clerk).get(reverse("invoicing:delivery", args=[first.pk])).text

    assert (page.context["light"].text, page.context["light"].delivery) == ("Scheduled", first.pk)
    for text in (page.text, own):
        assert f"Scheduled for <b>{IN_WORDS}</b> (01:00 for you), 2 recipients." in text
    assert "It is opened and numbered then." in page.text
    for name in ("rescheduling", "unscheduling", "sending_now"):
        assert _to(name, draft) in page.text
        assert _to(name, draft) not in read
    assert "scheduled an email" in page.text
    assert "Goes out: 24 Nov 2026, 09:00 (Tokyo)" in page.text
    assert "later" not in [action.key for action in page.context["more"]]


def test_it_is_moved_from_the_zone_of_one_colleague_to_ones_own(as_role, clerk, manager, buyer):
    draft = factories.draft(buyer)
    _scheduled(draft, clerk, WallTime(date(2026, 11, 24), time(9), "Europe/Berlin"))
    manager.time_zone = "America/Chicago"
    manager.save()
    client = as_role(manager)

    dialog = client.get(_to("rescheduling", draft), headers=HTMX)
    for words in ("Customer’s, Tokyo", "Yours, Chicago", "As it is, Berlin"):
        assert words in dialog.text
    typed = _filled(dialog, send_on="2026-11-26", zone="America/Chicago")
    answer = client.post(_to("rescheduling", draft), typed, headers=HTMX)

    assert answer["HX-Redirect"] == _to("detail", draft)
    assert Delivery.objects.get().wall_time == WallTime(date(2026, 11, 26), time(9), "America/Chicago")


def test_of_two_who_move_it_the_second_is_told_and_decides_knowingly(as_role, clerk, manager, buyer):
    draft = factories.draft(buyer)
    _scheduled(draft, clerk)
    client = as_role(clerk)
    dialog = client.get(_to("rescheduling", draft), headers=HTMX)
    wall = WallTime(date(2026, 11, 25), time(14), "Europe/Amsterdam")
    scheduling.move_scheduled(draft, by=manager, wall=wall, now=NOW, seen=TUESDAY.instant)

    told = client.post(_to("rescheduling", draft), _filled(dialog, send_on="2026-11-27"), headers=HTMX)

    assert told.status_code == 422
    assert "Tomáš Manager moved it meanwhile to Nov. 25, 2026, 14:00 in Amsterdam." in told.text
    assert Delivery.objects.get().wall_time == wall
    client.post(_to("rescheduling", draft), _filled(told), headers=HTMX)
    assert Delivery.objects.get().wall_time == WallTime(date(2026, 11, 27), time(9), "Asia/Tokyo")


@pytest.mark.parametrize(
    ("name", "status", "words"),
    [
        ("unscheduling", "cancelled", "The scheduled email is cancelled."),
        ("sending_now", "queued", "It is on its way."),
    ],
)
def test_it_is_cancelled_or_sent_now_after_a_question(as_role, clerk, buyer, name, status, words):
    draft = factories.draft(buyer)
    _scheduled(draft, clerk)
    client = as_role(clerk)
    asked = client.get(_to(name, draft, "?from=scheduled"))
    assert IN_WORDS in asked.text
    assert Delivery.objects.get().status == "scheduled"

    answer = client.post(_to(name, draft, "?from=scheduled"), _filled(asked), follow=True)
    again = client.post(_to(name, draft, "?from=scheduled"), _filled(asked))

    assert answer.redirect_chain == [(reverse("invoicing:scheduled"), 302)]
    assert words in answer.text
    assert Delivery.objects.get().status == status
    assert again.status_code == 422
    assert "It is not scheduled any more" in again.text


def test_a_draft_that_changed_is_looked_at_again_before_it_is_sent_now(as_role, clerk, manager, buyer):
    draft = factories.draft(buyer)
    _scheduled(draft, clerk)
    client = as_role(clerk)
    asked = client.get(_to("sending_now", draft), headers=HTMX)
    lines = [factories.line(unit_price="999")]
    factories.drafting.change_draft(draft, by=manager, version=draft.version, fields={}, lines=lines)

    told = client.post(_to("sending_now", draft), _filled(asked), headers=HTMX)

    assert "This draft was changed after you looked at it." in told.text
    assert "2,417.58" in told.text
    assert Delivery.objects.get().status == "scheduled"
    assert client.post(_to("sending_now", draft), _filled(told), headers=HTMX).status_code == 200
    draft.refresh_from_db()
    assert draft.status == "open"


# --- The list, the card, the navigation ----------------------------------------------------------------------------


@pytest.fixture
def three(clerk, manager, buyer):
    """Two of the clerk's and one of the manager's, in the order they go out."""
    other = factories.customer("Brightwater", email="ap@bright.example", currency="USD")
    early = _scheduled(factories.draft(buyer), clerk, cc=["boss@harbour.example"])
    dollars = factories.opened(other, accounting_rate=Decimal("0.9"))
    late = _scheduled(dollars, manager, WallTime(date(2026, 11, 30), time(8), "America/Chicago"))
    latest = _scheduled(factories.opened(buyer), clerk, WallTime(date(2026, 12, 1), time(8), "Europe/Berlin"))
    return [row.documents.get().invoice for row in (early, late, latest)]


def _listed(client, **query):
    return [row.invoice for row in client.get(reverse("invoicing:scheduled"), query).context["rows"]]


def test_the_list_shows_each_send_once_the_next_first(as_role, clerk, three):
    client = as_role(clerk)
    page = client.get(reverse("invoicing:scheduled"))

    assert [row.invoice for row in page.context["rows"]] == three
    first = page.context["rows"][0]
    assert first.recipients == ["ap@harbour.example", "boss@harbour.example"]
    assert [action.key for action in first.menu] == ["rescheduling", "sending_now", "unscheduling", "view"]
    assert "24 Nov 2026, 09:00 in Tokyo" in page.text
    assert _listed(client, sort="-goes") == three[::-1]
    assert _listed(client, sort="-amount", currency="EUR") == [three[2], three[0]]


def test_the_list_is_narrowed(as_role, clerk, manager, three):
    client = as_role(clerk)

    assert _listed(client, by=manager.pk) == [three[1]]
    assert _listed(client, currency="USD") == [three[1]]
    assert _listed(client, first="2026-11-25", last="2026-11-30") == [three[1]]
    assert _listed(client, q="bright") == [three[1]]
    assert _listed(client, q=three[2].number) == [three[2]]
    assert "Nothing scheduled fits" in client.get(reverse("invoicing:scheduled"), {"q": "nobody"}).text


def test_the_list_is_a_file(as_role, clerk, three):
    answer = as_role(clerk).get(reverse("invoicing:scheduled"), {"format": "csv", "currency": "EUR"})

    rows = list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
    head, first, _second = rows
    found = dict(zip(head, first, strict=True))
    assert (found["Invoice"], found["Send date"], found["Time"], found["Time zone"]) == (
        "Draft",
        "2026-11-24",
        "09:00",
        "Asia/Tokyo",
    )
    assert found["Recipients"] == "ap@harbour.example, boss@harbour.example"


def test_the_list_asks_the_database_as_little_for_many_as_for_few(as_role, clerk, buyer, django_assert_max_num_queries):
    client = as_role(clerk)
    for n in range(12):
        _scheduled(factories.opened(buyer), clerk, to=[f"a{n}@harbour.example"])
    client.get(reverse("invoicing:scheduled"))

    with django_assert_max_num_queries(6):
        page = client.get(reverse("invoicing:scheduled"))

    assert len(page.context["rows"]) == 12


def test_a_viewer_reads_the_list_and_is_offered_no_act(as_role, viewer, three):
    page = as_role(viewer).get(reverse("invoicing:scheduled"))

    assert [action.key for action in page.context["rows"][0].menu] == ["view"]


def test_the_card_counts_each_send_and_its_money_and_leads_to_the_list(as_role, clerk, three):
    cards = {card["title"]: card for card in as_role(clerk).get("/").context["cards"]}

    card = cards["Scheduled"]
    assert (card["count"], card["url"], card["text"]) == (3, reverse("invoicing:scheduled"), "One is opened then")
    assert sorted(card["sums"]) == [(24200, "USD"), (48400, "EUR")]


def test_the_navigation_has_it_while_there_is_something(as_role, clerk, buyer):
    client, link = as_role(clerk), f'href="{reverse("invoicing:scheduled")}"'
    side = lambda: client.get(reverse("invoicing:list")).text  # noqa: E731
    assert link not in side()

    _scheduled(factories.opened(buyer), clerk)
    assert link in side()

    firing.fire_due(at=TUESDAY.instant + timedelta(minutes=1))
    assert link not in side()
    assert "Nothing is scheduled" in client.get(reverse("invoicing:scheduled")).text
