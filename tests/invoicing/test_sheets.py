"""Invoices from a spreadsheet: rows of one reference become the lines of one draft."""

from datetime import date
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from config.common.models import AuditEvent, SheetItem
from config.common.sheets import importing
from customers.services.customers import archive_customer
from invoicing.models import Invoice, TaxRate
from tests import factories
from tests.sheet_files import brought, csv_of, xlsx_of

pytestmark = pytest.mark.django_db
HEAD = ["Reference", "Customer number", "Issue date", "Description", "Quantity", "Unit", "Unit price", "Tax"]


@pytest.fixture
def buyer():
    return factories.customer("Harbour Café GmbH", number="K-1", terms_days=14)


def row(reference="R-1", number="K-1", day="2026-11-20", name="Probe", quantity="2", unit="h", price="100", tax="21"):
    return [reference, number, day, name, quantity, unit, price, tax]


def planned(clerk, *rows, head=HEAD, **options):
    return importing.plan_sheet(brought("invoices", csv_of(head, *rows), by=clerk, **options))


def imported(clerk, *rows, head=HEAD, everything=True, **options):
    sheet = brought("invoices", csv_of(head, *rows), by=clerk, **options)
    importing.start_import(sheet, by=clerk, everything=everything)
    return sheet


def told(plan):
    return [(problem.row, problem.value, problem.sentence) for problem in plan.problems]


# --- What a row becomes ---------------------------------------------------------------------------------------


def test_rows_of_one_reference_are_lines_of_one_draft(clerk, buyer):
    sheet = imported(clerk, row(), row("R-2", price="50"), row(name="Travel", quantity="42.5", unit="km", price="0.52"))

    first, second = Invoice.objects.order_by("pk")
    assert (first.source_reference, first.status, first.customer) == ("R-1", "draft", buyer)
    assert (first.issued_on, first.due_on, first.due_typed) == (date(2026, 11, 20), date(2026, 12, 4), False)
    assert [(line.name, line.quantity, line.unit, line.unit_price, line.net) for line in first.lines.all()] == [
        ("Probe", Decimal(2), "HUR", Decimal(100), 20000),
        ("Travel", Decimal("42.5"), "KMT", Decimal("0.52"), 2210),
    ]
    assert (first.net_total, first.tax_total, first.total) == (22210, 4664, 26874)
    assert second.total == 12100
    assert AuditEvent.objects.get(action="invoice.import", object_id=first.pk).after == {
        "file": "file.csv",
        "rows": [2, 4],
        "source_reference": "R-1",
    }
    assert [item.object_id for item in SheetItem.objects.filter(sheet=sheet)] == [first.pk, second.pk]


def test_every_field_of_an_invoice_can_be_brought(clerk, buyer):
    head = [
        *HEAD, "Due date", "Currency", "PO", "Buyer reference", "Note", "Delivery date", "Details", "Discount %",
        "Service from", "Service until",
    ]  # fmt: skip
    more = [
        "2026-12-31",
        "USD",
        "PO-7",
        "LW-9",
        "Thank\nyou",
        "2026-11-18",
        "Serial 7",
        "10",
        "2026-11-01",
        "2026-11-18",
    ]
    imported(clerk, [*row(), *more], head=head)

    made = Invoice.objects.get()
    line = made.lines.get()
    assert (made.due_on, made.due_typed, made.currency, made.order_number) == (date(2026, 12, 31), True, "USD", "PO-7")
    assert (made.buyer_reference, made.note, made.delivered_on) == ("LW-9", "Thank\nyou", date(2026, 11, 18))
    assert (line.details, line.period_start, line.period_end) == ("Serial 7", date(2026, 11, 1), date(2026, 11, 18))
    assert (line.net, line.adjustments.get().percent, made.total) == (18000, 10, 21780)


