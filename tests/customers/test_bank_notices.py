"""The mail about a change of a bank account."""

from datetime import UTC, datetime

import pytest
from django.core import mail

from config.common.models import User
from customers.models import BankAccount, BankAccountChange
from customers.services import bank_changes, bank_notices
from tests import factories

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
NEW = "NL46TIDE0123456789"


@pytest.fixture
def change(admin):
    factories.opened()
    return bank_changes.propose_change(BankAccount.objects.get(), by=admin, at=AT, iban=NEW)


def test_admins_managers_and_our_own_addresses_are_told_and_nobody_else(change, manager, clerk, viewer):
    assert bank_notices.tell_of_change(change, at=AT) == 3

    assert sorted(to for message in mail.outbox for to in message.to) == [
        "admin@dunlin.example",
        "manager@dunlin.example",
        "receivables@kelpworks.example",
    ]
    assert BankAccountChange.objects.get(pk=change.pk).told_at == AT


def test_it_says_who_what_when_and_where_to_stop_it(change):
    bank_notices.tell_of_change(change, at=AT)

    body = mail.outbox[0].body
    assert "Ines Admin wants to change where customers pay to. Changed account:" in body
    assert "IBAN: NL91 ABNA 0417 1643 00 → NL46 TIDE 0123 4567 89" in body
    assert "it takes effect by itself on 21 Nov 2026, 09:00 (UTC)" in body
    assert "/settings/organization/bank-accounts/" in body


def test_where_another_admin_can_confirm_it_says_so(admin):
    User.objects.create_user("second@dunlin.example", "a-long-password", name="Noor", role="admin")
    factories.opened()
    change = bank_changes.propose_change(BankAccount.objects.get(), by=admin, at=AT, iban=NEW)

    bank_notices.tell_of_change(change, at=AT)

    assert "It takes effect when another admin confirms it." in mail.outbox[0].body


def test_it_is_told_once_and_not_any_more_when_it_was_decided(change, admin):
    bank_notices.tell_of_change(change, at=AT)
    change.refresh_from_db()
    assert bank_notices.tell_of_change(change, at=AT) == 0
    told = len(mail.outbox)

    bank_changes.withdraw_change(change, by=admin, at=AT)
    again = bank_changes.propose_change(BankAccount.objects.get(), by=admin, at=AT, iban=NEW)
    bank_changes.withdraw_change(again, by=admin, at=AT)

    assert bank_notices.tell_of_change(again, at=AT) == 0
    assert len(mail.outbox) == told


def test_a_mail_that_did_not_go_leaves_the_change_untold(change, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1

    with pytest.raises(OSError):  # noqa: PT011 - whatever the system calls a port nobody listens on
        bank_notices.tell_of_change(change, at=AT)

    assert BankAccountChange.objects.get(pk=change.pk).told_at is None
