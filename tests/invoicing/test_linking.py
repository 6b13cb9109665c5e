"""Links taken back, and links made afresh."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core import mail

from config.common import clock
from config.common.errors import DomainError, Forbidden, Stale
from config.common.models import AuditEvent
from customers.models import Contact
from invoicing.models import CustomerLink, Delivery, Invoice
from invoicing.services import linking
from tests import factories
from tests.portal.visiting import let_in, link_of, linked, page_of, reader

pytestmark = pytest.mark.django_db


def test_a_revoked_link_opens_nothing_whoever_has_it(clerk):
    link, path = linked()
    browser = let_in(path)
    assert browser.get(page_of(link)).status_code == 200

    linking.revoke_link(link, by=clerk, at=clock.now())

    assert reader().get(path).status_code == 404
    assert browser.get(page_of(link)).status_code == 404
    event = AuditEvent.objects.get(action="delivery.link_revoked")
    assert event.actor_name == "Femke Clerk"
    link.refresh_from_db()
    assert link.revoked_by == clerk


def test_who_revokes_it_second_is_told_and_a_viewer_may_not(clerk, viewer):
    link, path = linked()

    with pytest.raises(Forbidden):
        linking.revoke_link(link, by=viewer, at=clock.now())
    assert reader().get(path).status_code == 302

    linking.revoke_link(link, by=clerk, at=clock.now())
    with pytest.raises(Stale, match=r"The link was revoked already. Reload the page to see by whom."):
        linking.revoke_link(link, by=clerk, at=clock.now())
    assert AuditEvent.objects.filter(action="delivery.link_revoked").count() == 1


def test_the_page_of_the_email_says_how_its_link_stands_and_revokes_it(as_role, clerk):
    link, _path = linked()
    client = as_role(clerk)
    assert "Revoke link" in client.get(f"/deliveries/{link.delivery_id}/").text

    answer = client.post(f"/deliveries/{link.delivery_id}/revoking-link/")

    assert answer.status_code == 302
    page = client.get(f"/deliveries/{link.delivery_id}/").text
    assert "revoked by Femke Clerk" in page
    assert "Revoke link" not in page


def test_it_lives_ninety_days_after_settlement_or_after_the_mail_where_that_left_later():
    link, _path = linked(days_ago=10)
    zone = "Europe/Amsterdam"
    made = link.made_at.astimezone(ZoneInfo(zone)).date()
    assert link.ends_on(zone) is None

    link.invoice.settled_on = made - timedelta(days=400)
    assert link.ends_on(zone) == made + timedelta(days=90)
    link.invoice.settled_on = made + timedelta(days=3)
    assert link.ends_on(zone) == made + timedelta(days=93)
    assert not link.has_expired(on=made + timedelta(days=92), zone=zone)
    assert link.has_expired(on=made + timedelta(days=93), zone=zone)


def test_a_fresh_one_goes_to_the_same_address_and_bills_nothing(worker):
    link, path = linked(days_ago=2)
    invoice = link.invoice
    before = Invoice.objects.values("billed_at", "status", "settled").get(pk=invoice.pk)

    linking.send_fresh(link, at=clock.now())
    linking.send_fresh(link, at=clock.now() + timedelta(minutes=59))
    worker()

    fresh = Delivery.objects.get(kind="notice")
    assert (fresh.recipient, fresh.role, fresh.status) == ("ap@harbour.example", "to", "sent")
    assert fresh.readers == {"to": ["ap@harbour.example"], "cc": [], "copy": []}
    assert "Here is the fresh link that was asked for" in mail.outbox[-1].body
    assert link_of(mail.outbox[-1]) != path
    assert reader().get(link_of(mail.outbox[-1])).status_code == 302
    assert Invoice.objects.values("billed_at", "status", "settled").get(pk=invoice.pk) == before
    assert AuditEvent.objects.filter(action="delivery.fresh_link").count() == 1

    linking.send_fresh(link, at=clock.now() + timedelta(minutes=61))
    linking.send_fresh(link, at=clock.now() + timedelta(hours=3))
    assert Delivery.objects.filter(kind="notice").count() == 2, "while one is on its way no other is made"


def test_none_goes_to_an_address_that_mail_came_back_from():
    link, _path = linked()
    Contact.objects.update(bounced_at=clock.now())

    with pytest.raises(DomainError, match=r"We cannot send to that address any more. Please write to us instead."):
        linking.send_fresh(link, at=clock.now())

    assert Delivery.objects.count() == 1
    assert CustomerLink.objects.count() == 1


def test_one_address_is_sent_five_an_hour_at_most():
    buyer = factories.customer()
    found = [linked(factories.opened(buyer))[0] for _n in range(6)]
    for link in found[:5]:
        linking.send_fresh(link, at=clock.now())

    with pytest.raises(DomainError, match=r"Too many links were asked for. Please try again in an hour"):
        linking.send_fresh(found[5], at=clock.now())

    assert Delivery.objects.filter(kind="notice").count() == 5


def test_a_fresh_one_that_failed_is_not_said_to_be_on_its_way(worker):
    link, _path = linked(days_ago=2)
    now = clock.now()
    linking.send_fresh(link, at=now)
    assert linking.was_sent_fresh(link, at=now)

    fresh = Delivery.objects.get(kind="notice")
    Delivery.objects.filter(pk=fresh.pk).update(status="failed", reason="550 no such user")
    fresh.documents.update(live=False)

    assert not linking.was_sent_fresh(link, at=now)