def test_an_excel_file_gives_the_same_with_typed_cells(clerk, buyer):
    content = xlsx_of(HEAD, ["R-1", "K-1", date(2026, 11, 20), "Probe", 2, "h", 100.1, 0.21], formats={"H2": "0%"})
    sheet = brought("invoices", content, by=clerk, name="a.xlsx")
    importing.start_import(sheet, by=clerk, everything=True)

    made = Invoice.objects.get()
    assert (made.issued_on, made.total) == (date(2026, 11, 20), 24224)


def test_a_german_file_is_read_in_its_own_way(clerk, buyer):
    head = ["Rechnungsnr.", "Kundennr.", "Rechnungsdatum", "Bezeichnung", "Menge", "Einheit", "Einzelpreis", "USt-Satz"]
    content = csv_of(
        head, row(day="3.4.2026", quantity="1,5", unit="Stunden", price="1.234,50", tax="21 %"), delimiter=";"
    )
    sheet = brought("invoices", content, by=clerk, decimals="comma")
    importing.start_import(sheet, by=clerk, everything=True)

    made = Invoice.objects.get()
    assert (made.issued_on, made.net_total) == (date(2026, 4, 3), 185175)


def test_no_amount_of_the_file_is_believed(clerk, buyer):
    imported(clerk, [*row(), "1", "paid", "99"], head=[*HEAD, "Total", "Status", "Settled"])

    made = Invoice.objects.get()
    assert (made.total, made.status, made.settled) == (24200, "draft", 0)


# --- What is wrong --------------------------------------------------------------------------------------------


def test_each_error_is_told_with_its_row_and_value(clerk, buyer):
    plan = planned(
        clerk,
        row("R-1", quantity="abc"),
        row("R-2", number="K-9"),
        row("R-3", unit="Dings"),
        row("R-4", tax="17"),
        row("R-5", tax="Luxury"),
        row("R-6", name=""),
        row("R-7", price=""),
        row("", name="No reference"),
        row("R-8", day="31.2.2026"),
        row("R-9", tax=""),
        row("R-10", quantity="-1"),
        row("R-11"),
    )
    names = ", ".join(TaxRate.objects.current().values_list("name", flat=True))

    assert told(plan) == [
        (2, "abc", "This is not a figure. Write it like 1,234.50."),
        (3, "K-9", "No customer here has this. Import the customers first, or correct it."),
        (4, "Dings", "“Dings” is not known here. Use a word such as h, day or pcs, or a code such as HUR."),
        (5, "17", "There is no tax rate of 17 percent here. Add it in AR Settings → Tax rates, or correct it."),
        (6, "Luxury", f"No tax rate has this name. There are: {names}."),
        (7, "", "Every line needs this."),
        (8, "", "Every line needs this."),
        (9, "", "Each row needs the reference of its invoice."),
        (10, "31.2.2026", "There is no such day in the calendar."),
        (11, "", "Every line needs its tax."),
        (12, "100", "The invoice comes to less than nothing. Credit notes are not imported from spreadsheets."),
    ]
    assert [entry.label for entry in plan.good] == ["R-11, Harbour Café GmbH"]
    assert plan.totals == {"EUR": 24200}


def test_rows_of_one_invoice_that_disagree_name_each_other_and_make_nothing(clerk, buyer):
    plan = planned(clerk, row(), row("R-2"), row(day="2026-11-21"), row(day=""))

    sentence = "Row 2 says something else here: “2026-11-20”. Rows that belong together must agree."
    assert told(plan) == [(4, "2026-11-21", sentence)]
    assert plan.bad_rows == {2, 4, 5}
    assert len(plan.good) == 1


def test_days_that_contradict_each_other(clerk, buyer):
    head = [*HEAD, "Due date", "Service from", "Service until"]
    plan = planned(
        clerk, [*row(), "2026-11-01", "", ""], [*row("R-2"), "", "2026-11-18", "2026-11-01"], head=head
    )  # fmt: skip

    assert [sentence for _row, _value, sentence in told(plan)] == [
        "It is due before it is issued.",
        "The service cannot end before it began.",
    ]


