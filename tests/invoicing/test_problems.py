"""Delivery problems: every kind under its tab, and what may be done about it."""

import pytest
from django.urls import reverse

from config.common.models import AuditEvent
from invoicing.models import Delivery
from tests import factories
from tests.invoicing.heard import hear, sent
from tests.invoicing.problems import failed, unknown

pytestmark = pytest.mark.django_db
URL = "/deliveries/problems/"


@pytest.fixture
def trouble():
    buyer = factories.customer()
    found = {"failed": failed(factories.opened(buyer)), "unknown": unknown(factories.opened(buyer))}
    found |= {name: sent(factories.opened(buyer)) for name in ("bounced", "complained")}
    hear(found["bounced"], "bounced", bounce_kind="hard", said="550 no such user")
    hear(found["complained"], "complained")
    return found


def listed(client, kind=""):
    return [row.pk for row in client.get(URL, {"kind": kind} if kind else {}).context["page"].rows]


def test_each_kind_has_its_tab_with_its_count(trouble, as_role, viewer):
    client = as_role(viewer)

    tabs = client.get(URL).context["tabs"]

    assert [(str(tab["label"]), tab["count"]) for tab in tabs] == [
        ("All", 4),
        ("Failed", 1),
        ("Outcome unknown", 1),
        ("Bounced", 1),
        ("Complained", 1),
    ]
    for kind, delivery in trouble.items():
        assert listed(client, kind) == [delivery.pk]
    assert set(listed(client, "nonsense")) == {delivery.pk for delivery in trouble.values()}


def test_each_row_says_why_and_what_next(trouble, as_role, clerk):
    page = as_role(clerk).get(URL).text

    for words in ("550 no such user", "Did it arrive?", "Look at it", "Put it right", "Mend the address"):
        assert words in page


def test_all_that_came_back_are_put_to_rest_together_and_the_tab_stays(trouble, as_role, clerk):
    client = as_role(clerk)

    answer = client.post(f"{URL}?kind=bounced", {"id": [trouble["bounced"].pk], "decision": "rest"})

    assert answer["Location"] == f"{URL}?kind=bounced"
    assert "None of this kind" in client.get(answer["Location"]).text
    assert not Delivery.objects.problems("bounced").exists()


def test_ticked_ones_of_every_kind_go_again_each_in_its_way(trouble, as_role, clerk, worker):
    everything = [delivery.pk for delivery in trouble.values()]

    page = as_role(clerk).post(URL, {"id": everything, "decision": "again"}, follow=True).text

    assert "4 deliveries are settled." in page
    worker()
    assert Delivery.objects.count() == 6  # what had been sent goes as another
    assert Delivery.objects.exclude(status="sent").count() == 0


def test_the_list_takes_six_queries_whatever_its_length(trouble, as_role, viewer, django_assert_max_num_queries):
    client = as_role(viewer)
    for kind in ("", "failed", "bounced", "complained"):
        with django_assert_max_num_queries(6):
            client.get(URL, {"kind": kind})


def test_the_card_of_the_snapshot_counts_what_came_back(trouble, as_role, viewer):
    [card] = [each for each in as_role(viewer).get("/").context["cards"] if each["title"] == "Delivery problems"]

    assert (card["count"], card["text"]) == (4, "1 failed, 1 of unknown outcome, 2 came back")


def test_a_mail_that_came_back_says_so_on_its_page_and_can_be_mended_there(trouble, as_role, clerk, worker):
    client = as_role(clerk)
    url = reverse("invoicing:delivery", args=[trouble["bounced"].pk])
    page = client.get(url).text
    assert "It came back." in page
    assert "It arrived" in page

    client.post(
        reverse("invoicing:settling", args=[trouble["bounced"].pk]), {"decision": "again", "address": "x@h.example"}
    )
    worker()

    assert Delivery.objects.get(recipient="x@h.example").status == "sent"
    assert "It came back." not in client.get(url).text


def test_a_viewer_settles_nothing_that_came_back(trouble, as_role, viewer):
    events = AuditEvent.objects.count()

    answer = as_role(viewer).post(URL, {"id": [trouble["bounced"].pk], "decision": "rest"})

    assert answer.status_code == 403
    assert (Delivery.objects.problems().count(), AuditEvent.objects.count()) == (4, events)


def test_all_that_was_refused_is_told_of(as_role, clerk):
    buyer = factories.customer()
    pks = [failed(factories.opened(buyer)).pk for _n in range(7)]

    page = as_role(clerk).post(URL, {"id": pks, "decision": "arrived"}, follow=True).text

    assert page.count("Its outcome is known by now.") == 5
    assert "2 more stay as they are." in page
