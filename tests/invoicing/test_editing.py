from datetime import date
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from config.common.models import AuditEvent
from customers.models import Customer
from customers.services.customers import archive_customer
from invoicing.forms.editing import label_of
from invoicing.forms.editor import Editor
from invoicing.models import Invoice, TaxRate
from invoicing.services import drafting, opening
from tests.factories import TODAY, customer, draft, line, tax

pytestmark = pytest.mark.django_db


def typed(editor) -> dict:
    """What a browser would send back when nothing was touched."""
    data = {}
    for form in [
        editor.form,
        editor.lines.management_form,
        editor.adjustments.management_form,
        *editor.lines,
        *editor.adjustments,
    ]:
        for bound in form:
            data[bound.html_name] = bound.field.widget.format_value(bound.value()) or ""
            if isinstance(data[bound.html_name], list):
                data[bound.html_name] = data[bound.html_name][0] if data[bound.html_name] else ""
    return data


def as_typed(invoice, **changes) -> dict:
    invoice = Invoice.objects.get(pk=invoice.pk)
    return {**typed(Editor(own_currency="EUR", invoice=invoice)), "act": "save", **changes}


def fresh(buyer, **changes) -> dict:
    """A new draft with one line of 2 × 100 typed."""
    return {
        "act": "save",
        "kind": "invoice",
        "customer": label_of(buyer),
        "currency": buyer.currency,
        "language": "en",
        "terms_days": "30",
        "version": "0",
        "lines-TOTAL_FORMS": "3",
        "lines-INITIAL_FORMS": "0",
        "adjustments-TOTAL_FORMS": "0",
        "adjustments-INITIAL_FORMS": "0",
        **row(0, name="Calibration", quantity="2", unit_price="100"),
        **row(1),
        **row(2),
        **changes,
    }


def row(n, **fields) -> dict:
    given = {"name": "", "quantity": "1", "unit": "C62", "unit_price": "", "tax": str(tax().pk), **fields}
    return {f"lines-{n}-{name}": value for name, value in given.items()}


@pytest.fixture
def client(as_role, clerk):
    return as_role(clerk)


def new(client, data):
    return client.post(reverse("invoicing:new"), data)


def edit(client, invoice, data):
    return client.post(reverse("invoicing:edit", args=[invoice.pk]), data)


def errors(response) -> str:
    assert response.status_code == 422
    return response.content.decode()


def facts(invoice) -> dict:
    """Everything an edit must leave as it was."""
    invoice = Invoice.objects.get(pk=invoice.pk)
    names = [field.name for field in Invoice._meta.fields if field.name not in ("version", "amount_due")]
    skip = ("id", "invoice", "line")
    rows = lambda queryset: [  # noqa: E731
        {field.name: getattr(each, field.name) for field in each._meta.fields if field.name not in skip}
        for each in queryset
    ]
    return {
        **{name: getattr(invoice, name) for name in names},
        "lines": [
            (one, rows(each.adjustments.all()))
            for each, one in zip(invoice.lines.all(), rows(invoice.lines.all()), strict=True)
        ],
        "whole": rows(invoice.adjustments.filter(line=None)),
        "taxes": rows(invoice.tax_lines.all()),
    }


# --- New ------------------------------------------------------------------------------------------------------


def test_a_draft_is_typed_and_saved(client):
    buyer = customer()

    response = new(client, fresh(buyer))

    invoice = Invoice.objects.get()
    assert response.url == reverse("invoicing:detail", args=[invoice.pk])
    assert (invoice.customer, invoice.total, invoice.status) == (buyer, 24200, "draft")
    assert [line.name for line in invoice.lines.all()] == ["Calibration"], "empty rows are left out"


def test_first_comes_the_question_for_whom_and_then_the_customers_own_terms(client):
    buyer = customer(currency="JPY", language="de", terms_days=14, buyer_reference="BR-9")

    asked = client.get(reverse("invoicing:new"), {"q": "harb"}).content.decode()
    assert f"?customer={buyer.pk}" in asked

    form = client.get(reverse("invoicing:new"), {"customer": buyer.pk}).context["form"]
    assert {name: form[name].value() for name in ("currency", "language", "terms_days", "buyer_reference")} == {
        "currency": "JPY",
        "language": "de",
        "terms_days": 14,
        "buyer_reference": "BR-9",
    }


def test_a_credit_note_names_the_invoice_it_corrects(client):
    new(client, fresh(customer(), kind="credit_note", corrects_text="INV-2025-9"))

    invoice = Invoice.objects.get()
    assert (invoice.kind, invoice.corrects_text) == ("credit_note", "INV-2025-9")


