"""Workflow Snapshot: each card says how many, how much in each currency, and leads there."""

from datetime import timedelta

import pytest

from config.common import clock
from config.common.roles import SYSTEM
from invoicing.models import ChannelState
from invoicing.services import crediting, delivering, settling
from tests import factories
from tests.invoicing.problems import failed, paused, unknown

pytestmark = pytest.mark.django_db


@pytest.fixture
def today(db):
    return clock.today(factories.organization().time_zone)


def _open(today, days, **fields):
    buyer = factories.customer(f"Due in {days}", email=fields.pop("email", "ap@harbour.example"))
    return factories.opened(buyer, on=today, due_on=today + timedelta(days=days), due_typed=True, **fields)


def _draft(today, days, **fields):
    return factories.draft(
        factories.customer(f"Draft {days}"), due_on=today + timedelta(days=days), due_typed=True, **fields
    )


def _cards(client):
    return {card["title"]: card for card in client.get("/").context["cards"]}


def test_invoices_to_be_sent_leads(as_role, clerk, today):
    _open(today, 0)
    _open(today, -3, email="")
    _draft(today, 0, currency="JPY", lines=[factories.line(unit_price="100")])

    client = as_role(clerk)
    card = _cards(client)["Invoices to be sent"]

    assert card["count"] == 3
    assert sorted(card["sums"]) == [(242, "JPY"), (48400, "EUR")]
    assert card["text"] == "2 due today, 1 earlier. One has no contact email."
    assert (card["lead"], card["url"], card["action"]) == (True, "/invoices/to-be-sent/", "Review and send")
    page = client.get("/").text
    assert "Review and send" in page
    assert "484.00" in page


def test_a_credit_note_is_counted_and_its_money_taken_away(as_role, clerk, manager, worker, today):
    _open(today, 5, lines=[factories.line(unit_price="500")])
    paid = factories.billed(factories.opened(on=today, terms_days=30))
    factories.payment(paid, paid_on=today, received_on=today)
    note = crediting.draft_credit_note(paid, by=manager)
    factories.opening.open_invoice(note, by=SYSTEM, on=today)

    card = _cards(as_role(clerk))["Ready to send"]
    failed(note)
    problems = _cards(as_role(clerk))["Delivery problems"]

    assert (card["count"], card["sums"]) == (2, [(121000 - 24200, "EUR")])
    assert problems["sums"] == [(-24200, "EUR")]


def test_ready_to_send_is_what_is_not_due_yet(as_role, clerk, today):
    _open(today, 5)

    card = _cards(as_role(clerk))["Ready to send"]

    assert (card["count"], card["sums"], card["url"]) == (1, [(24200, "EUR")], "/invoices/to-be-sent/?tab=ready")


def test_delivery_problems_counts_failed_and_unknown_and_an_invoices_money_once(as_role, clerk, today):
    invoice = _open(today, 5)
    failed(invoice)
    failed(invoice, seen=delivering.newest_delivery(invoice))
    unknown(_open(today, 6))

    card = _cards(as_role(clerk))["Delivery problems"]

    assert (card["count"], card["sums"]) == (3, [(48400, "EUR")])
    assert card["text"] == "2 failed, 1 of unknown outcome"
    assert card["tone"] == "late"


def test_a_settled_problem_is_none(as_role, clerk, today):
    settling.settle_delivery(failed(_open(today, 5)), by=SYSTEM, decision="rest")

    card = _cards(as_role(clerk))["Delivery problems"]

    assert (card["count"], card["text"]) == (0, "Everything that was sent arrived")


def test_overdue_is_what_is_left_to_pay(as_role, clerk, today):
    late = factories.billed(_open(today, -3), on=today)
    factories.payment(late, 4200)
    factories.billed(_open(today, 0), on=today)
    _open(today, -9)  # never sent: it waits among Invoices to be sent

    card = _cards(as_role(clerk))["Overdue"]

    assert (card["count"], card["sums"], card["url"]) == (1, [(20000, "EUR")], "/invoices/?status=overdue")


def test_recent_activity_says_who_did_what_to_which_invoice(as_role, clerk, today):
    invoice = factories.opened(by=clerk, on=today)

    newest = as_role(clerk).get("/").context["activity"][0]

    assert (newest["actor"], newest["text"]) == ("Femke Clerk", "opened it as INV-2026-00001")
    assert newest["detail"] == "INV-2026-00001 · Harbour Café GmbH"
    assert newest["url"] == f"/invoices/{invoice.pk}/"


def test_a_deleted_draft_is_told_without_a_dead_link(as_role, clerk, today):
    draft = factories.draft(by=clerk)
    factories.drafting.delete_draft(draft, by=clerk, version=draft.version)

    assert as_role(clerk).get("/").context["activity"][0]["url"] == ""


def test_a_viewer_is_offered_no_act(as_role, viewer, today):
    _open(today, 0)

    page = as_role(viewer).get("/").text

    assert "Review and send" not in page
    assert "New invoice" not in page


def test_before_the_organization_is_set_up_it_says_where_to_begin(as_role, clerk):
    page = as_role(clerk).get("/").text

    assert "Whose invoices are these?" in page


def test_the_page_and_its_shell_ask_the_database_five_times_however_much_there_is(
    as_role, clerk, today, django_assert_num_queries
):
    client = as_role(clerk)
    _open(today, 0)
    client.get("/")
    with django_assert_num_queries(5):  # two of them: who is asking
        client.get("/")

    for days in range(-4, 4):
        _open(today, days)
        failed(_open(today, days))

    with django_assert_num_queries(5):
        client.get("/")


def test_the_navigation_counts_what_waits(as_role, clerk, today):
    _open(today, 0)
    lost = failed(_open(today, 9))

    client = as_role(clerk)
    work = client.get("/search/").context["nav"][0]["items"]

    assert [(item["label"], item["count"]) for item in work] == [
        ("Workflow Snapshot", 0),
        ("Invoices to be sent", 1),
        ("Delivery problems", 1),
        ("Batch Operations", 0),
    ]
    settling.settle_delivery(lost, by=clerk, decision="rest")
    assert "Delivery problems" not in [item["label"] for item in client.get("/search/").context["nav"][0]["items"]]


def test_resuming_leads_nowhere_else(as_role, manager, today):
    paused()

    assert as_role(manager).post("/channels/email/resuming/?next=https://evil.example/")["Location"] == "/"


def test_a_paused_channel_is_told_on_every_page_and_a_manager_resumes_it(as_role, clerk, manager, today, bell):
    paused("535 wrong password")

    assert "535 wrong password" in as_role(clerk).get("/").text
    assert "Resume sending" not in as_role(clerk).get("/").text
    assert as_role(clerk).post("/channels/email/resuming/").status_code == 403
    assert ChannelState.objects.exclude(paused_at=None).exists()

    client = as_role(manager)
    assert "Resume sending" in client.get("/").text
    resumed = client.post("/channels/email/resuming/?next=/outbox/")
    assert (resumed.status_code, resumed["Location"]) == (302, "/outbox/")

    assert not ChannelState.objects.exclude(paused_at=None).exists()
    assert ("invoicing.tasks.carry", 0) in bell.rings
