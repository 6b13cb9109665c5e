"""The paper made in the background: once, and told where it cannot be."""

import pytest

from config.common import clock
from config.common.models import AuditEvent
from invoicing import documents
from invoicing.models import Document
from invoicing.services import papering
from tests import factories

pytestmark = pytest.mark.django_db


def test_the_paper_is_made_once_however_often_the_bell_rings():
    invoice = factories.opened()
    assert list(papering.unmade(at=clock.now())) == [invoice]

    papering.make_paper(invoice)
    papering.make_paper(invoice)

    assert Document.objects.count() == 1
    assert list(papering.unmade(at=clock.now())) == []


def test_a_page_that_fails_leaves_its_reason_in_the_trail_and_is_not_asked_for_again(monkeypatch):
    def fail(html):
        raise documents.RenderFailure("The page is too large.")

    monkeypatch.setattr(documents, "render", fail)
    invoice = factories.opened()

    papering.make_paper(invoice)

    event = AuditEvent.objects.for_thread(invoice).last()
    assert (event.action, event.reason, event.actor_type) == (
        "invoice.paper_failed",
        "The page is too large.",
        "system",
    )
    assert Document.objects.count() == 0
    assert list(papering.unmade(at=clock.now())) == []


def test_a_draft_and_what_was_opened_long_ago_are_nobodys_worry():
    factories.draft()
    factories.opened()

    assert list(papering.unmade(at=clock.now() + papering.LOOK_BACK * 2)) == []
