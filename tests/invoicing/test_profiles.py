"""Which template a draft begins with: the customer's, else the organization's, else the oldest."""

import pytest
from django.db import IntegrityError, transaction

from config.common import clock
from config.common.errors import DomainError, Forbidden, Stale
from config.common.models import AuditEvent
from config.common.roles import SYSTEM
from invoicing.models import BillingProfile, InvoiceTemplate
from invoicing.services import profiles, templates
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def three(db):
    """Standard, which the organization uses, and two more."""
    factories.organization()
    made = [templates.create_template(by=SYSTEM, name=name) for name in ("Exports", "Long")]
    return [InvoiceTemplate.objects.get(name="Standard"), *made]


def test_the_customers_goes_before_the_organizations_and_that_before_the_oldest(three, manager):
    standard, exports, long = three
    buyer, other = factories.customer(), factories.customer()

    profiles.use_by_default(exports, by=manager)
    profiles.choose_template(buyer, by=manager, template=long)

    assert factories.draft(buyer).template == long
    assert factories.draft(other).template == exports
    assert profiles.template_for(None) == exports
    BillingProfile.objects.all().delete()
    assert factories.draft(buyer).template == standard


def test_asking_takes_one_query(three, django_assert_num_queries):
    buyer = factories.customer()

    with django_assert_num_queries(1):
        profiles.template_for(buyer)


def test_a_choice_leaves_an_event_and_made_twice_leaves_one(three, clerk, manager):
    _standard, exports, _long = three
    buyer = factories.customer()

    for _twice in range(2):
        profiles.choose_template(buyer, by=clerk, template=exports)
        profiles.use_by_default(exports, by=manager)

    chosen = AuditEvent.objects.get(action="customer.template")
    assert (chosen.before, chosen.after) == ({"template": ""}, {"template": "Exports"})
    default = AuditEvent.objects.filter(action="template.default").latest("seq")
    assert (default.before, default.after) == ({"template": "Standard"}, {"template": "Exports"})
    profiles.choose_template(buyer, by=clerk, template=None)
    assert profiles.chosen_by(buyer) is None
    assert not BillingProfile.objects.filter(customer=buyer).exists()


def test_who_chose_on_a_page_of_yesterday_is_told(three, clerk):
    _standard, exports, long = three
    buyer = factories.customer()
    profiles.choose_template(buyer, by=clerk, template=exports, was=None)

    with pytest.raises(Stale, match="Somebody chose Exports meanwhile."):
        profiles.choose_template(buyer, by=clerk, template=long, was=None)

    assert profiles.chosen_by(buyer) == exports


def test_an_archived_one_is_nobodys_new_default(three, manager):
    _standard, exports, _long = three
    buyer = factories.customer()
    templates.archive_template(exports, by=manager, at=clock.now())

    for act in (
        lambda: profiles.use_by_default(exports, by=manager),
        lambda: profiles.choose_template(buyer, by=manager, template=exports),
    ):
        with pytest.raises(DomainError, match="Exports is archived. Bring it back first, or choose another."):
            act()

    assert BillingProfile.objects.get().template.name == "Standard"


def test_the_organizations_default_is_a_managers_and_a_customers_a_clerks(three, viewer, clerk):
    _standard, exports, _long = three
    buyer = factories.customer()

    with pytest.raises(Forbidden):
        profiles.use_by_default(exports, by=clerk)
    with pytest.raises(Forbidden):
        profiles.choose_template(buyer, by=viewer, template=exports)

    assert BillingProfile.objects.get().template.name == "Standard"


def test_a_profile_is_a_customers_or_the_organizations(three):
    buyer, ours = factories.customer(), factories.organization()

    for whose in ({"customer": buyer, "organization": ours}, {}):
        with pytest.raises(IntegrityError), transaction.atomic():
            BillingProfile.objects.create(template=three[0], **whose)
