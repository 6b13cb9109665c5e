"""What migrations fill in for the books of earlier days. A whole upgrade is walked in tests/fire/test_upgrade.py."""

from importlib import import_module
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import connection
from django.db.migrations import Migration

from config.common.models import AuditEvent
from invoicing.models import EmailTemplate, Invoice
from invoicing.receivers import upgraded
from invoicing.services import crediting, opening, proving
from tests import factories

pytestmark = pytest.mark.django_db


def test_credit_notes_opened_before_invoices_counted_them_are_counted(manager):
    invoice, other = factories.opened(), factories.opened()
    note = crediting.draft_credit_note(invoice, by=manager, reason="Broken")
    opening.open_invoice(note, by=manager, on=factories.TODAY)
    Invoice.objects.update(credited=0)  # as the column begins
    assert len(list(proving.differences())) == 1

    editor = SimpleNamespace(connection=connection)
    import_module("invoicing.migrations.0006_credited_backfill").forwards(apps, editor)

    assert list(proving.differences()) == []
    assert Invoice.objects.get(pk=invoice.pk).credited == invoice.total
    assert Invoice.objects.get(pk=other.pk).credited == 0


# --- What an upgrade brings along -----------------------------------------------------------------------------


def upgrade(plan, using="default"):
    upgraded(sender=apps.get_app_config("invoicing"), using=using, plan=plan)


FORWARDS = [(Migration("0011_email_templates", "invoicing"), False)]


def test_an_installation_of_earlier_days_gets_the_email_templates_once():
    factories.organization()
    EmailTemplate.objects.all().delete()

    upgrade(FORWARDS)

    assert EmailTemplate.objects.count() == 4
    assert AuditEvent.objects.filter(action="email_template.created", actor_type="system").count() == 8
    upgrade(FORWARDS)
    assert EmailTemplate.objects.count() == 4


def test_a_migrate_that_is_none_of_ours_or_before_any_organization_brings_nothing():
    upgrade(FORWARDS)
    assert not EmailTemplate.objects.exists()
    factories.organization()
    EmailTemplate.objects.all().delete()

    upgrade([])
    upgrade([(Migration("0009_x", "common"), False)])
    upgrade([(Migration("0011_email_templates", "invoicing"), True)])
    upgrade(FORWARDS, using="old")

    assert not EmailTemplate.objects.exists()
