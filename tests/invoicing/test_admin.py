"""Django admin of this app: lists that work, and nothing in them that can be written."""

import pytest
from django.contrib import admin as django_admin
from django.urls import reverse

from config.common.models import AuditEvent
from tests import factories

pytestmark = pytest.mark.django_db
MODELS = [model for model in django_admin.site._registry if model._meta.app_label == "invoicing"]


@pytest.fixture
def street(worker):
    invoice = factories.opened()
    factories.queued(invoice)
    worker()
    factories.payment(invoice)
    return invoice


def _url(model, page, *args):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.model_name)
def test_every_list_and_every_row_can_be_looked_at_and_searched(as_role, admin, street, model):
    client = as_role(admin)

    assert client.get(_url(model, "changelist"), {"q": "INV"}, follow=True).status_code == 200
    for row in model._default_manager.all()[:1]:
        assert client.get(_url(model, "change", row.pk)).status_code == 200


@pytest.mark.parametrize("model", [*MODELS, AuditEvent], ids=lambda model: model._meta.model_name)
def test_nothing_can_be_added_changed_or_deleted(as_role, admin, street, model):
    client = as_role(admin)
    row = model._default_manager.first()

    assert client.get(_url(model, "add")).status_code == 403
    if row is not None:
        assert client.post(_url(model, "change", row.pk), {"status": "paid"}).status_code == 403
        assert client.post(_url(model, "delete", row.pk), {"post": "yes"}).status_code == 403
    client.post(_url(model, "changelist"), {"action": "delete_selected", "_selected_action": "1", "post": "yes"})

    if row is not None:
        assert model._default_manager.filter(pk=row.pk).exists()


def test_documents_deliveries_and_the_trail_are_there():
    names = {model._meta.model_name for model in MODELS}

    assert {"invoice", "line", "payment", "allocation", "delivery", "attempt", "document"} <= names
    assert AuditEvent in django_admin.site._registry


def test_the_admin_is_for_admins(as_role, manager):
    assert as_role(manager).get("/admin/invoicing/invoice/", follow=True).status_code == 403
