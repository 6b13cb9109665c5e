"""The services of the organization, its addresses and its bank accounts."""

import pytest

from config.common.errors import DomainError, Forbidden, Stale
from config.common.models import AuditEvent
from customers.models import BankAccount, Organization, OrganizationEmail
from customers.services import organization as service
from invoicing.models import BillingProfile, InvoiceTemplate, Series

pytestmark = pytest.mark.django_db


@pytest.fixture
def kelpworks(admin):
    return service.set_up_organization(by=admin, legal_name="Kelpworks Instruments B.V.", country="NL")


def actions():
    return list(AuditEvent.objects.order_by("seq").values_list("action", flat=True))


def test_the_first_save_makes_what_an_installation_begins_with(kelpworks):
    assert Series.objects.count() == 3
    assert InvoiceTemplate.objects.get().texts.count() == 2
    assert BillingProfile.objects.get(organization=kelpworks).template == InvoiceTemplate.objects.get()


def test_there_is_one_organization(kelpworks, admin):
    with pytest.raises(DomainError, match="has been set up already"):
        service.set_up_organization(by=admin, legal_name="Second Ltd")

    assert Organization.objects.count() == 1


def test_only_admins_change_the_organization_and_its_accounts(kelpworks, manager):
    before = actions()

    with pytest.raises(Forbidden):
        service.change_organization(kelpworks, by=manager, version=1, legal_name="Mine")
    with pytest.raises(Forbidden):
        service.add_organization_email(kelpworks, by=manager, email="me@a.example")
    with pytest.raises(Forbidden):
        service.add_bank_account(kelpworks, by=manager, holder="Me", iban="NL46TIDE0123456789")

    assert Organization.objects.get().legal_name == "Kelpworks Instruments B.V."
    assert actions() == before


def test_the_slower_of_two_admins_is_told(kelpworks, admin):
    service.change_organization(kelpworks, by=admin, version=1, city="Rotterdam")

    with pytest.raises(Stale, match=r"Ines Admin changed this meanwhile \(City: Rotterdam\)"):
        service.change_organization(kelpworks, by=admin, version=1, city="Delft")

    assert Organization.objects.get().city == "Rotterdam"


def test_our_own_addresses_are_listed_once(kelpworks, admin):
    row = service.add_organization_email(kelpworks, by=admin, email="copies@a.example", label="Copies")

    with pytest.raises(DomainError, match="Copies@a.example is in the list already"):
        service.add_organization_email(kelpworks, by=admin, email="Copies@a.example")

    service.change_organization_email(row, by=admin, preselected=False)
    assert OrganizationEmail.objects.get().preselected is False
    service.remove_organization_email(row, by=admin)
    assert not OrganizationEmail.objects.exists()
    assert actions()[-3:] == ["organization_email.added", "organization_email.changed", "organization_email.removed"]


def test_the_first_bank_account_is_in_effect_and_in_the_trail(kelpworks, admin):
    change = service.add_bank_account(kelpworks, by=admin, holder="Kelpworks", iban="NL46TIDE0123456789")

    event = AuditEvent.objects.for_thread(kelpworks).latest("seq")
    assert (event.action, event.after) == ("bank_account.added", {"holder": "Kelpworks", "iban": "NL46TIDE0123456789"})
    assert BankAccount.objects.get() == change.made


def test_a_bank_account_needs_a_number(kelpworks, admin):
    with pytest.raises(DomainError, match="needs an IBAN or an account number"):
        service.add_bank_account(kelpworks, by=admin, holder="Kelpworks", iban="")

    assert not BankAccount.objects.exists()
