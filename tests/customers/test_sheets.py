"""Customers from a spreadsheet: made, found again, brought up to date."""

import pytest
from django.urls import reverse

from config.common.models import AuditEvent
from config.common.sheets import importing
from customers.models import Customer
from tests import factories
from tests.sheet_files import brought, csv_of

pytestmark = pytest.mark.django_db
HEAD = ["Number", "Name", "Street", "City", "Country", "VAT id", "Contact name", "Contact email"]
NORD = ["K-1", "Nordlicht GmbH", "Fischmarkt 7", "Hamburg", "DE", "DE136695976", "Dagny", "ap@nord.example"]


@pytest.fixture(autouse=True)
def _ours():
    factories.organization()


def planned(clerk, *rows, head=HEAD, **options):
    return importing.plan_sheet(brought("customers", csv_of(head, *rows), by=clerk, **options))


def imported(clerk, *rows, head=HEAD, **options):
    sheet = brought("customers", csv_of(head, *rows), by=clerk, **options)
    importing.start_import(sheet, by=clerk, everything=True)
    return sheet


def sentences(plan):
    return [(problem.row, problem.column, problem.value, problem.sentence) for problem in plan.problems]


def test_a_row_becomes_a_customer_with_address_and_contact(clerk):
    head = [*HEAD, "Type", "Language", "Currency", "Payment terms", "Skonto %", "Skontotage",
            "E-invoice address scheme", "E-invoice address", "Buyer reference", "Role"]  # fmt: skip
    imported(
        clerk,
        [*NORD, "Firma", "Deutsch", "eur", "14", "2", "10", "88", "4012345000009", "LW-1", "Buchhaltung"],
        head=head,
    )

    made = Customer.objects.get()
    contact, address = made.contacts.get(), made.addresses.get()
    assert (made.number, made.name, made.kind, made.language, made.currency) == (
        "K-1", "Nordlicht GmbH", "business", "de", "EUR",
    )  # fmt: skip
    assert (made.terms_days, made.discount_percent, made.discount_days) == (14, 2, 10)
    assert (made.vat_id, made.endpoint_scheme, made.endpoint_id) == ("DE136695976", "0088", "4012345000009")
    assert (contact.name, contact.email, contact.role, contact.gets_invoices) == (
        "Dagny", "ap@nord.example", "finance", True,
    )  # fmt: skip
    assert (address.street, address.city, address.country) == ("Fischmarkt 7", "Hamburg", "DE")
    assert AuditEvent.objects.get(action="customer.created").actor_name == str(clerk)


def test_without_a_number_it_gets_the_next_and_ours_is_the_rest(clerk):
    imported(clerk, ["Elbe Werft"], ["Alster Boote"], head=["Firma"])

    assert list(Customer.objects.order_by("pk").values_list("number", "name", "currency", "time_zone")) == [
        ("C-00001", "Elbe Werft", "EUR", "Europe/Amsterdam"),
        ("C-00002", "Alster Boote", "EUR", "Europe/Amsterdam"),
    ]


@pytest.mark.parametrize("existing", ["skip", "update"])
def test_a_namesake_with_another_vat_id_is_asked_about_and_never_taken_for_the_same(clerk, existing):
    imported(clerk, NORD)
    head, namesake = ["Name", "VAT id"], ["Nordlicht GmbH", "DE811907980"]

    plan = planned(clerk, namesake, head=head, existing=existing)

    sentence = "Nordlicht GmbH (K-1) has the VAT id DE136695976 here. Which of the two is meant?"
    assert sentences(plan) == [(2, "VAT id (column B)", "DE811907980", sentence)]
    assert planned(clerk, [*namesake, "K-2"], head=[*head, "Number"], existing=existing).good


def test_rows_of_one_number_are_one_customer_with_several_contacts(clerk):
    second = ["K-1", "", "", "", "", "", "Lou", "lou@nord.example"]
    twice = [*NORD[:6], "Dagny", "AP@nord.example"]

    imported(clerk, NORD, second, twice)

    made = Customer.objects.get()
    assert [(c.name, c.role, c.gets_invoices) for c in made.contacts.all()] == [
        ("Dagny", "primary", True),
        ("Lou", "other", False),
    ]


def test_rows_of_one_customer_that_disagree_name_each_other(clerk):
    plan = planned(clerk, NORD, ["K-1", "Südlicht GmbH", *NORD[2:]])

    assert sentences(plan) == [
        (
            3,
            "Name (column B)",
            "Südlicht GmbH",
            "Row 2 says something else here: “Nordlicht GmbH”. Rows that belong together must agree.",
        )
    ]
    assert plan.bad_rows == {2, 3}


@pytest.mark.parametrize(
    ("column", "value", "sentence"),
    [
        (5, "DE136695977", "DE136695977 is not a VAT id of DE"),
        (4, "Atlantis", "“Atlantis” is not known here. Use a code such as DE, or the country's name."),
        (4, "", "The address names no country."),
        (7, "nobody", "This is not an email address."),
        (0, "x" * 31, "It has 31 characters; up to 30 are kept. Shorten it."),
        (1, "", "A customer needs a name."),
    ],
)
def test_each_error_is_told_with_row_column_and_value(column, value, sentence, clerk):
    row = list(NORD)
    row[column] = value

    told = sentences(planned(clerk, row))

    assert [(each[0], each[2]) for each in told] == [(2, value)]
    assert f"(column {'ABCDEFGH'[column]})" in told[0][1]
    assert told[0][3].startswith(sentence)


