"""Where customers pay to is changed by two people, or after a day everybody knows of."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail
from django.db import DatabaseError, connection, transaction
from django.urls import reverse

from config.common import clock, people
from config.common.errors import DomainError, Forbidden, Stale
from config.common.models import AuditEvent, User
from config.common.roles import SYSTEM
from customers.models import BankAccount, BankAccountChange
from customers.services import bank_changes as service
from customers.services.organization import set_up_organization
from tests import factories

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
OLD, NEW = "NL91ABNA0417164300", "NL46TIDE0123456789"
PAGE = "/settings/organization/bank-accounts/"


@pytest.fixture
def second(db):
    return User.objects.create_user("second@dunlin.example", "a-long-password", name="Noor Second", role="admin")


@pytest.fixture
def account():
    """Ours, with an invoice that was opened with it."""
    factories.opened()
    return BankAccount.objects.get()


def proposed(account, by, **fields):
    return service.propose_change(account, by=by, at=AT, **{"iban": NEW, **fields})


def actions():
    return list(
        AuditEvent.objects.filter(action__startswith="bank_account").order_by("seq").values_list("action", "actor_name")
    )


def offered():
    return list(BankAccount.objects.filter(active=True).values_list("iban", flat=True))


# --- At once, or not ------------------------------------------------------------------------------------------


def test_the_first_account_before_any_invoice_needs_nobody(admin, second):
    ours = set_up_organization(by=admin, legal_name="Kelpworks", country="NL")

    change = service.propose_account(ours, by=admin, at=AT, holder="Kelpworks", iban=OLD)

    assert (change.status, change.made.iban, offered()) == ("applied", OLD, [OLD])
    assert actions() == [("bank_account.added", "Ines Admin")]


def test_the_second_account_needs_somebody_even_before_the_first_invoice(admin, second):
    ours = factories.organization()

    change = service.propose_account(ours, by=admin, at=AT, holder="Kelpworks", iban=NEW)

    assert (change.status, offered()) == ("waiting", [OLD])


def test_what_the_installation_sets_up_itself_counts_only_before_the_first_invoice():
    ours = factories.organization()

    assert service.propose_account(ours, by=SYSTEM, at=AT, holder="K", iban=NEW).status == "applied"
    factories.opened()
    assert (
        service.propose_account(ours, by=SYSTEM, at=AT, holder="K", iban="DE89370400440532013000").status == "waiting"
    )
    assert offered() == [OLD, NEW]


def test_once_an_invoice_is_open_even_the_only_account_of_the_book_waits(admin, second, account, bell):
    change = proposed(account, admin)

    assert (change.status, change.effective_at, offered()) == ("waiting", None, [OLD])
    assert actions()[-1] == ("bank_account.proposed", "Ines Admin")
    assert ("customers.tasks.tell_bank_change", change.pk) in bell.rings


def test_invoices_opened_meanwhile_carry_the_old_account_and_later_ones_the_new(admin, second, account):
    change = proposed(account, admin)
    meanwhile = factories.opened()

    service.confirm_change(change, by=second, at=AT)

    assert meanwhile.paper["bank"]["iban"] == OLD
    assert factories.opened().paper["bank"]["iban"] == NEW


# --- Two people -----------------------------------------------------------------------------------------------


def test_another_admin_confirms_and_the_old_row_stays_as_it_was(admin, second, account):
    change = proposed(account, admin, holder="Kelpworks Ltd")

    service.confirm_change(change, by=second, at=AT)

    account.refresh_from_db()
    assert (account.iban, account.active) == (OLD, False)
    assert (change.made.iban, change.made.bic, change.made.holder) == (NEW, account.bic, "Kelpworks Ltd")
    assert (change.status, change.decided_by, change.decided_at) == ("applied", second, AT)
    event = AuditEvent.objects.latest("seq")
    assert (event.action, event.actor_id) == ("bank_account.changed", second.pk)
    assert (event.before["iban"], event.after["iban"]) == (OLD, NEW)


def test_nobody_confirms_or_rejects_what_they_proposed_themselves(admin, second, account):
    change, before = proposed(account, admin), actions()

    with pytest.raises(DomainError, match="You proposed this change yourself, so another admin has to confirm it"):
        service.confirm_change(change, by=admin, at=AT)
    with pytest.raises(DomainError, match="Withdraw it instead"):
        service.reject_change(change, by=admin, at=AT, reason="No")

    assert BankAccountChange.objects.latest("pk").status == "waiting"
    assert (offered(), actions()) == ([OLD], before)


def test_only_admins_propose_and_decide(manager, admin, second, account):
    change, before = proposed(account, admin), actions()

    for act in (
        lambda: service.propose_account(account.organization, by=manager, at=AT, holder="Me", iban=NEW),
        lambda: service.propose_offering(account, by=manager, at=AT, active=False),
        lambda: service.confirm_change(change, by=manager, at=AT),
        lambda: service.reject_change(change, by=manager, at=AT, reason="No"),
        lambda: service.withdraw_change(change, by=manager, at=AT),
    ):
        with pytest.raises(Forbidden):
            act()

    assert (offered(), actions(), BankAccountChange.objects.filter(status="waiting").count()) == ([OLD], before, 1)


def test_a_rejection_says_why_and_changes_nothing(admin, second, account):
    change = proposed(account, admin)

    with pytest.raises(DomainError, match="Say why you reject"):
        service.reject_change(change, by=second, at=AT, reason="  ")
    service.reject_change(change, by=second, at=AT, reason="The bank knows nothing of it")

    assert (change.status, change.reason, offered()) == ("rejected", "The bank knows nothing of it", [OLD])
    assert actions()[-1] == ("bank_account.rejected", "Noor Second")
    with pytest.raises(Stale):
        service.confirm_change(BankAccountChange.objects.get(pk=change.pk), by=second, at=AT)
    assert offered() == [OLD]


def test_a_proposal_is_taken_back_by_its_maker_alone(admin, second, account):
    change = proposed(account, admin)

    with pytest.raises(DomainError, match="Somebody else proposed this change"):
        service.withdraw_change(change, by=second, at=AT)
    service.withdraw_change(change, by=admin, at=AT)

    assert (change.status, offered()) == ("withdrawn", [OLD])


def test_of_two_who_decide_at_the_same_moment_the_slower_is_told(admin, second, account):
    change = proposed(account, admin)
    same = BankAccountChange.objects.get(pk=change.pk)
    service.confirm_change(change, by=second, at=AT)

    with pytest.raises(Stale):
        service.confirm_change(same, by=second, at=AT)

    assert (offered(), BankAccount.objects.count()) == ([NEW], 2)


def test_one_change_of_an_account_waits_at_a_time(admin, second, account):
    proposed(account, admin)

    with pytest.raises(DomainError, match=f"A change of {OLD} is waiting already"):
        service.propose_offering(account, by=second, at=AT, active=False)

    assert BankAccountChange.objects.filter(status="waiting").count() == 1


def test_taking_an_account_out_and_offering_it_again_need_somebody_too(admin, second, account):
    out = service.propose_offering(account, by=admin, at=AT, active=False)
    assert offered() == [OLD]
    service.confirm_change(out, by=second, at=AT)
    assert offered() == []

    account.refresh_from_db()
    back = service.propose_offering(account, by=second, at=AT, active=True)
    service.confirm_change(back, by=admin, at=AT)

    assert offered() == [OLD]
    assert [action for action, _who in actions()[-4:]] == [
        "bank_account.proposed",
        "bank_account.deactivated",
        "bank_account.proposed",
        "bank_account.activated",
    ]


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [({"iban": ""}, "needs an IBAN or an account number"), ({"iban": OLD}, "Nothing of the account is different")],
)
def test_what_is_no_account_or_no_change_is_refused(fields, sentence, admin, second, account):
    with pytest.raises(DomainError, match=sentence):
        service.propose_change(account, by=admin, at=AT, **fields)

    assert not BankAccountChange.objects.filter(status="waiting").exists()


# --- An admin who is alone ------------------------------------------------------------------------------------


def test_alone_it_takes_a_day_and_not_a_minute_less(admin, account):
    change = proposed(account, admin)
    assert change.effective_at == AT + timedelta(hours=24)

    assert service.apply_due(at=AT + timedelta(hours=23, minutes=59)) == 0
    assert offered() == [OLD]
    assert service.apply_due(at=AT + timedelta(hours=24)) == 1
    assert service.apply_due(at=AT + timedelta(hours=25)) == 0

    assert offered() == [NEW]
    assert actions()[-1] == ("bank_account.changed", "Dunlin")


def test_alone_it_can_be_withdrawn_or_rejected_by_a_new_admin_within_the_day(admin, account, request):
    change = proposed(account, admin)
    second = request.getfixturevalue("second")

    service.reject_change(change, by=second, at=AT, reason="Not ours")

    assert service.apply_due(at=AT + timedelta(days=2)) == 0
    assert offered() == [OLD]


def test_the_proposal_of_somebody_who_is_no_longer_admin_waits_for_another(admin, account, request):
    change = proposed(account, admin)
    User.objects.filter(pk=admin.pk).update(role="viewer")

    assert service.apply_due(at=AT + timedelta(days=9)) == 0
    service.confirm_change(change, by=request.getfixturevalue("second"), at=AT)

    assert offered() == [NEW]


def test_when_the_other_admin_leaves_the_day_begins_then(admin, second, account):
    change = proposed(account, admin)
    User.objects.filter(pk=second.pk).update(is_active=False)

    service.apply_due(at=AT + timedelta(days=3))
    change.refresh_from_db()
    assert (change.status, change.effective_at) == ("waiting", AT + timedelta(days=4))

    service.apply_due(at=AT + timedelta(days=4))
    assert offered() == [NEW]


def test_turning_a_colleague_off_for_a_minute_makes_nobody_alone_for_a_day(admin, second, account):
    people.deactivate_person(second, by=admin)
    change = proposed(account, admin)
    assert change.effective_at == AT + timedelta(days=1)
    people.reactivate_person(second, by=admin)

    service.apply_due(at=AT + timedelta(minutes=1))
    assert service.apply_due(at=AT + timedelta(days=3)) == 0

    change.refresh_from_db()
    assert (change.status, change.effective_at, change.told_at, offered()) == ("waiting", None, None, [OLD])
    service.confirm_change(change, by=second, at=clock.now() + timedelta(days=2))
    assert offered() == [NEW]


def test_the_minute_sweep_rings_again_for_a_mail_that_never_went(admin, account, bell, monkeypatch):
    change = proposed(account, admin)
    monkeypatch.setattr(bell, "_rung", [])

    service.sweep_changes(at=AT)
    bell.carry()
    service.sweep_changes(at=AT)

    assert bell.rings == []
    assert BankAccountChange.objects.get(pk=change.pk).told_at is not None
    assert len(mail.outbox) == 2


# --- The database ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE customers_bankaccount SET iban = 'NL46TIDE0123456789'",
        "UPDATE customers_bankaccount SET holder = 'Me'",
        "DELETE FROM customers_bankaccount",
        "DELETE FROM customers_bankaccountchange",
        "UPDATE customers_bankaccountchange SET proposed_by_id = NULL",
        "UPDATE customers_bankaccountchange SET status = 'applied' WHERE status = 'rejected'",
    ],
)
def test_the_database_refuses_to_rewrite_an_account_or_a_proposal(statement, admin, second, account):
    service.reject_change(proposed(account, admin), by=second, at=AT, reason="No")

    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)

    assert offered() == [OLD]


# --- The pages ------------------------------------------------------------------------------------------------


def test_the_page_shows_the_difference_and_each_sees_what_they_may_do(admin, second, clerk, account, as_role):
    change = proposed(account, admin)
    confirming = reverse("customers:bank_change_confirming", args=[change.pk])
    withdrawing = reverse("customers:bank_change_withdrawing", args=[change.pk])

    pages = {person: as_role(person).get(PAGE).content.decode() for person in (admin, second, clerk)}

    assert all("<del>NL91 ABNA 0417 1643 00</del>" in page for page in pages.values())
    assert all("<ins>NL46 TIDE 0123 4567 89</ins>" in page for page in pages.values())
    assert [confirming in pages[person] for person in (admin, second, clerk)] == [False, True, False]
    assert [withdrawing in pages[person] for person in (admin, second, clerk)] == [True, False, False]
    assert "Proposed by Ines Admin" in pages[clerk]


def test_who_can_confirm_is_told_on_every_page_and_in_the_navigation(admin, second, manager, account, as_role):
    proposed(account, admin)
    words = "waits for you"

    found = {person: as_role(person).get("/customers/").content.decode() for person in (admin, second, manager)}

    assert [words in found[person] for person in (admin, second, manager)] == [False, True, False]


def test_it_is_proposed_confirmed_rejected_and_withdrawn_from_the_page(admin, second, account, as_role):
    typed = {"holder": "Kelpworks", "iban": NEW, "currency": ""}
    mine, theirs = as_role(admin), as_role(second)

    def url(name):
        return reverse(f"customers:bank_change_{name}", args=[BankAccountChange.objects.latest("pk").pk])

    mine.post(f"{PAGE}{account.pk}/", typed)
    assert mine.post(url("confirming")).status_code == 422
    mine.post(url("withdrawing"))
    mine.post(f"{PAGE}{account.pk}/", typed)
    assert theirs.post(url("rejecting"), {"reason": ""}).status_code == 422
    assert "NL46" in theirs.get(url("rejecting")).content.decode()
    theirs.post(url("rejecting"), {"reason": "Who is this?"})
    assert "Who is this?" in mine.get(PAGE).content.decode()
    mine.post(f"{PAGE}{account.pk}/", typed)
    answer = theirs.post(url("confirming"), follow=True)

    assert "Confirmed." in answer.content.decode()
    assert offered() == [NEW]
    statuses = BankAccountChange.objects.order_by("pk").values_list("status", flat=True)
    assert list(statuses) == ["applied", "withdrawn", "rejected", "applied"]


def test_more_changes_need_no_more_queries(admin, second, account, as_role, django_assert_num_queries):
    client = as_role(second)
    proposed(account, admin)
    client.get(PAGE)
    with django_assert_num_queries(8) as first:
        client.get(PAGE)

    for _n in range(5):
        service.propose_account(account.organization, by=admin, at=AT, holder="K", account_no="1")

    with django_assert_num_queries(len(first)):
        client.get(PAGE)


# --- One person with two accounts -----------------------------------------------------------------------------


def test_an_admin_invited_today_does_not_confirm_today(admin, account):
    change = proposed(account, admin)
    now = clock.now()
    puppet = people.create_person(
        by=admin, email="p@dunlin.example", name="P", password="a-long-password", role="admin"
    )

    with pytest.raises(DomainError, match="within the last 24 hours"):
        service.confirm_change(change, by=puppet, at=now)
    assert offered() == [OLD]

    service.confirm_change(change, by=puppet, at=now + timedelta(hours=25))
    assert offered() == [NEW]


def test_the_page_offers_no_button_to_who_cannot_confirm_yet(admin, account, as_role):
    change = proposed(account, admin)
    puppet = people.create_person(
        by=admin, email="p@dunlin.example", name="P", password="a-long-password", role="admin"
    )

    page = as_role(puppet).get(PAGE).content.decode()

    assert "so somebody else has to confirm this" in page
    assert reverse("customers:bank_change_confirming", args=[change.pk]) not in page


@pytest.mark.parametrize("taken", ["password", "role", "address", "turned on"])
def test_nor_does_an_account_that_a_colleague_took_in_hand(admin, second, account, taken):
    change = proposed(account, admin)
    if taken == "password":
        people.set_password(second, by=admin, password="another-long-one")
    elif taken == "address":
        people.change_person(second, by=admin, email="elsewhere@dunlin.example")
    elif taken == "role":
        people.change_person(second, by=admin, role="clerk")
        people.change_person(second, by=admin, role="admin")
    else:
        people.deactivate_person(second, by=admin)
        people.reactivate_person(second, by=admin)

    with pytest.raises(DomainError, match="within the last 24 hours"):
        service.confirm_change(change, by=second, at=clock.now())
    assert offered() == [OLD]


def test_a_name_or_language_put_right_by_a_colleague_is_no_matter(admin, second, account):
    change = proposed(account, admin)
    people.change_person(second, by=admin, name="Noor de Second", language="de")

    service.confirm_change(change, by=second, at=clock.now())

    assert offered() == [NEW]