@pytest.mark.parametrize(("days", "expected"), [("day", date(2026, 4, 3)), ("month", date(2026, 3, 4))])
def test_a_day_that_can_be_read_in_two_ways_is_asked_once(days, expected, clerk, buyer):
    unsaid = planned(clerk, row(day="03/04/2026"))
    imported(clerk, row(day="03/04/2026"), days=days)

    assert told(unsaid) == [(2, "03/04/2026", "Day or month first? Say so with the columns.")]
    assert Invoice.objects.get().issued_on == expected


def test_a_tax_is_named_by_name_percent_or_category(clerk, buyer):
    head = [*HEAD[:-1], "Tax", "Tax category", "Tax percent"]
    imported(
        clerk,
        [*row("R-1")[:-1], "reverse  CHARGE", "", ""],
        [*row("R-2")[:-1], "", "AE", ""],
        [*row("R-3")[:-1], "", "S", "21"],
        [*row("R-4")[:-1], "21 %", "", ""],
        head=head,
    )

    lines = [invoice.lines.get() for invoice in Invoice.objects.order_by("pk")]
    assert [(line.tax_category, line.tax_percent) for line in lines] == [("AE", 0), ("AE", 0), ("S", 21), ("S", 21)]
    assert lines[0].exemption_code == "VATEX-EU-AE"


def test_a_tax_that_could_be_several_is_not_guessed_at(clerk, buyer):
    plan = planned(clerk, row(tax="0"))

    assert "tax rates fit: Zero rated, Reverse charge, " in told(plan)[0][2]


# --- Once and no more -----------------------------------------------------------------------------------------


def test_the_same_file_brought_twice_is_told_and_not_doubled(clerk, buyer):
    rows = [row(), row("R-2")]
    imported(clerk, *rows)

    plan = planned(clerk, *rows, row("R-3"))

    assert [entry.known for entry in plan.known] == [
        "R-1 of Harbour Café GmbH is here already: Draft for Harbour Café GmbH.",
        "R-2 of Harbour Café GmbH is here already: Draft for Harbour Café GmbH.",
    ]
    assert len(plan.good) == 1


def test_two_files_with_the_same_reference_started_both_make_one(clerk, buyer):
    one, two = (brought("invoices", csv_of(HEAD, row()), by=clerk) for _n in range(2))
    kind = importing.kind_of("invoices")
    entry = importing.plan_sheet(two).good[0]
    importing.start_import(one, by=clerk, everything=True)

    with pytest.raises(importing.DomainError, match="R-1 of Harbour Café GmbH is here already"):
        kind.make(entry, by=clerk, options={}, source="two")

    assert Invoice.objects.count() == 1


def test_the_reference_of_another_customer_is_another_invoice(clerk, buyer):
    factories.customer("Other", number="K-2", email="")
    imported(clerk, row())

    imported(clerk, row(number="K-2"))

    assert Invoice.objects.filter(source_reference="R-1").count() == 2


def test_a_customer_archived_meanwhile_is_a_reason(clerk, buyer):
    archive_customer(buyer, by=clerk, at="2026-11-20T00:00Z")

    assert "is archived and gets no new invoices" in told(planned(clerk, row()))[0][2]


# --- Many -----------------------------------------------------------------------------------------------------


def test_three_hundred_invoices_are_made_by_the_worker(clerk, buyer, worker, size):
    n = max(size(3000), 300)
    sheet = imported(clerk, *(row(f"R-{i}") for i in range(n)))
    assert not Invoice.objects.exists()

    worker()

    assert Invoice.objects.count() == n
    assert importing.progress_of(sheet)["made"] == n


