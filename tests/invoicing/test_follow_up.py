"""Whom somebody should ask after."""

from datetime import timedelta

import pytest
from django.urls import reverse

from config.common import clock
from invoicing.models import Delivery, Invoice
from invoicing.models.follow_up import needs_follow_up
from tests import factories
from tests.invoicing.heard import LATER, hear, measured, sent

pytestmark = pytest.mark.django_db


def asked(kind=""):
    rows = needs_follow_up(Invoice.objects.all(), kind, at=clock.now())
    return set(rows.values_list("pk", flat=True))


def invoice_of(delivery):
    return delivery.documents.get().invoice_id


@pytest.fixture
def mails():
    """Measured ones of a week ago: quiet, opened, opened often, clicked; and one of yesterday."""
    measured()
    buyer = factories.customer()
    quiet, opened, often, clicked = (sent(factories.opened(buyer), days_ago=8) for _n in range(4))
    fresh = sent(factories.opened(buyer), days_ago=6)
    hear(opened, "opened")
    for n in range(3):
        hear(often, "opened", after=LATER * (n + 1))
    hear(clicked, "clicked")
    return {"quiet": quiet, "opened": opened, "often": often, "clicked": clicked, "fresh": fresh}


def test_each_reason_finds_its_own(mails):
    assert asked("unopened") == {invoice_of(mails["quiet"])}
    assert asked("often") == {invoice_of(mails["often"])}
    assert asked("clicked") == {invoice_of(mails["clicked"])}
    assert asked() == {invoice_of(mails[name]) for name in ("quiet", "often", "clicked")}


def test_who_has_paid_is_left_alone(mails):
    for delivery in mails.values():
        factories.payment(delivery.documents.get().invoice)

    assert asked() == set()


def test_what_a_machine_opened_is_not_opened(mails):
    hear(mails["quiet"], "opened", user_agent="Mozilla/5.0")

    assert invoice_of(mails["quiet"]) in asked("unopened")


def test_one_reader_who_has_opened_it_is_enough(mails):
    again = sent(mails["quiet"].documents.get().invoice, seen=Delivery.objects.latest("pk").pk, days_ago=2)
    hear(again, "opened")

    assert asked("unopened") == set()


def test_where_opens_are_not_measured_nobody_is_suspected():
    measured(opens=False)
    sent(days_ago=30)

    assert asked() == set()


def test_the_card_counts_them_and_leads_to_the_list(mails, as_role, viewer):
    client = as_role(viewer)

    page = client.get(reverse("home"))
    [card] = [each for each in page.context["cards"] if each["title"] == "Needs a follow-up"]
    listed = client.get(card["url"])

    assert (card["count"], card["sums"]) == (3, [(3 * 24200, "EUR")])
    assert card["text"] == "1 not opened in a week, 1 opened again and again, 1 clicked and not paid"
    assert {row.invoice.pk for row in listed.context["rows"]} == asked()
    only = client.get(reverse("invoicing:list"), {"follow_up": "often"})
    assert [row.invoice.pk for row in only.context["rows"]] == [invoice_of(mails["often"])]


def test_the_list_asks_no_more_queries_for_it(mails, as_role, viewer, django_assert_max_num_queries):
    client = as_role(viewer)
    for query in ({"follow_up": "any"}, {"light": "red"}, {"light": "yellow", "follow_up": "unopened"}):
        with django_assert_max_num_queries(6):
            assert client.get(reverse("invoicing:list"), query).status_code == 200


def test_what_came_back_stands_under_delivery_problems_instead(mails):
    hear(mails["quiet"], "bounced", bounce_kind="hard")

    assert invoice_of(mails["quiet"]) not in asked()


def test_a_week_is_a_week(mails):
    rows = needs_follow_up(Invoice.objects.all(), "unopened", at=clock.now() + timedelta(days=2))

    assert invoice_of(mails["fresh"]) in rows.values_list("pk", flat=True)


def test_who_has_answered_has_read_it(mails):
    hear(mails["quiet"], "replied")

    assert asked("unopened") == set()
