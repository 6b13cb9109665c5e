"""What is known of chosen invoices without looking into each."""

import pytest

from invoicing.services.batches import facts
from tests import factories

pytestmark = pytest.mark.django_db


def test_many_are_read_by_one_query_in_the_order_of_their_keys(django_assert_num_queries):
    tokyo = factories.customer("Shibuya KK", email="ap@shibuya.example", time_zone="Asia/Tokyo")
    draft, opened = factories.draft(tokyo), factories.opened()

    with django_assert_num_queries(1):
        found = facts.facts_of([opened.pk, draft.pk])

    assert list(found) == sorted([draft.pk, opened.pk])
    assert (found[draft.pk].label, found[draft.pk].zone) == ("Draft for Shibuya KK", "Asia/Tokyo")
    assert (found[opened.pk].label, found[opened.pk].billed) == (opened.number, False)


def test_a_draft_without_a_customer_has_no_zone():
    draft = factories.draft()
    type(draft).objects.filter(pk=draft.pk).update(customer=None, customer_name="")

    assert facts.facts_of([draft.pk])[draft.pk].zone is None


def test_keys_come_in_chunks(monkeypatch):
    monkeypatch.setattr(facts, "CHUNK", 2)

    assert list(facts.chunks([1, 2, 3, 4, 5])) == [[1, 2], [3, 4], [5]]
