"""Email History on the invoice, and the page of each send."""

from datetime import timedelta

import pytest
from django.urls import reverse

from config.common.models import AuditEvent
from invoicing.models import Delivery, TrackingEvent
from tests import factories
from tests.invoicing.heard import hear, measured, sent

pytestmark = pytest.mark.django_db


def history_of(client, delivery):
    page = client.get(reverse("invoicing:detail", args=[delivery.documents.get().invoice_id])).text
    return page[page.index('id="email-history"') : page.index('id="internal-note"')]


def cells(html, label):
    return [
        " ".join(part.split("</td>")[0].split(">", 1)[1].replace("</span>", " ").split())
        for part in html.split(f'data-label="{label}"')[1:]
    ]


def test_it_has_the_columns_of_the_trade(as_role, viewer):
    measured()
    delivery = sent()
    hear(delivery, "delivered")
    hear(delivery, "opened")
    hear(delivery, "opened", after=timedelta(hours=2))
    hear(delivery, "clicked", after=timedelta(hours=3))

    html = history_of(as_role(viewer), delivery)

    for head in ("Send Date and Time", "Recipient", "Email Status", "Open Count", "Click Count"):
        assert f">{head}</th>" in html
    assert "Clicked" in html
    assert "Delivered" in html
    assert "<span>2" in cells(html, "Open Count")[0]
    assert "<span>1" in cells(html, "Click Count")[0]


def test_what_machines_do_stands_apart(as_role, viewer):
    measured()
    delivery = sent()
    hear(delivery, "opened", user_agent="Mozilla/5.0")
    hear(delivery, "clicked", user_agent="curl/8")
    hear(delivery, "clicked", user_agent="curl/8", after=timedelta(hours=2))

    html = history_of(as_role(viewer), delivery)

    assert "1 by a machine" in cells(html, "Open Count")[0]
    assert "<span>0" in cells(html, "Open Count")[0]
    assert "2 by machines" in cells(html, "Click Count")[0]
    assert "Sent" in cells(html, "Email Status")[0]


def test_where_the_pixel_is_off_the_count_says_so(as_role, viewer):
    delivery = sent()

    html = history_of(as_role(viewer), delivery)

    assert "Opens are not measured." in html
    assert "not measured" in cells(html, "Open Count")[0]


def test_to_cc_and_copy_are_marked_and_only_to_is_counted(as_role, viewer, worker):
    factories.queued(cc=["cc@harbour.example"], copies=["us@kelp.example"])
    worker()

    html = history_of(as_role(viewer), Delivery.objects.first())

    assert [html.count(f">{role}</span>") for role in ("To", "CC", "Copy")] == [1, 1, 1]
    assert [text.count("–") for text in cells(html, "Open Count")] == [1, 1, 0]


def test_a_bounce_says_why_and_where_to_put_it_right(as_role, viewer):
    delivery = sent()
    hear(delivery, "bounced", bounce_kind="hard", said="550 5.1.1 no such user")

    html = history_of(as_role(viewer), delivery)

    assert "Bounced" in html
    assert "550 5.1.1 no such user" in html
    assert "Put it right" in html


def test_the_invoice_stays_billed_though_its_mail_came_back(as_role, viewer):
    delivery = sent()
    before = delivery.documents.get().invoice.billed_at

    hear(delivery, "bounced", bounce_kind="hard")

    assert delivery.documents.get().invoice.billed_at == before is not None


# --- The page of one send ------------------------------------------------------------------------------------


def test_it_tells_all_that_was_heard_machines_named_and_replies_in_full(as_role, viewer):
    measured()
    delivery = sent()
    hear(delivery, "delivered")
    hear(delivery, "clicked", user_agent="Barracuda Sentinel (EE)")
    hear(delivery, "opened", source="pixel", after=timedelta(hours=2))
    hear(delivery, "replied", said="Will be paid on Friday.", after=timedelta(hours=3))

    page = as_role(viewer).get(reverse("invoicing:delivery", args=[delivery.pk])).text

    for words in (
        "Clicked, by a machine",
        "a scanner of links",
        "told by our pixel",
        "told by Postmark",
        "Will be paid on Friday.",
        "What was heard since",
        "Replied",
    ):
        assert words in page


def test_a_thousand_events_stay_a_page_of_fifty(as_role, viewer, django_assert_max_num_queries):
    measured()
    delivery = sent(days_ago=30)
    TrackingEvent.objects.bulk_create(
        TrackingEvent(
            delivery=delivery,
            kind="opened",
            source="Postmark",
            occurred_at=delivery.sent_at + timedelta(minutes=n),
            dedupe_key=f"{n:064}",
        )
        for n in range(1000)
    )
    client = as_role(viewer)
    url = reverse("invoicing:delivery", args=[delivery.pk])

    seen = set()
    with django_assert_max_num_queries(9):
        page = client.get(url)
    for _turn in range(30):
        seen |= {event.pk for event in page.context["page"].rows}
        if not page.context["page"].next:
            break
        page = client.get(url, {"after": page.context["page"].next})

    assert len(page.context["events"]) == 50
    assert len(seen) == 1000


def test_the_timeline_of_the_invoice_tells_the_first_open(as_role, viewer):
    measured()
    delivery = sent()
    hear(delivery, "opened")
    hear(delivery, "opened", after=timedelta(hours=2))

    page = as_role(viewer).get(reverse("invoicing:detail", args=[delivery.documents.get().invoice_id])).text

    assert page.count("saw the first open of the email to ap@harbour.example") == 1
    assert AuditEvent.objects.filter(action="delivery.opened").count() == 1