def test_the_dry_run_asks_the_database_the_same_for_2_rows_and_for_200(clerk, buyer, django_assert_num_queries):
    few = brought("invoices", csv_of(HEAD, row(), row("R-2")), by=clerk)
    many = brought("invoices", csv_of(HEAD, *(row(f"R-{n}") for n in range(200))), by=clerk)

    for sheet in (few, many):
        with django_assert_num_queries(3):  # customers, tax rates, invoices of these references
            importing.plan_sheet(sheet)


def test_making_asks_the_database_the_same_for_each_invoice(clerk, buyer):
    asked = []
    for n in (2, 6, 10):
        sheet = brought("invoices", csv_of(HEAD, *(row(f"{n}-{i}") for i in range(n))), by=clerk)
        with CaptureQueriesContext(connection) as captured:
            importing.start_import(sheet, by=clerk, everything=True)
        asked.append(len(captured))

    assert asked[2] - asked[1] == asked[1] - asked[0]


# --- The pages ------------------------------------------------------------------------------------------------


def test_one_place_offers_both_ways_to_import(clerk, as_role):
    client = as_role(clerk)

    for name in ("invoicing:import", "invoicing:sheets"):
        page = client.get(reverse(name)).content.decode()
        assert reverse("invoicing:import") in page
        assert reverse("invoicing:sheets") in page


def test_the_pages_from_file_to_list(clerk, buyer, as_role):
    client = as_role(clerk)
    file = SimpleUploadedFile("ours.csv", csv_of(HEAD, row(day="03/04/2026"), row("R-2", tax="17", day="25/04/2026")))
    columns = client.post(reverse("invoicing:sheets"), {"sheet": file})["Location"]
    form = client.get(columns).context["form"]
    assert form["option_days"].initial == "day"  # the other row proves it
    chosen = {name: form[name].initial or "" for name in form.fields}
    assert client.post(columns, {**chosen, "option_days": ""}).status_code == 422
    review = client.post(columns, chosen)["Location"]

    page = client.get(review).content.decode()
    assert "One draft invoice would be made." in page
    assert "There is no tax rate of 17 percent here." in page
    assert "Import the good one" in page
    assert client.post(review, {"everything": "true"}).status_code == 422
    assert not Invoice.objects.exists()

    client.post(review)
    made = Invoice.objects.get()
    outcome = client.get(review)
    assert reverse("invoicing:detail", args=[made.pk]) in outcome.content.decode()
    listed = client.get(outcome.context["list_url"])
    assert [each.pk for each in listed.context["page"].rows] == [made.pk]
    mend = client.get(outcome.context["to_mend_urls"]["csv"])
    assert b"There is no tax rate of 17 percent here" in b"".join(mend.streaming_content)


def test_progress_is_shown_while_the_worker_makes_them(clerk, buyer, as_role, worker):
    client = as_role(clerk)
    sheet = imported(clerk, *(row(f"R-{i}") for i in range(201)))
    address = reverse("invoicing:sheet", args=[sheet.pk])

    before = client.get(address, headers={"HX-Request": "true", "HX-Target": "outcome"}).content.decode()
    worker()
    after = client.get(address, headers={"HX-Request": "true", "HX-Target": "outcome"}).content.decode()

    assert "0 of 201 done." in before
    assert "every 2s" in before
    assert "201 draft invoices were made." in after
    assert "every 2s" not in after
    assert "<html" not in after


def test_text_of_the_file_stays_text_on_the_pages(clerk, buyer, as_role):
    evil = "<script>alert(1)</script>"
    sheet = brought("invoices", csv_of([*HEAD[:-1], evil], row(evil, name=evil, unit=evil)), by=clerk, columns={
        "source_reference": 0, "customer_number": 1, "description": 3, "unit": 5, "unit_price": 6, "tax": 7,
    }, name=f"{evil}.csv")  # fmt: skip
    client = as_role(clerk)

    for name in ("sheet", "sheet_columns"):
        assert evil not in client.get(reverse(f"invoicing:{name}", args=[sheet.pk])).content.decode()
