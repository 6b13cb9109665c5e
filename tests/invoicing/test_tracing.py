"""Which of our mails an event or an answer is about."""

import uuid

import pytest

from invoicing.models import Delivery
from invoicing.services.tracing import answered_delivery, find_delivery
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def mails():
    return [factories.queued(), factories.queued(factories.opened(), copies=["us@kelp.example"])]


def test_our_own_id_says_it_whatever_else_is_told(mails):
    one, other = mails

    assert find_delivery(public_id=str(one.public_id), message_id=other.message_id) == one
    assert find_delivery(public_id=one.public_id.hex) == one


def test_our_message_id_says_it_with_and_without_its_brackets(mails):
    one, _other = mails

    assert find_delivery(message_id=one.message_id) == one
    assert find_delivery(message_id=one.message_id.strip("<>")) == one


def test_a_providers_id_that_several_share_needs_the_address(mails):
    _one, other = mails
    Delivery.objects.filter(occasion=other.occasion).update(provider_id="17")

    assert find_delivery(message_id="17", recipient="US@kelp.example").recipient == "us@kelp.example"
    assert find_delivery(message_id="17", recipient="nobody@kelp.example") is None
    assert find_delivery(message_id="17") is None


def test_what_names_none_of_ours_finds_nothing(mails):
    assert find_delivery() is None
    assert find_delivery(message_id=" ") is None
    assert find_delivery(public_id="x" * 40, message_id="<a@b>") is None
    assert find_delivery(public_id=str(uuid.uuid4())) is None
    assert answered_delivery(["<a@b>"]) is None


def test_an_answer_is_about_the_newest_of_ours_that_it_names(mails):
    one, other = mails

    assert answered_delivery(["<a@b>", other.message_id, one.message_id]) == other


def test_a_provider_that_puts_its_own_id_in_place_of_ours_is_understood(mails):
    one, _other = mails
    Delivery.objects.filter(pk=one.pk).update(provider_id="0102018f")

    assert answered_delivery(["<0102018f@eu-west-1.amazonses.com>"]) == one
