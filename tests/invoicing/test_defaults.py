"""What a new installation begins with."""

import pytest
from django.core.management import call_command

from config.common.models import AuditEvent
from config.common.roles import SYSTEM
from invoicing.models import InvoiceTemplate, Series, TaxRate
from invoicing.services import settings as service
from invoicing.services import templates
from tests import factories

pytestmark = pytest.mark.django_db


def test_setting_up_twice_makes_everything_once():
    call_command("set_up")
    made = AuditEvent.objects.count()
    call_command("set_up")

    assert dict(Series.objects.values_list("kind", "pattern")) == {
        "invoice": "INV-{year}-{number:05}",
        "credit_note": "CN-{year}-{number:05}",
        "claim": "CL-{year}-{number:05}",
    }
    template = InvoiceTemplate.objects.get()
    assert template.name == "Standard"
    assert set(template.texts.values_list("language", flat=True)) == {"en", "de"}
    assert AuditEvent.objects.count() == made


def test_the_rates_offered_first_are_those_of_our_country():
    factories.organization(country="DE")

    assert [str(rate) for rate in TaxRate.objects.filter(category="S")] == ["19%", "7%"]
    for rate in TaxRate.objects.all():
        assert (
            service.tax_rate_mistakes(category=rate.category, percent=rate.percent, exemption_text=rate.exemption_text)
            == {}
        )


def test_texts_that_come_with_an_installation_name_only_fields_there_are():
    service.set_up(by=SYSTEM)

    template = InvoiceTemplate.objects.get()
    words = {text.language: {"subject": text.subject, "message": text.message} for text in template.texts.all()}
    templates.change_template(template, by=SYSTEM, version=1, texts=words)
