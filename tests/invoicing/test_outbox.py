"""The demo's outbox: real messages, readable, and only where nothing leaves."""

import email
import email.policy
import io
from datetime import timedelta

import pypdf
import pytest
from django.core.mail import EmailMessage
from django.urls import reverse

from config.common import clock
from invoicing.channels.base import ChannelFailure
from invoicing.models import Delivery, OutboxMessage, TrackingEvent
from tests import factories
from tests.invoicing.heard import measured

pytestmark = pytest.mark.django_db


@pytest.fixture
def message(demo_outbox, worker):
    factories.queued(message="Hello {contact}")
    worker()
    return OutboxMessage.objects.get()


def _url(message, name, *more):
    return reverse(f"invoicing:{name}", args=[message.pk, *more])


def test_it_lists_what_would_have_been_sent_and_says_so(as_role, viewer, message):
    page = as_role(viewer).get(reverse("invoicing:outbox")).text

    assert "Invoice INV-2026-00001" in page
    assert "ap@harbour.example" in page
    assert "Nothing here ever left this computer." in page


def test_a_message_shows_headers_text_and_files(as_role, viewer, message):
    page = as_role(viewer).get(_url(message, "outbox_message")).text

    for words in ("From", "Reply-To", "receivables@kelpworks.example", "Auto-Submitted", "Hello Harbour Café GmbH"):
        assert words in page
    assert "INV-2026-00001.pdf" in page
    assert "sandbox" in page


def test_its_html_is_shut_off(as_role, viewer, message):
    response = as_role(viewer).get(_url(message, "outbox_html"))

    assert "Hello Harbour Café GmbH" in response.text
    assert "default-src 'none'" in response["Content-Security-Policy"]


def test_its_pdf_can_be_downloaded(as_role, viewer, message):
    response = as_role(viewer).get(_url(message, "outbox_attachment", 0))

    assert response["Content-Disposition"] == 'attachment; filename="INV-2026-00001.pdf"'
    assert "INV-2026-00001" in pypdf.PdfReader(io.BytesIO(response.content)).pages[0].extract_text()


def test_its_source_is_the_message_itself(as_role, viewer, message):
    response = as_role(viewer).get(_url(message, "outbox_source"))

    assert response["Content-Type"].startswith("text/plain")
    read = email.message_from_bytes(response.content, policy=email.policy.default)
    assert read["Subject"] == "Invoice INV-2026-00001"


def test_there_is_no_third_file(as_role, viewer, message):
    assert as_role(viewer).get(_url(message, "outbox_attachment", 3)).status_code == 404


@pytest.mark.parametrize("other", [{"DEMO": False}, {"EMAIL_BACKEND": "django.core.mail.backends.locmem.EmailBackend"}])
def test_where_mail_really_leaves_there_is_no_outbox(as_role, admin, message, settings, other):
    client = as_role(admin)
    for name, value in other.items():
        setattr(settings, name, value)

    for url in (
        reverse("invoicing:outbox"),
        _url(message, "outbox_message"),
        _url(message, "outbox_html"),
        _url(message, "outbox_source"),
        _url(message, "outbox_attachment", 0),
    ):
        assert client.get(url).status_code == 404
    assert "Outbox" not in [section["title"] for section in client.get("/").context["nav"]]


def test_strangers_read_nothing(client, message):
    assert client.get(_url(message, "outbox_message"))["Location"].startswith(reverse("account_login"))


def test_names_are_listed_as_people_write_them(as_role, admin, demo_outbox):
    EmailMessage("Hello", "…", "a@us.example", ["Éloédie Bérard <e@scahpl.example>"]).send()

    page = as_role(admin).get(reverse("invoicing:outbox")).text

    assert "Éloédie Bérard &lt;e@scahpl.example&gt;" in page
    assert "=?utf-8?" not in page


@pytest.mark.parametrize("address", ["nobody@harbour.example", "Lena Hafen <Nobody@harbour.example>"])
def test_nobody_is_refused_with_a_name_before_it_too(demo_outbox, address):
    with pytest.raises(ChannelFailure, match="(?i)550 5.1.1 nobody@harbour.example: no such mailbox"):
        EmailMessage("Hello", "…", "a@us.example", [address]).send()

    assert not OutboxMessage.objects.exists()


def test_a_mail_about_an_account_is_an_admins_alone(as_role, manager, admin, message):
    EmailMessage("Set your password", "https://dunlin.example/key/", "a@us.example", ["femke@dunlin.example"]).send()
    account = OutboxMessage.objects.get(subject="Set your password")
    addresses = [_url(account, name) for name in ("outbox_message", "outbox_html", "outbox_source")]

    assert "Set your password" not in as_role(manager).get(reverse("invoicing:outbox")).text
    assert [as_role(manager).get(url).status_code for url in addresses] == [404, 404, 404]
    assert as_role(manager).get(_url(message, "outbox_message")).status_code == 200
    assert "https://dunlin.example/key/" in as_role(admin).get(addresses[0]).text


# --- Simulating what a provider says -------------------------------------------------------------------------


def simulate(client, message, kind):
    form = client.get(_url(message, "outbox_message")).context["simulation"]
    body = {"kind": kind, "occasion": form["occasion"].value()}
    return body, client.post(_url(message, "outbox_simulating"), body, follow=True)


@pytest.mark.parametrize(
    ("kind", "column"),
    [("delivered", "delivered_at"), ("bounced", "bounced_at"), ("opened", "opened_at"), ("clicked", "clicked_at")],
)
def test_a_click_lets_the_provider_say_so_the_whole_way(as_role, clerk, message, kind, column):
    measured()
    Delivery.objects.update(sent_at=clock.now() - timedelta(days=1))
    client = as_role(clerk)

    body, page = simulate(client, message, kind)
    client.post(_url(message, "outbox_simulating"), body)

    delivery = Delivery.objects.get()
    assert getattr(delivery, column) is not None
    assert delivery.events.get().source == "Demo"
    assert "The provider said so." in page.text


def test_a_scanner_is_shown_as_one(as_role, clerk, message):
    measured()

    simulate(as_role(clerk), message, "scanned")

    delivery = Delivery.objects.get()
    assert (delivery.click_count, delivery.machine_click_count) == (0, 1)


def test_what_is_not_followed_is_said(as_role, clerk, message):
    _body, page = simulate(as_role(clerk), message, "opened")

    assert "Nothing was recorded" in page.text
    assert not TrackingEvent.objects.exists()


def test_a_mail_about_an_account_is_not_followed(as_role, admin, demo_outbox):
    EmailMessage("Set your password", "key", "a@us.example", ["femke@dunlin.example"]).send()
    account = OutboxMessage.objects.get()

    page = as_role(admin).post(_url(account, "outbox_simulating"), {"kind": "opened", "occasion": "1"}, follow=True)

    assert "Only mails with an invoice are followed" in page.text
    assert not TrackingEvent.objects.exists()


def test_nothing_is_simulated_where_mail_really_leaves(as_role, admin, message, settings):
    settings.DEMO = False

    assert (
        as_role(admin).post(_url(message, "outbox_simulating"), {"kind": "bounced", "occasion": "1"}).status_code == 404
    )
    assert not TrackingEvent.objects.exists()


def test_a_viewer_simulates_nothing(as_role, viewer, message):
    client = as_role(viewer)

    assert "Let the mail provider say" not in client.get(_url(message, "outbox_message")).text
    assert client.post(_url(message, "outbox_simulating"), {"kind": "bounced", "occasion": "1"}).status_code == 403
    assert not TrackingEvent.objects.exists()
