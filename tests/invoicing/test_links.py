"""The link in a mail: whose it is, what of it is kept, and that a retry makes the same one again."""

import hashlib
from datetime import time, timedelta
from email import message_from_bytes
from email.policy import SMTP

import pytest
from django.core import mail

from config.common import clock
from config.common.errors import DomainError
from invoicing import links
from invoicing.channels.base import ChannelFailure
from invoicing.models import CustomerLink, Delivery
from invoicing.services import carrying, delivering, firing, settling
from invoicing.wall_time import WallTime
from tests import factories
from tests.portal.visiting import link_of

pytestmark = pytest.mark.django_db
OLD, NEW = "old-key-0123456789-0123456789-0123456789", "new-key-0123456789-0123456789-0123456789"


def tokens() -> dict:
    return {message.to[0]: link_of(message).split("/")[2] for message in mail.outbox}


def test_each_reader_has_a_link_of_their_own(worker):
    invoice = factories.opened()
    delivering.queue_delivery(
        invoice,
        by=factories.SYSTEM,
        mail=factories.mail("one@harbour.example", "two@harbour.example", portal_link=True),
    )
    worker()

    found = tokens()
    rows = {link.delivery.recipient: link for link in CustomerLink.objects.select_related("delivery")}
    assert len(set(found.values())) == 2
    assert {email: link.token_hash for email, link in rows.items()} == {
        email: hashlib.sha256(token.encode()).hexdigest() for email, token in found.items()
    }
    assert {link.invoice_id for link in rows.values()} == {invoice.pk}


def test_copies_and_mails_without_the_switch_carry_none(worker):
    factories.queued(cc=["cc@harbour.example"], copies=["us@kelp.example"], portal_link=True)
    factories.queued(factories.opened(), portal_link=False)
    worker()

    with_link = [message.to[0] for message in mail.outbox if "/i/" in message.body + message.alternatives[0][0]]
    assert with_link == ["ap@harbour.example"]
    assert CustomerLink.objects.count() == 1


def test_rows_keep_a_place_holder_and_never_the_token(worker):
    factories.queued(portal_link=True, message="See {portal_link}")
    worker()

    delivery = Delivery.objects.get()
    [token] = tokens().values()
    assert delivery.text.count("http://127.0.0.1:8000/i/preview/") == 2
    assert delivery.html.count('href="http://127.0.0.1:8000/i/preview/"') == 3
    assert token not in f"{delivery.text}{delivery.html}{delivery.message}{delivery.link.token_hash}"
    assert delivery.link_key == links.key_in_use()


def test_the_message_names_it_as_a_link_and_copies_read_the_number(worker):
    invoice = factories.opened()
    factories.queued(invoice, cc=["cc@harbour.example"], portal_link=True, message="See {portal_link} <b>")
    worker()

    to, cc = sorted(mail.outbox, key=lambda message: message.to[0])
    path = link_of(to)
    assert f"See http://127.0.0.1:8000{path} <b>" in to.body
    assert f'See <a class="link" href="http://127.0.0.1:8000{path}"' in to.alternatives[0][0]
    assert "</a> &lt;b&gt;" in to.alternatives[0][0]
    assert f"See {invoice.number} <b>" in cc.body
    assert f"See {invoice.number} &lt;b&gt;" in cc.alternatives[0][0]


def test_a_message_with_the_link_is_refused_where_the_switch_is_off():
    invoice = factories.opened()

    with pytest.raises(
        DomainError,
        match=r"The message has {portal_link}, but the portal link is off. Turn it on, or take the field out.",
    ):
        factories.queued(invoice, message="See {portal_link}")

    assert not Delivery.objects.exists()


def test_a_retry_sends_the_same_bytes_and_the_same_link(channel):
    delivery = factories.queued(portal_link=True)
    channel.before = [ChannelFailure("421 later", kind="temporary")]
    made = []
    send = channel.send
    channel.send = lambda message, on_wire: (
        made.append(message.message().as_bytes(linesep="\r\n")),
        send(message, on_wire),
    )[1]

    carrying.carry_waiting()
    Delivery.objects.update(not_before=None)
    carrying.carry_waiting()

    assert Delivery.objects.get(pk=delivery.pk).status == "sent"
    assert made[0] == made[1]
    assert "/i/preview/" not in message_from_bytes(made[0], policy=SMTP).get_body(("plain",)).get_content()
    assert CustomerLink.objects.count() == 1


