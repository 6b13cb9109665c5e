"""Ticks, Select All and the acts on all that are chosen, on the page of what is scheduled."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.core import mail
from django.urls import reverse

from config.common import clock
from invoicing.models import Delivery, Selection
from invoicing.services import firing, scheduling, scheduling_many
from invoicing.views import scheduled as view
from invoicing.wall_time import WallTime
from tests import factories

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true", "HX-Target": "dialog"}
NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
TUESDAY = WallTime(date(2026, 11, 24), time(9), "Asia/Tokyo")
LIST, SELECT = "/deliveries/scheduled/", "/batches/selecting/?from=scheduled"
THURSDAY = {"send_on": "2026-11-26", "send_at": "08:00", "zone": "each"}
ACTS = ["scheduled_moving", "scheduled_sending", "scheduled_cancelling"]


@pytest.fixture(autouse=True)
def _it_is_friday(db):
    """20 November 2026, 11:00 in Amsterdam and Berlin, 19:00 in Tokyo."""
    with clock.at(NOW):
        yield


@pytest.fixture
def waiting(clerk):
    """`waiting(make, …)`: an invoice whose email waits, for Tuesday unless a wall time is given."""
    clerk.time_zone = "Europe/Berlin"
    clerk.save()

    def schedule(make=factories.opened, wall=TUESDAY, buyer=None):
        invoice = make(buyer or factories.customer(time_zone="Asia/Tokyo"))
        factories.scheduled(invoice, by=clerk, wall=wall, now=NOW)
        return invoice

    return schedule


def select(client, action, *invoices, query="", **more):
    """Where the list leads when these are ticked and that button is pressed."""
    ticked = {"action": action, "chosen": [invoice.pk for invoice in invoices], **more}
    return client.post(SELECT + query, ticked, headers=HTMX)


def dialog(client, action, *invoices):
    """The dialog that opens for these: (its address, what it shows)."""
    address = select(client, action, *invoices)["Location"]
    return address, client.get(address, headers=HTMX)


# --- The list -------------------------------------------------------------------------------------------------


def test_rows_have_ticks_with_what_they_add_up_to_and_a_bar_with_three_acts(as_role, clerk, waiting):
    invoice = waiting()

    page = as_role(clerk).get(LIST).text

    assert f'name="chosen" value="{invoice.pk}" data-minor="24200" data-currency="EUR"' in page
    assert page.count("data-all") == 2
    assert [f'name="action" value="{act}"' in page for act in ("move", "send", "cancel", "open")] == [True] * 3 + [
        False
    ]
    assert 'action="/batches/selecting/?from=scheduled"' in page
    assert "js/bulk.js" in page


def test_a_viewer_has_no_ticks_and_no_bar(as_role, viewer, waiting):
    waiting()

    page = as_role(viewer).get(LIST).text

    assert "data-bulk" not in page
    assert 'name="chosen"' not in page


def test_select_all_takes_those_the_filter_lists(as_role, clerk, waiting):
    elbe = waiting(buyer=factories.customer("Elbe Werft", email="ap@elbe.example"))
    waiting()

    answer = select(as_role(clerk), "move", query="&q=elbe", every="1")

    selection = Selection.objects.get()
    assert answer["Location"] == reverse("invoicing:scheduled_moving", args=[selection.pk])
    assert ([pk for pk, *_seen in selection.rows], selection.query, selection.every) == ([elbe.pk], "q=elbe", True)


def test_more_than_one_act_takes_is_said_and_those_that_go_out_first_are_taken(as_role, clerk, waiting, monkeypatch):
    for place in (view, scheduling_many):
        monkeypatch.setattr(place, "MOST", 2)
    monkeypatch.setattr(view.ScheduledView, "page_size", 1)
    late, first, second = (waiting(wall=WallTime(date(2026, 11, day), time(9), "Asia/Tokyo")) for day in (28, 24, 25))
    client = as_role(clerk)

    page = client.get(LIST).text
    tally = client.get("/batches/matching/?from=scheduled").text
    answer = client.get(select(client, "cancel", every="1")["Location"], headers=HTMX).text

    assert "Select the first 2 that match" in page
    assert "2 selected" in tally
    assert "484.00" in tally
    assert "Cancel 2 scheduled emails?" in answer
    assert "One go takes at most 2: of all that match, those that go out first. Choose the others afterwards." in answer
    assert {pk for pk, *_seen in Selection.objects.get().rows} == {first.pk, second.pk}
    assert late.pk not in {first.pk, second.pk}


def test_nothing_ticked_is_said_and_an_act_of_another_list_is_not_found(as_role, clerk, waiting):
    invoice, client = waiting(), as_role(clerk)

    assert "No invoice is chosen" in select(client, "move").text
    assert select(client, "open", invoice).status_code == 404
    assert client.post("/batches/selecting/?from=list", {"action": "move", "chosen": invoice.pk}).status_code == 404


@pytest.mark.parametrize("n", [1, 30])
def test_the_dialog_asks_as_much_for_many_as_for_few(n, as_role, clerk, waiting, django_assert_num_queries):
    client = as_role(clerk)
    address, _shown = dialog(client, "move", *(waiting() for _n in range(n)))

    with django_assert_num_queries(6):
        client.get(address, headers=HTMX)


# --- Move -----------------------------------------------------------------------------------------------------


def test_the_dialog_begins_with_tomorrow_where_each_customer_is(as_role, clerk, waiting):
    chicago = waiting(buyer=factories.customer("Lake Inc", email="ap@lake.example", time_zone="America/Chicago"))

    _address, answer = dialog(as_role(clerk), "move", waiting(), chicago)

    page = answer.text
    assert "Move 2 scheduled emails" in page
    assert "484.00" in page
    assert "2 emails go out on 21 Nov 2026 at 09:00, each where its customer is." in page
    assert "For you the first goes out on 21 Nov 2026, 01:00, the last on 21 Nov 2026, 16:00." in page
    form = answer.context["form"]
    assert [value for value, _label in form.fields["zone"].choices] == ["each", "Europe/Berlin"]


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        (THURSDAY, "1 email goes out on 26 Nov 2026 at 08:00 where its customer is."),
        ({**THURSDAY, "zone": "Europe/Berlin"}, "1 email goes out on 26 Nov 2026 at 08:00 in Berlin."),
        ({**THURSDAY, "send_on": "2026-11-20"}, "Tokyo: That moment has passed already."),
        ({**THURSDAY, "send_on": "2028-11-20"}, "Tokyo: That is more than a year ahead."),
        ({**THURSDAY, "send_on": ""}, ""),
    ],
)
def test_what_is_typed_is_told_as_what_it_means(typed, words, as_role, clerk, waiting):
    client = as_role(clerk)
    dialog(client, "move", waiting())

    page = client.get(reverse("invoicing:scheduled_moment", args=[Selection.objects.get().pk]), typed).text

    assert words in page
    assert words or "note" not in page


def test_all_are_moved_and_the_list_reads_its_rows_anew(as_role, clerk, waiting):
    one, two, client = waiting(), waiting(), as_role(clerk)
    address, _shown = dialog(client, "move", one, two)

    answer = client.post(address, THURSDAY, headers=HTMX)

    assert "2 emails are moved." in answer.text
    assert "closeDialog" in answer["HX-Trigger"]
    assert "batchStarted" in answer["HX-Trigger"]
    wall = WallTime(date(2026, 11, 26), time(8), "Asia/Tokyo")
    assert [scheduling.scheduled_of(each)[0].wall_time for each in (one, two)] == [wall, wall]


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"send_on": "2026-11-20"}, "That moment has passed already. Choose a later one, or send it now."),
        ({"send_on": ""}, "This field is required."),
        ({"zone": "Mars/Base"}, "Mars/Base is not one of the available choices."),
    ],
)
def test_a_moment_that_cannot_be_is_said_and_what_was_typed_is_kept(typed, sentence, as_role, clerk, waiting):
    invoice, client = waiting(), as_role(clerk)
    address, _shown = dialog(client, "move", invoice)

    answer = client.post(address, {**THURSDAY, "send_at": "08:15", **typed}, headers=HTMX)

    assert answer.status_code == 422
    assert sentence in answer.text
    assert answer.context["form"]["send_at"].value() == "08:15"
    assert scheduling.scheduled_of(invoice)[0].wall_time == TUESDAY
    assert Selection.objects.exists()  # and can be sent again, put right


def test_who_could_not_be_moved_is_told_by_number_with_the_reason(as_role, clerk, waiting):
    gone, fine, client = waiting(), waiting(), as_role(clerk)
    address, _shown = dialog(client, "move", gone, fine)
    firing.send_now(gone, by=clerk, on=NOW.date())
    again = client.get(address, headers=HTMX).text

    answer = client.post(address, THURSDAY, headers=HTMX)

    assert "1 of them is not scheduled any more. You are told which after this." in again
    assert answer.status_code == 200
    assert "1 email is moved." in answer.text
    assert "1 was not moved:" in answer.text
    assert f'<a href="/invoices/{gone.pk}/">{gone.number}</a>: It is not scheduled any more' in answer.text
    assert answer["HX-Trigger"] == '{"batchStarted": {}}'


# --- Send now and Cancel ----------------------------------------------------------------------------------------


def test_sending_now_says_that_drafts_are_opened_and_does_it(as_role, clerk, waiting, worker):
    draft, opened, client = waiting(factories.draft), waiting(), as_role(clerk)
    address, shown = dialog(client, "send", draft, opened)
    assert Delivery.objects.filter(status="scheduled").count() == 2

    answer = client.post(address, headers=HTMX)
    worker()

    assert "Send 2 scheduled emails now?" in shown.text
    assert "<b>1 of them is a draft.</b> It is opened first" in shown.text
    assert "2 emails are on their way." in answer.text
    draft.refresh_from_db()
    assert (draft.status, len(mail.outbox)) == ("open", 2)


def test_cancelling_asks_first_and_leaves_the_others(as_role, clerk, waiting):
    one, two, other, client = waiting(), waiting(), waiting(), as_role(clerk)
    address, shown = dialog(client, "cancel", one, two)

    answer = client.post(address, headers=HTMX)

    assert "Cancel 2 scheduled emails?" in shown.text
    assert "None of them is sent." in shown.text
    assert "2 scheduled emails are cancelled." in answer.text
    assert [len(scheduling.scheduled_of(each)) for each in (one, two, other)] == [0, 0, 1]


def test_without_script_it_is_a_page_that_leads_back_to_the_list_as_it_was_filtered(as_role, clerk, waiting):
    invoice, client = waiting(), as_role(clerk)
    ticked = {"action": "cancel", "chosen": [invoice.pk]}

    page = client.post(f"{SELECT}&q=harbour", ticked, follow=True)
    answer = client.post(page.request["PATH_INFO"], follow=True)

    assert "<!doctype html>" in page.text
    assert f'href="{LIST}?q=harbour"' in page.text
    assert answer.redirect_chain == [(f"{LIST}?q=harbour", 302)]
    assert "1 scheduled email is cancelled." in answer.text


@pytest.mark.parametrize("name", ACTS)
def test_the_same_submit_twice_acts_once_and_says_that_it_was_used(name, as_role, clerk, waiting):
    client = as_role(clerk)
    selection = factories.chosen_scheduled(waiting(), by=clerk)
    address = reverse(f"invoicing:{name}", args=[selection.pk])
    client.post(address, THURSDAY, headers=HTMX)
    before = list(Delivery.objects.values_list("pk", "status", "scheduled_at"))

    late = client.post(address, THURSDAY, headers=HTMX)

    assert late.status_code == 422
    assert "Somebody was quicker" in late.text
    assert list(Delivery.objects.values_list("pk", "status", "scheduled_at")) == before


@pytest.mark.parametrize("name", [*ACTS, "scheduled_moment"])
def test_it_is_for_who_chose_and_for_who_may(name, as_role, clerk, manager, viewer, waiting):
    invoice = waiting()
    address = reverse(f"invoicing:{name}", args=[factories.chosen_scheduled(invoice, by=clerk).pk])
    of_a_list = reverse(f"invoicing:{name}", args=[factories.selection(invoice, by=clerk).pk])

    assert as_role(manager).get(address).status_code == 404
    assert as_role(viewer).get(address).status_code == 403
    assert as_role(clerk).get(of_a_list).status_code == 404
    assert scheduling.scheduled_of(invoice)[0].scheduled_at == TUESDAY.instant
    assert TUESDAY.instant - NOW > timedelta(days=3)
