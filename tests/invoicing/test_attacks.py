"""Figures, dates and texts that no invoice has, typed into every door of this app."""

import pytest
from django.urls import reverse

from config.common.errors import DomainError
from invoicing import documents
from invoicing.models import Invoice
from invoicing.services import drafting
from tests import factories

pytestmark = pytest.mark.django_db
HUGE = "9" * 5000
LARGE = "99999999999999999999"


@pytest.mark.parametrize("customer", ["²", LARGE, HUGE, "NaN", "-1", "1e400", "\0"])
def test_a_filter_by_a_customer_that_cannot_be_is_no_crash(customer, viewer, as_role):
    factories.draft()

    assert as_role(viewer).get("/invoices/", {"customer": customer}).status_code == 200


@pytest.mark.parametrize("words", ["\0", "a\0b", "\ud800".encode("utf-8", "surrogatepass"), "%", "{invoice.__class__}"])
def test_any_words_can_be_searched_for(words, clerk, as_role):
    factories.draft()
    client = as_role(clerk)

    assert client.get(reverse("search"), {"q": words}).status_code == 200
    assert client.get(reverse("invoicing:new"), {"q": words}).status_code == 200
    assert client.get(reverse("invoicing:new"), {"suggest": "1", "customer": words}).status_code == 200


def test_a_note_loses_what_no_database_holds_as_text(clerk, as_role):
    invoice = factories.draft()

    answer = as_role(clerk).post(reverse("invoicing:internal_note", args=[invoice.pk]), {"internal_note": "a\0b"})

    assert answer.status_code == 302
    assert Invoice.objects.get().internal_note == "ab"


@pytest.mark.parametrize("number", [LARGE, HUGE, "²", ""])
def test_a_delivery_that_cannot_be_is_not_settled(number, clerk, as_role):
    answer = as_role(clerk).post(reverse("invoicing:problems"), {"id": [number], "decision": "rest"})

    assert answer.status_code == 302


@pytest.mark.parametrize("place", [LARGE, HUGE, "²", "-1"])
def test_a_row_that_cannot_be_is_not_taken_away(place, clerk, as_role):
    factories.organization()
    counts = {f"{rows}-{name}_FORMS": "1" for rows in ("lines", "adjustments") for name in ("TOTAL", "INITIAL")}

    answer = as_role(clerk).post(reverse("invoicing:new"), {"act": f"remove_line-{place}", **counts})

    assert answer.status_code == 200


def test_a_year_that_cannot_be_is_refused(clerk):
    for year in (1, 9999):
        with pytest.raises(DomainError, match="Check the year"):
            factories.draft(by=clerk, issued_on=factories.TODAY.replace(year=year), terms_days=3650)

    assert not Invoice.objects.exists()


def test_more_than_a_column_holds_is_refused_in_words(clerk):
    draft = factories.draft(currency="USD", accounting_rate=1)
    many = [factories.line(quantity="999999999999", unit_price="999999999999")]

    with pytest.raises(DomainError, match="more than an invoice can hold"):
        drafting.change_draft(draft, by=clerk, version=draft.version, fields={}, lines=many)
    with pytest.raises(DomainError, match="more than an invoice can hold"):
        drafting.change_draft(
            draft,
            by=clerk,
            version=draft.version,
            fields={"accounting_rate": 10**11},
            lines=[factories.line(quantity="999999", unit_price="9999999")],
        )

    after = Invoice.objects.get()
    assert (after.version, after.total) == (draft.version, 24200)


def test_a_page_that_cannot_be_made_is_told_in_words(clerk, as_role, monkeypatch):
    def fail(html):
        raise documents.RenderFailure("The page is too large.")

    monkeypatch.setattr(documents, "render", fail)

    answer = as_role(clerk).get(reverse("invoicing:pdf", args=[factories.draft().pk]))

    assert answer.status_code == 422
    assert "The page is too large." in answer.content.decode()
