"""The light in SQL says what presenting.light says, of whatever became of the mails."""

import itertools
from datetime import UTC, datetime

import pytest
from django.urls import reverse

from invoicing import history
from invoicing.filters import LIGHTS
from invoicing.models import Delivery, DeliveryDocument, Invoice
from invoicing.models.lights import in_light
from invoicing.presenting import has_bounced, problem_of
from tests import factories
from tests.invoicing.heard import hear, measured, sent

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 20, 9, tzinfo=UTC)
# What may have become of one mail, as columns.
FATES = {
    "scheduled": {"status": "scheduled", "scheduled_at": AT},
    "queued": {"status": "queued"},
    "unknown": {"status": "unknown", "reason": "silence", "wire_started_at": AT},
    "failed": {"status": "failed", "reason": "no"},
    "failed, bounced": {"status": "failed", "reason": "no", "bounced_at": AT, "bounce_kind": "hard"},
    "cancelled": {"status": "cancelled", "reason": "paid"},
    "sent": {"status": "sent"},
    "opened": {"status": "sent", "opened_at": AT, "is_tracked": True},
    "bounced": {"status": "sent", "bounced_at": AT, "bounce_kind": "hard"},
    "bounced, opened": {"status": "sent", "bounced_at": AT, "bounce_kind": "hard", "opened_at": AT},
    "soft": {"status": "sent", "bounced_at": AT, "bounce_kind": "soft"},
    "soft, delivered": {"status": "sent", "bounced_at": AT, "bounce_kind": "soft", "delivered_at": AT},
    "refused": {"status": "sent", "rejected_at": AT},
    "complained": {"status": "sent", "complained_at": AT},
    "marked": {"status": "sent", "channel": "manual"},
    "mark undone": {"status": "cancelled", "reason": "undone", "channel": "manual"},
    "copy": {"status": "failed", "reason": "no", "role": "copy"},
    "reminder": {"status": "failed", "reason": "no", "kind": "reminder"},
}
COLOURS = {"": "ring", "opened": "green", "sent": "yellow", "failed": "red", "marked": "grey"}


def invoices_with(stories) -> dict:
    """{story: an invoice with these mails}. Forged for once: no service leads to every one of them."""
    import uuid

    buyer = factories.customer()
    found = {}
    for story in stories:
        invoice = factories.draft(buyer)
        found[story] = invoice
        for fate in story:
            fields = {"channel": "email", "role": "to", "kind": "invoice", **FATES[fate]}
            proof = {"sent_at": AT, "response": "250 ok"} if fields["status"] == "sent" else {}
            key = uuid.uuid4()
            made = Delivery.objects.create(
                public_id=key, dedupe_key=key.hex, message_id=key.hex, recipient_hash="", **proof, **fields
            )
            DeliveryDocument.objects.create(
                delivery=made, invoice=invoice, kind=made.kind, channel=made.channel, recipient_hash=key.hex, live=False
            )
    return found


def test_every_two_fates_light_the_same_in_the_list_and_in_its_filter():
    stories = [(), *((fate,) for fate in FATES), *itertools.product(FATES, repeat=2)]
    invoices = invoices_with(stories)
    lights = history.lights_of(invoices.values())

    shown = {pk: COLOURS[light.kind] for pk, light in lights.items()}
    found = {}
    for light, _label in LIGHTS:
        for pk in in_light(Invoice.objects.all(), light).values_list("pk", flat=True):
            assert pk not in found, "no invoice has two lights"
            found[pk] = light

    wrong = {
        story: (shown.get(invoice.pk, "none"), found.get(invoice.pk))
        for story, invoice in invoices.items()
        if shown.get(invoice.pk, "none") != found.get(invoice.pk)
    }
    assert wrong == {}


def test_problems_are_the_same_in_the_list_and_on_the_page():
    invoices_with([(fate,) for fate in FATES])

    for kind in ("failed", "unknown", "bounced", "complained"):
        listed = set(Delivery.objects.problems(kind).values_list("pk", flat=True))
        assert listed == {each.pk for each in Delivery.objects.all() if problem_of(each) == kind}, kind
        assert listed
    assert Delivery.objects.problems().count() == sum(problem_of(each) != "" for each in Delivery.objects.all())
    assert any(has_bounced(each) for each in Delivery.objects.all())


def test_the_list_is_narrowed_by_its_light(as_role, viewer):
    measured()
    opened, unopened, unsent = sent(), sent(), factories.opened()
    hear(opened, "opened")
    numbers = {each: each.documents.get().invoice.number for each in (opened, unopened)}
    client = as_role(viewer)

    green = client.get(reverse("invoicing:list"), {"light": "green"}).text
    yellow = client.get(reverse("invoicing:list"), {"light": "yellow"}).text

    assert (numbers[opened] in green, numbers[unopened] in green, unsent.number in green) == (True, False, False)
    assert (numbers[opened] in yellow, numbers[unopened] in yellow) == (False, True)
    assert "Status light:" in green


def test_the_list_explains_its_lights(as_role, viewer):
    factories.opened()

    page = as_role(viewer).get(reverse("invoicing:list")).text

    assert 'popovertarget="lights"' in page
    for words in ("Sent and opened", "Sent, not yet opened", "Marked as sent", "Outcome unknown", "Still trying"):
        assert words in page