def test_an_archived_customer_gets_no_draft(client, clerk):
    buyer = customer()
    archive_customer(buyer, by=clerk, at=timezone.now())

    page = errors(new(client, fresh(buyer)))

    assert "is archived and gets no new invoices" in page
    assert Invoice.objects.count() == 0
    asked = client.get(reverse("invoicing:new"), {"customer": buyer.pk}).content.decode()
    assert "is archived and gets no new invoices" in asked


def test_a_customer_is_found_by_number_or_name_and_never_guessed(client):
    one = customer("Harbour Café GmbH")
    customer("Harbour Works", email="w@harbour.example")

    assert "Several customers fit" in errors(new(client, fresh(one, customer="harbour")))
    assert "No customer fits" in errors(new(client, fresh(one, customer="Nobody")))
    assert Invoice.objects.count() == 0

    for text in (one.number, "harbour café", label_of(one)):
        new(client, fresh(one, customer=text))
    assert set(Invoice.objects.values_list("customer", flat=True)) == {one.pk}


# --- Figures --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("language", "text"), [("en", "1,234.50"), ("de", "1.234,50")])
def test_amounts_are_read_in_the_language_of_who_types(as_role, clerk, language, text):
    clerk.language = language
    clerk.save()

    new(as_role(clerk), fresh(customer(), **row(0, name="Probe", quantity="1", unit_price=text)))

    assert Invoice.objects.get().net_total == 123450


def test_what_could_be_read_in_two_ways_is_asked_about(client):
    page = errors(new(client, fresh(customer(), **row(0, name="Probe", unit_price="1.234,50"))))

    assert "“1.234,50” is not a figure. Write it like 1,234.50." in page
    assert 'value="1.234,50"' in page, "what was typed stays"
    assert Invoice.objects.count() == 0


def test_more_digits_than_the_currency_has_are_refused(client):
    buyer = customer(currency="JPY")

    page = errors(new(client, fresh(buyer, prepaid="10.5", accounting_rate="0.0061")))

    assert "JPY has no digits after the decimal sign." in page
    assert Invoice.objects.count() == 0


def test_three_digits_fit_a_currency_that_has_three(client):
    new(client, fresh(customer(currency="KWD"), prepaid="10.125", accounting_rate="3.1"))

    assert Invoice.objects.get().prepaid == 10125


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"lines-0-unit_price": ""}, "This field is required."),
        ({"lines-0-unit_price": "99999999999", "lines-0-quantity": "99999999999"}, "more than an invoice can hold"),
        ({"lines-0-adjust": "-%"}, "Type how much"),
        ({"lines-0-adjust_value": "10"}, "Say whether this is an allowance or a charge."),
        ({"lines-0-adjust": "-", "lines-0-adjust_value": "-5"}, "without a minus sign"),
        ({"lines-0-price_base": "0"}, "more than zero"),
        ({"lines-0-period_start": "2026-02-02", "lines-0-period_end": "2026-02-01"}, "cannot end before it began"),
        ({"period_start": "2026-02-02", "period_end": "2026-02-01"}, "cannot end before it begins"),
        ({"lines-0-tax": "own:forged"}, "Select a valid choice"),
        ({"lines-0-adjust": "kept:forged"}, "Select a valid choice"),
        ({"lines-TOTAL_FORMS": "900"}, "at most 500"),
    ],
)
def test_what_cannot_be_is_said_at_its_field_and_nothing_is_saved(client, fields, sentence):
    assert sentence in errors(new(client, fresh(customer(), **fields)))
    assert Invoice.objects.count() == 0


def test_allowances_and_charges_of_a_line_and_of_the_document_count(client):
    data = fresh(
        customer(),
        **{
            "lines-0-adjust": "-%",
            "lines-0-adjust_value": "10",
            "lines-0-adjust_reason": "Loyalty",
            "adjustments-TOTAL_FORMS": "2",
            "adjustments-0-adjust": "+",
            "adjustments-0-adjust_value": "12.50",
            "adjustments-0-adjust_reason": "Freight",
            "adjustments-0-tax": str(tax().pk),
            "adjustments-1-tax": str(tax().pk),
        },
    )

    new(client, data)

    invoice = Invoice.objects.get()
    assert invoice.net_total == 18000 + 1250
    assert list(invoice.adjustments.values_list("reason", "is_charge", "percent", "amount").order_by("amount")) == [
        ("Freight", True, None, 1250),
        ("Loyalty", False, Decimal("10.0000"), 2000),
    ]