def test_what_only_two_columns_together_have_wrong(clerk):
    head = ["Name", "E-invoice address scheme", "E-invoice address", "Skonto %", "Phone"]
    plan = planned(
        clerk,
        ["A", "0088", "", "", ""],
        ["B", "0088", "4012345000008", "", ""],
        ["C", "", "", "2", ""],
        ["D", "", "", "", "040 1"],
        ["E", "1234", "1", "", ""],
        head=head,
    )

    assert [(row, sentence[:40]) for row, _column, _value, sentence in sentences(plan)] == [
        (2, "An e-invoice address is a scheme and an "),
        (3, "4012345000008 is not a valid GLN (GS1): "),
        (4, "A cash discount needs a percent and a nu"),
        (5, "Whose phone is it? Add a name or an emai"),
        (6, "No such scheme. Use one of these codes: "),
    ]


def test_the_country_of_addresses_that_name_none_can_be_chosen(clerk):
    imported(clerk, ["Elbe", "Hamburg"], head=["Name", "City"], country="DE")

    assert Customer.objects.get().addresses.get().country == "DE"


# --- Here already ---------------------------------------------------------------------------------------------


def test_the_same_file_twice_makes_nothing_twice(clerk):
    imported(clerk, NORD, ["", "Elbe Werft", *[""] * 6])

    plan = planned(clerk, NORD, ["", "Elbe Werft", *[""] * 6])

    assert plan.good == []
    assert [entry.known for entry in plan.known] == [
        "Nordlicht GmbH is here already as K-1 and stays as it is.",
        "Elbe Werft is here already as C-00001 and stays as it is.",
    ]


def test_an_update_changes_only_what_is_mapped_and_not_empty(clerk):
    imported(clerk, NORD)
    Customer.objects.update(notes="Ours")

    imported(
        clerk,
        ["K-1", "Nordlicht AG", "", "Bremen", "", "", "Dagny H.", "ap@nord.example"],
        ["K-1", "", "", "", "", "", "Lou", "lou@nord.example"],
        existing="update",
    )

    made = Customer.objects.get()
    address = made.addresses.get()
    assert (made.name, made.vat_id, made.notes) == ("Nordlicht AG", "DE136695976", "Ours")
    assert (address.street, address.city, address.country) == ("Fischmarkt 7", "Bremen", "DE")
    assert [(c.name, c.email) for c in made.contacts.all()] == [
        ("Dagny H.", "ap@nord.example"),
        ("Lou", "lou@nord.example"),
    ]
    assert AuditEvent.objects.filter(action="customer.changed").count() == 1


def test_the_dry_run_says_what_an_update_would_change(clerk):
    imported(clerk, NORD)

    plan = planned(clerk, ["K-1", "Nordlicht AG", *NORD[2:]], ["K-2", "New", *[""] * 6], existing="update")
    nothing = planned(clerk, NORD, existing="update")

    assert [entry.cells[-1] for entry in plan.good] == ["Update: Name", "New"]
    assert nothing.known[0].known == "Nordlicht GmbH (K-1) says all this already."


def test_a_name_that_several_have_is_not_guessed_at(clerk):
    one, two = factories.customer("Twin"), factories.customer("Twin", email="b@x.example")

    plan = planned(clerk, ["Twin"], head=["Name"], existing="update")

    assert plan.problems[0].sentence == (
        f"Several customers here may be meant: Twin ({one.number}), Twin ({two.number}). Add the customer number."
    )


# --- The pages ------------------------------------------------------------------------------------------------


def test_the_pages_from_file_to_list(clerk, as_role):
    client = as_role(clerk)
    from django.core.files.uploadedfile import SimpleUploadedFile

    file = SimpleUploadedFile("ours.csv", csv_of(HEAD, NORD))
    columns = client.post(reverse("customers:sheets"), {"sheet": file})["Location"]
    page = client.get(columns)
    form = page.context["form"]
    chosen = {name: form[name].initial or "" for name in form.fields}
    review = client.post(columns, chosen)["Location"]
    assert "One customer would be made or updated." in client.get(review).content.decode()
    assert client.post(review, {"everything": "true"})["Location"] == review
    outcome = client.get(review).content.decode()

    made = Customer.objects.get()
    assert reverse("customers:detail", args=[made.pk]) in outcome
    found = client.get(reverse("customers:list"), {"imported": review.strip("/").split("/")[-1]})
    assert [row.pk for row in found.context["page"].rows] == [made.pk]
    assert client.get(columns)["Location"] == review
    assert client.post(review, {"everything": "true"})["Location"] == review
    assert Customer.objects.count() == 1


def test_what_cannot_be_read_is_told_on_the_page(clerk, as_role):
    from django.core.files.uploadedfile import SimpleUploadedFile

    client = as_role(clerk)
    answers = [
        client.post(reverse("customers:sheets"), {}),
        client.post(reverse("customers:sheets"), {"sheet": SimpleUploadedFile("x.xlsx", b"%PDF-1.7")}),
    ]

    assert [answer.status_code for answer in answers] == [422, 422]
    assert "Choose a .csv or .xlsx file." in answers[0].content.decode()
    assert "This is not a spreadsheet." in answers[1].content.decode()


def test_a_wrong_answer_about_columns_keeps_what_was_chosen(clerk, as_role):
    sheet = brought("customers", csv_of(HEAD, NORD), by=clerk)

    answer = as_role(clerk).post(
        reverse("customers:sheet_columns", args=[sheet.pk]),
        {"column_number": "1", "column_name": "1", "option_existing": "update"},
    )

    assert answer.status_code == 422
    text = answer.content.decode()
    assert "This column is chosen for “Customer number” already." in text
    assert answer.context["form"]["option_existing"].value() == "update"


def test_the_customers_pages_show_no_invoices_import(clerk, as_role):
    sheet = brought("customers", csv_of(HEAD, NORD), by=clerk)

    assert as_role(clerk).get(reverse("invoicing:sheet", args=[sheet.pk])).status_code == 404