def test_a_key_that_was_changed_serves_what_is_to_be_sent_again_while_it_is_kept(settings, channel):
    settings.PORTAL_LINK_KEYS = [OLD]
    delivery = factories.queued(portal_link=True)
    channel.before = [ChannelFailure("421 later", kind="temporary")]
    carrying.carry_waiting()
    token_hash = CustomerLink.objects.get().token_hash
    Delivery.objects.update(not_before=None)

    settings.PORTAL_LINK_KEYS = [NEW, OLD]
    carrying.carry_waiting()

    delivery.refresh_from_db()
    [message] = channel.sent
    assert delivery.status == "sent"
    assert links.hash_of(link_of(message).split("/")[2]) == token_hash
    assert delivery.link_key != links.key_in_use()


def test_without_the_key_of_its_link_a_mail_fails_and_says_what_to_do(settings, channel, clerk):
    settings.PORTAL_LINK_KEYS = [OLD]
    delivery = factories.queued(portal_link=True)
    channel.before = [ChannelFailure("421 later", kind="temporary")]
    carrying.carry_waiting()
    Delivery.objects.update(not_before=None)

    settings.PORTAL_LINK_KEYS = [NEW]
    carrying.carry_waiting()

    delivery.refresh_from_db()
    assert (delivery.status, channel.sent) == ("failed", [])
    assert delivery.reason == (
        "The key that its portal link was made with is gone, so the same email cannot be made again. Put that key back "
        "into PORTAL_LINK_KEYS and send it again, or send the invoice anew from its own page."
    )

    settings.PORTAL_LINK_KEYS = [NEW, OLD]
    settling.settle_delivery(delivery, by=clerk, decision="again")
    carrying.carry_waiting()
    delivery.refresh_from_db()
    assert delivery.status == "sent"


def test_the_secret_key_and_its_fallbacks_serve_where_no_keys_are_named(settings):
    name = links.key_in_use()
    delivery = Delivery(public_id=factories.uuid.uuid4(), recipient_hash="h", link_key=name)
    token = links.token_of(delivery)

    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = NEW

    assert links.token_of(delivery) == token
    assert links.key_in_use() != name
    assert len(token) == 43


def test_a_mended_address_gets_another_link_and_the_old_one_is_dead(channel, clerk):
    delivery = factories.queued(portal_link=True)
    channel.before = [ChannelFailure("550 no such user", kind="permanent")]
    carrying.carry_waiting()
    old = CustomerLink.objects.get().token_hash
    delivery.refresh_from_db()

    settling.settle_delivery(delivery, by=clerk, decision="again", address="right@harbour.example")
    carrying.carry_waiting()

    link = CustomerLink.objects.get()
    [message] = channel.sent
    assert link.token_hash == links.hash_of(link_of(message).split("/")[2])
    assert link.token_hash != old


def test_a_stored_mail_is_shown_with_its_link_dead(worker, as_role, viewer):
    delivery = factories.queued(portal_link=True)
    worker()

    shown = as_role(viewer).get(f"/deliveries/{delivery.pk}/html/").content.decode()

    assert "http://127.0.0.1:8000/i/preview/" in shown
    assert "href=" not in shown


def test_what_waits_for_its_moment_has_its_link_made_then_with_the_key_in_use(settings, clerk, worker):
    settings.PORTAL_LINK_KEYS = [OLD]
    moment = clock.now() + timedelta(days=2)
    wall = WallTime(moment.date(), time(9), "Europe/Berlin")
    factories.scheduled(by=clerk, wall=wall, portal_link=True)
    assert not CustomerLink.objects.exists()

    settings.PORTAL_LINK_KEYS = [NEW]
    with clock.at(wall.instant + timedelta(minutes=1)):
        firing.fire_due(at=clock.now())
        worker()

    delivery = Delivery.objects.get()
    assert (delivery.status, delivery.link_key) == ("sent", links.key_in_use())
    assert delivery.link.invoice.number == "INV-2026-00001"
    assert links.hash_of(link_of(mail.outbox[-1]).split("/")[2]) == delivery.link.token_hash


def test_the_token_is_told_to_no_site_of_others(worker):
    factories.queued(portal_link=True, message="Not https://evil.example/i/preview/ but {portal_link}")
    worker()

    [token] = tokens().values()
    [message] = mail.outbox
    for part in (message.body, message.alternatives[0][0]):
        assert "https://evil.example/i/preview/" in part
        assert f"evil.example/i/{token}" not in part


def test_composed_before_our_address_changed_it_gets_its_token_all_the_same(settings):
    stored = f"See {links.placeholder()}"
    settings.BASE_URL = "https://pay.kelp.example"

    assert links.put_in(stored, "token") == "See http://127.0.0.1:8000/i/token/"
