"""Tax rates and number series: the services and their pages."""

from decimal import Decimal

import pytest

from config.common.errors import DomainError, Forbidden
from config.common.models import AuditEvent
from config.common.roles import SYSTEM
from invoicing.models import Counter, InvoiceTemplate, Series, TaxRate
from invoicing.services import settings as service
from tests import factories

pytestmark = pytest.mark.django_db


def series(kind="invoice"):
    service.set_up(by=SYSTEM)
    return Series.objects.get(kind=kind)


def test_rates_are_for_managers_and_series_for_admins(clerk, manager):
    with pytest.raises(Forbidden):
        service.add_tax_rate(by=clerk, name="x", category="S", percent=Decimal(1))
    with pytest.raises(Forbidden):
        service.change_series(series(), by=manager, pattern="X{number}", restarts_yearly=False)
    with pytest.raises(Forbidden):
        service.set_next_number(series(), by=manager, year=2026, number=5)

    assert series().pattern == "INV-{year}-{number:05}"
    assert not Counter.objects.exists()


# --- Tax rates ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("category", ["E", "AE", "K", "G", "O"])
def test_categories_without_tax_need_their_reason_and_no_percent(category):
    with pytest.raises(DomainError, match="has to say on the invoice why no tax is charged"):
        service.add_tax_rate(by=SYSTEM, name="x", category=category, percent=Decimal(0))
    with pytest.raises(DomainError, match="percent"):
        service.add_tax_rate(by=SYSTEM, name="x", category=category, percent=Decimal(7), exemption_text="Because")
    assert not TaxRate.objects.exists()

    service.add_tax_rate(by=SYSTEM, name="x", category=category, percent=Decimal(0), exemption_text="Because")


@pytest.mark.parametrize(
    ("category", "percent", "reason", "sentence"),
    [
        ("S", "19", "Because", "takes no reason"),
        ("Z", "0", "Because", "takes no reason"),
        ("Z", "5", "", "the percent must be 0"),
        ("S", "0", "", "needs a percent above 0"),
        ("O", "5", "Because", "has no rate"),
    ],
)
def test_what_does_not_go_together_is_refused(category, percent, reason, sentence):
    with pytest.raises(DomainError, match=sentence):
        service.add_tax_rate(by=SYSTEM, name="x", category=category, percent=Decimal(percent), exemption_text=reason)

    assert not TaxRate.objects.exists()
    assert not AuditEvent.objects.exists()


def test_a_changed_rate_leaves_lines_as_they_are(manager):
    invoice, rate = factories.draft(), factories.tax()

    service.change_tax_rate(rate, by=manager, percent=Decimal(22), name="22%")

    invoice.refresh_from_db()
    assert invoice.total == 24200


def test_the_tax_page_puts_each_refusal_at_its_field(as_role, manager):
    client = as_role(manager)
    typed = {"name": "Medical", "category": "E", "percent": "0", "exemption_text": "", "active": "on"}

    refused = client.post("/settings/taxes/new/", typed)
    saved = client.post("/settings/taxes/new/", {**typed, "exemption_text": "Medical care, § 4 Nr. 14 UStG"})

    assert refused.status_code == 422
    assert 'id="id_exemption_text_error"' in refused.content.decode()
    assert saved.status_code == 302
    assert TaxRate.objects.get().category == "E"


# --- Number series --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "sentence"),
    [
        ("INV-{year}", "has to contain {number}"),
        ("INV-{number.real}-{year}", "Use only"),
        ("INV-{year}-{number:099999999}", "Use only"),
        ("{0}{number}", "Use only {year} and {number}"),
        ("INV-{number:05}", "needs {year}"),
        ("CN-{year}-{number:05}", "gives the same numbers"),
    ],
)
def test_a_pattern_that_would_repeat_numbers_is_refused(pattern, sentence, admin):
    row = series()

    with pytest.raises(DomainError, match=sentence):
        service.change_series(row, by=admin, pattern=pattern, restarts_yearly=True)

    assert Series.objects.get(kind="invoice").pattern == "INV-{year}-{number:05}"


def test_counting_may_begin_anywhere_until_the_first_number_is_given(admin):
    row = series()

    service.set_next_number(row, by=admin, year=2026, number=343)
    service.set_next_number(row, by=admin, year=2026, number=340)

    assert service.next_of(row, year=2026) == 340
    assert service.next_of(row, year=2027) == 1
    last = AuditEvent.objects.order_by("seq").last()
    assert (last.action, last.before["next_no"], last.after["next_no"]) == ("series.counter_set", 343, 340)


@pytest.mark.parametrize(("number", "sentence"), [(1, "cannot go back"), (9, "would leave a gap")])
def test_once_a_number_is_given_counting_goes_on_by_itself(number, sentence, admin):
    invoice = factories.opened()
    row = Series.objects.get(kind="invoice")

    with pytest.raises(DomainError, match=f"{invoice.number} was given already.*{sentence}"):
        service.set_next_number(row, by=admin, year=invoice.issued_on.year, number=number)

    assert service.next_of(row, year=invoice.issued_on.year) == 2


def test_the_yearly_restart_is_settled_by_the_first_number(admin):
    factories.opened()
    row = Series.objects.get(kind="invoice")

    with pytest.raises(DomainError, match="Change only the pattern"):
        service.change_series(row, by=admin, pattern=row.pattern, restarts_yearly=False)

    service.change_series(row, by=admin, pattern="RE-{year}-{number:04}", restarts_yearly=True)
    assert Series.objects.get(kind="invoice").pattern == "RE-{year}-{number:04}"


def test_the_series_page_shows_the_next_number_and_refuses_whole(as_role, admin):
    row, client = series(), as_role(admin)
    address = f"/settings/numbers/{row.pk}/"
    typed = {"pattern": "A{year}/{number:03}", "restarts_yearly": "on", "next_no": "12"}

    example = client.post(
        address, typed, headers={"HX-Request": "true", "HX-Target": "series-example"}
    ).content.decode()
    assert "/012</b>" in example
    assert Series.objects.get(pk=row.pk).pattern == "INV-{year}-{number:05}"

    assert client.post(address, {**typed, "next_no": "0"}).status_code == 422
    assert client.post(address, typed).status_code == 302
    assert "/012" in client.get("/settings/numbers/").content.decode()


def test_all_settings_pages_can_be_read_by_a_viewer_and_changed_by_none(as_role, viewer):
    client, row = as_role(viewer), series()
    text = InvoiceTemplate.objects.get()

    for address in ("templates", "taxes", "numbers"):
        assert client.get(f"/settings/{address}/").status_code == 200
    for address in (f"templates/{text.pk}", "taxes/new", f"numbers/{row.pk}"):
        assert client.get(f"/settings/{address}/").status_code == 403
        assert client.post(f"/settings/{address}/", {}).status_code == 403