# --- Without JavaScript: rows come and go, typing stays -------------------------------------------------------


def test_a_row_more_keeps_everything_typed_and_judges_nothing_yet(client):
    data = fresh(customer(), act="add_line", **row(0, name="Probe", unit_price="half"), note="Thank you")

    response = new(client, data)

    page = response.content.decode()
    assert response.status_code == 200
    assert [form["name"].value() for form in response.context["lines"]] == ["Probe", "", "", None]
    assert 'value="half"' in page
    assert "Thank you" in page
    assert "is not a figure" not in page
    assert Invoice.objects.count() == 0


def test_a_row_less_takes_away_that_row_alone(client):
    data = fresh(customer(), act="remove_line-0", **row(1, name="Second", unit_price="50"))

    response = new(client, data)

    assert [form["name"].value() for form in response.context["lines"]] == ["Second", ""]
    assert response.context["sums"].nets == {0: 5000}
    assert response.context["sums"].totals.net == 5000


def test_an_allowance_row_comes_and_goes(client):
    data = fresh(customer(), act="add_adjustment")

    response = new(client, data)
    assert len(response.context["adjustments"].forms) == 1

    gone = new(client, {**data, "act": "remove_adjustment-0", "adjustments-TOTAL_FORMS": "1"})
    assert len(gone.context["adjustments"].forms) == 0


# --- With it: sums and rows from the server -------------------------------------------------------------------


def test_sums_are_told_while_typing_and_rows_that_are_not_finished_do_not_count(client):
    data = fresh(customer(), **row(1, name="Half typed", unit_price="x"), prepaid="42")

    page = client.post(reverse("invoicing:totals"), data, headers={"HX-Request": "true"}).content.decode()

    assert "242.00" in page
    assert "200.00" in page  # 242.00 less what is prepaid, and the net
    assert 'id="net-1"' in page
    assert Invoice.objects.count() == 0


def test_one_more_row_comes_from_the_server_with_the_count(client):
    tax()

    page = client.get(reverse("invoicing:line"), {"lines-TOTAL_FORMS": "4", "currency": "EUR"}).content.decode()

    assert 'name="lines-4-name"' in page
    assert 'value="5" id="id_lines-TOTAL_FORMS"' in page


# --- Edit -----------------------------------------------------------------------------------------------------


def odd_draft():
    """As an import leaves one: several allowances on a line, price per 100, a unit and a rate nobody offers."""
    own = {"tax_category": "S", "tax_percent": Decimal("7"), "tax": None}
    exempt = {
        "tax_category": "E",
        "tax_percent": Decimal(0),
        "exemption_text": "Cultural",
        "exemption_code": "VATEX-EU-132",
        "tax": None,
    }
    lines = [
        {
            **line(quantity="250", unit_price="12.3456"),
            "price_base": Decimal(100),
            "unit": "XBJ",
            "period_start": date(2026, 1, 1),
            "period_end": date(2026, 1, 31),
            "adjustments": [
                {"reason": "Volume", "percent": Decimal("2.5"), "base": 5000, "amount": 125},
                {"reason": "Packing", "reason_code": "AA", "is_charge": True, "amount": 300},
            ],
        },
        {
            **line("Book", "3", "9.99"),
            **own,
            "details": "Two\nlines",
            "adjustments": [{"reason": "Fair", "percent": Decimal(10)}],
        },
        {**line("Lecture", "1", "80"), **exempt},
    ]
    whole = [
        {"reason": "Discount", "reason_code": "95", "percent": Decimal("1"), "base": 10000, "amount": 100, **own},
        {"reason": "Freight", "is_charge": True, "amount": 500, "tax": tax()},
    ]
    return draft(
        lines=lines, adjustments=whole, prepaid=100, order_number="PO-1", source_reference="S-9", delivery_country="DE"
    )


def test_saving_an_odd_draft_untouched_changes_nothing(client):
    invoice = odd_draft()
    before = facts(invoice)

    response = edit(client, invoice, as_typed(invoice))

    assert response.status_code == 302, response.context["editor"].lines.errors
    after = facts(invoice)
    for one, _parts in [*before["lines"], *after["lines"]]:
        one.pop("tax")  # a rate that is just so may be pointed at now
    for part in [*before["whole"], *after["whole"]]:
        part.pop("tax")
    assert after == before


def test_what_travels_along_shows_what_it_is(client):
    page = client.get(reverse("invoicing:edit", args=[odd_draft().pk])).content.decode()

    assert "As it came: 1.75" in page
    assert "7% (Standard rate)" in page
    assert ">XBJ<" in page


def test_changes_are_saved_and_told_in_the_trail(client, clerk):
    invoice = draft()

    edit(
        client,
        invoice,
        as_typed(invoice, **{"lines-0-unit_price": "150", "due_on": "2026-12-24", "order_number": "PO-9"}),
    )

    invoice = Invoice.objects.get()
    assert (invoice.total, invoice.due_on, invoice.due_typed, invoice.order_number) == (
        36300,
        date(2026, 12, 24),
        True,
        "PO-9",
    )
    event = AuditEvent.objects.for_thread(invoice).last()
    assert (event.action, event.actor_name) == ("invoice.change", "Femke Clerk")
    assert event.after["order_number"] == "PO-9"


def test_a_due_date_left_blank_follows_the_terms_again(client):
    invoice = draft(issued_on=TODAY, due_on=date(2026, 12, 24), due_typed=True)

    edit(client, invoice, as_typed(invoice, due_on="", terms_days="10"))

    invoice = Invoice.objects.get()
    assert (invoice.due_on, invoice.due_typed) == (date(2026, 11, 30), False)


def test_the_slower_of_two_tabs_is_told_and_keeps_what_was_typed(client, manager):
    invoice = draft()
    stale = as_typed(invoice, note="Mine")
    drafting.change_draft(invoice, by=manager, version=invoice.version, fields={"note": "Theirs"})

    response = edit(client, invoice, stale)

    assert "Tomáš Manager changed this draft while you were editing." in errors(response)
    assert "Mine" in response.content.decode()
    assert Invoice.objects.get().note == "Theirs"

    again = {**stale, "version": response.context["form"]["version"].value()}
    assert edit(client, invoice, again).status_code == 302
    assert Invoice.objects.get().note == "Mine"


def test_a_draft_opened_meanwhile_is_not_edited_any_more(client, manager):
    invoice = draft()
    stale = as_typed(invoice, note="Mine")
    opening.open_invoice(invoice, by=manager, on=TODAY)

    assert "Tomáš Manager opened it meanwhile as INV-2026-00001" in errors(edit(client, invoice, stale))
    assert Invoice.objects.get().note == ""
    assert client.get(reverse("invoicing:edit", args=[invoice.pk])).url == reverse(
        "invoicing:detail", args=[invoice.pk]
    )


def test_a_draft_deleted_meanwhile_leaves_the_typing_in_the_form(client, manager):
    invoice = draft()
    stale = as_typed(invoice, note="Mine")
    drafting.delete_draft(invoice, by=manager, version=invoice.version)

    page = errors(edit(client, invoice, stale))

    assert "This draft was deleted meanwhile." in page
    assert "Mine" in page
    assert Invoice.objects.count() == 0


def test_a_draft_whose_customer_was_archived_can_still_be_mended(client, clerk):
    invoice = draft()
    archive_customer(Customer.objects.get(), by=clerk, at=timezone.now())

    assert edit(client, invoice, as_typed(invoice, note="x")).status_code == 302


def test_a_rate_that_is_no_longer_offered_stays_on_the_line(client):
    invoice = draft(lines=[line(tax=tax())])
    TaxRate.objects.filter(pk=tax().pk).update(active=False)

    edit(client, invoice, as_typed(invoice, note="x"))

    assert Invoice.objects.get().tax_total == 4200


# --- Delete and roles -----------------------------------------------------------------------------------------


def test_a_draft_is_deleted_as_it_was_seen(client, clerk):
    invoice = draft()
    url = reverse("invoicing:deleting", args=[invoice.pk])
    seen = invoice.version
    drafting.change_draft(invoice, by=clerk, version=seen, fields={"note": "x"})

    refused = client.post(url, {"version": seen})
    assert refused.status_code == 422
    assert Invoice.objects.count() == 1

    assert client.post(url, {"version": seen + 1}).url == reverse("invoicing:list")
    assert Invoice.objects.count() == 0


@pytest.mark.parametrize("name", ["new", "totals", "line"])
def test_a_viewer_cannot_draft(as_role, viewer, name):
    method = as_role(viewer).get if name == "line" else as_role(viewer).post

    assert method(reverse(f"invoicing:{name}")).status_code == 403
    assert Invoice.objects.count() == 0


@pytest.mark.parametrize("name", ["edit", "deleting"])
def test_a_viewer_cannot_touch_a_draft(as_role, viewer, name):
    invoice = draft()

    assert as_role(viewer).post(reverse(f"invoicing:{name}", args=[invoice.pk]), {"version": 1}).status_code == 403
    assert Invoice.objects.get().version == invoice.version
