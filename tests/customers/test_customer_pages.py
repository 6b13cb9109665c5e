"""The pages of customers: list, profile overview, forms."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from config.common import clock
from config.common.models import AuditEvent
from customers.models import Contact, Customer
from customers.services import customers as service
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def look(as_role, clerk):
    """`look(address)` is what a clerk sees there, as text."""
    client = as_role(clerk)

    def seen(address, **headers):
        response = client.get(address, headers=headers or None)
        assert response.status_code == 200
        return response.content.decode()

    return seen


def filled(**changes):
    """What the browser sends for a new customer."""
    base = {
        "name": "Wattwerk Messtechnik GmbH", "kind": "business", "language": "de", "time_zone": "Europe/Berlin",
        "currency": "EUR", "terms_days": "30", "discount_percent": "0", "discount_days": "0",
    }  # fmt: skip
    return {**base, **changes}


# --- The list -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", {"Harbour", "Tide", "Mia"}),
        ("q=harb", {"Harbour"}),
        ("q=T-7", {"Tide"}),
        ("q=NL 0044", {"Tide"}),
        ("q=mia@home", {"Mia"}),
        ("kind=consumer", {"Mia"}),
        ("country=NL", {"Tide"}),
        ("email=none", {"Tide"}),
        ("archived=yes", {"Gone"}),
        ("archived=all&q=e", {"Harbour", "Tide", "Gone", "Mia"}),
        ("country=Narnia", set()),
    ],
)
def test_the_list_finds_by_search_and_filters(query, found, look, clerk):
    factories.customer("Harbour")
    factories.customer("Tide", email="", number="T-7", vat_id="NL004495445B01")
    Customer.objects.get(name="Tide").addresses.update(country="NL")
    factories.customer("Mia", kind="consumer", email="mia@home.example")
    service.archive_customer(factories.customer("Gone", email="gone@e.example"), by=clerk, at=clock.now())

    text = look(f"/customers/?{query}")

    assert {name for name in ("Harbour", "Tide", "Mia", "Gone") if f">{name}</bdi>" in text} == found


def test_the_list_is_sorted_by_name_or_number_and_paged(look, monkeypatch):
    monkeypatch.setattr("customers.views.customers.CustomerList.page_size", 2)
    for name in ("Beta", "Alpha", "Gamma"):
        factories.customer(name)

    def order(text):
        return sorted((name for name in ("Alpha", "Beta", "Gamma") if f">{name}<" in text), key=text.index)

    first = look("/customers/")
    assert order(first) == ["Alpha", "Beta"]
    following = first.split('rel="next" href="')[1].split('"')[0]
    assert order(look(f"/customers/{following.replace('&amp;', '&')}")) == ["Gamma"]
    assert order(look("/customers/?sort=-number")) == ["Gamma", "Alpha"]


def test_htmx_gets_the_rows_alone(look):
    factories.customer()

    text = look("/customers/", **{"HX-Request": "true", "HX-Target": "rows"})

    assert "<html" not in text
    assert "Harbour Café" in text


def test_the_list_shows_what_each_owes_per_currency(look):
    buyer = factories.customer()
    factories.opened(buyer)
    factories.opened(buyer, currency="USD", accounting_rate=Decimal("0.9"))

    text = look("/customers/")

    assert "EUR</span>&nbsp;242.00" in text
    assert "USD</span>&nbsp;242.00" in text


@pytest.mark.parametrize("rows", [1, 12])
def test_the_list_costs_the_same_however_long_it_is(rows, as_role, clerk, django_assert_num_queries):
    for number in range(rows):
        factories.customer(f"Customer {number}")
    client = as_role(clerk)
    with CaptureQueriesContext(connection) as shell:
        client.get("/me/")
    with django_assert_num_queries(len(shell) - 1 + 3):  # the profile's own row; then count, rows, what they owe
        client.get("/customers/")


def test_csv_holds_exactly_the_filtered_rows_and_no_formula(as_role, clerk):
    buyer = factories.customer("=HYPERLINK(1)", email="a@harbour.example")
    factories.customer("Other")
    factories.opened(buyer)

    response = as_role(clerk).get("/customers/?q=hyper&format=csv")
    lines = b"".join(response.streaming_content).decode("utf-8-sig").splitlines()

    assert len(lines) == 2
    assert "'=HYPERLINK(1)" in lines[1]
    assert lines[1].endswith('"EUR 242.00"')


def test_an_empty_list_says_what_to_do(look):
    assert "No customers yet" in look("/customers/")
    assert "No customer fits" in look("/customers/?q=nobody")


# --- The profile overview -------------------------------------------------------------------------------------


def test_the_profile_shows_who_they_are_and_what_they_owe(look):
    buyer = factories.customer(endpoint_scheme="0088", endpoint_id="7300010000001", vat_id="DE136695976")
    invoice = factories.opened(buyer)

    text = look(reverse("customers:detail", args=[buyer.pk]))

    for shown in (
        "Dagny Halvorsen",
        "Primary contact",
        "DE136695976",
        "7300010000001",
        "Hamburg",
        "Germany",
        invoice.number,
    ):
        assert shown in text
    assert "EUR</span>&nbsp;242.00" in text
    assert "made this customer" in text


def test_a_viewer_sees_no_buttons_that_would_be_refused(as_role, viewer):
    buyer = factories.customer()

    text = as_role(viewer).get(f"/customers/{buyer.pk}/").content.decode()

    assert "Add contact" not in text
    assert "Archive" not in text


def test_whoever_comes_for_an_address_finds_the_way_back_to_the_invoice(as_role, clerk):
    buyer, client = factories.customer(email=""), as_role(clerk)

    before = client.get(f"/customers/{buyer.pk}/?next=/invoices/7/").content.decode()
    added = client.post(
        f"/customers/{buyer.pk}/contacts/new/",
        {"email": "ap@harbour.example", "role": "primary", "gets_invoices": "on", "next": "/invoices/7/"},
    )
    after = client.get(added.url).content.decode()

    assert "Add a contact with an email address" in before
    assert added.url == f"/customers/{buyer.pk}/?next=%2Finvoices%2F7%2F"
    assert '<a href="/invoices/7/">Back to the invoice</a>' in after


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "/\\evil.example"]
)
def test_the_way_back_never_leads_elsewhere(elsewhere, as_role, clerk):
    buyer = factories.customer()

    text = as_role(clerk).get(f"/customers/{buyer.pk}/", {"next": elsewhere}).content.decode()

    assert "Back to the invoice" not in text


# --- New and edit ---------------------------------------------------------------------------------------------


def test_a_customer_is_made_with_address_and_first_contact(as_role, clerk):
    factories.organization()

    response = as_role(clerk).post(
        "/customers/new/",
        filled(
            vat_id="DE 136695976", billing_street="Hafenstr. 1", billing_city="Husum", billing_country="DE",
            contact_name="Lou Berg", contact_email="lou@wattwerk.example",
        ),
    )  # fmt: skip

    customer = Customer.objects.get()
    assert response.url == f"/customers/{customer.pk}/"
    assert customer.vat_id == "DE136695976"
    assert customer.addresses.get().city == "Husum"
    assert customer.contacts.get().email == "lou@wattwerk.example"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": ""}, "This field is required"),
        ({"vat_id": "DE1"}, "is not a VAT id of DE"),
        ({"endpoint_scheme": "0088"}, "Fill in both, or neither"),
        ({"endpoint_scheme": "0088", "endpoint_id": "123"}, "is not a valid GLN"),
        ({"billing_street": "Hafenstr. 1"}, "Choose the country"),
        ({"discount_percent": "2"}, "needs a percent and a number of days"),
        ({"number": "TAKEN"}, "already"),
        ({"contact_phone": "1"}, "Whose phone is it?"),
    ],
)
def test_input_that_cannot_be_is_said_at_its_field_and_kept(changes, sentence, as_role, clerk):
    factories.customer("First", number="TAKEN")

    response = as_role(clerk).post("/customers/new/", filled(notes="typed before", **changes))

    text = response.content.decode()
    assert response.status_code == 422
    assert sentence in text
    assert "typed before" in text
    assert Customer.objects.count() == 1


def test_a_stale_tab_is_told_what_changed_and_keeps_what_was_typed(as_role, clerk, admin):
    buyer, client = factories.customer(), as_role(clerk)
    address = f"/customers/{buyer.pk}/edit/"
    service.change_customer(Customer.objects.get(), by=admin, version=1, terms_days=14)
    typed = filled(name="Harbour Café SE", number=buyer.number, version="1")

    told = client.post(address, typed)
    again = client.post(address, {**typed, "version": "2"})

    text = told.content.decode()
    assert told.status_code == 422
    assert "Ines Admin changed this meanwhile (Payment terms, days net: 14)" in text
    assert 'value="Harbour Café SE"' in text
    assert '<input type="hidden" name="version" value="2"' in text
    assert 'name="terms_days" value="14"' in text  # left alone here, so theirs is not undone by saving again
    assert again.status_code == 302
    assert Customer.objects.get().name == "Harbour Café SE"


def test_fields_nobody_offered_are_ignored(as_role, clerk):
    buyer = factories.customer()

    as_role(clerk).post(
        f"/customers/{buyer.pk}/edit/",
        filled(number=buyer.number, version="1", archived_at="2026-01-01", id="99", created_at="2020-01-01"),
    )

    after = Customer.objects.get()
    assert (after.pk, after.archived_at, after.created_at) == (buyer.pk, None, Customer.objects.get().created_at)
    assert after.name == "Wattwerk Messtechnik GmbH"


def test_an_odd_vat_id_from_a_file_does_not_hinder_other_changes(as_role, clerk):
    buyer = factories.customer(vat_id="DE-FROM-A-FILE")

    response = as_role(clerk).post(
        f"/customers/{buyer.pk}/edit/",
        filled(number=buyer.number, version="1", vat_id="DE-FROM-A-FILE", notes="Calls before noon"),
    )

    assert response.status_code == 302
    assert Customer.objects.get().notes == "Calls before noon"


def test_archiving_asks_first_and_names_what_is_owed(as_role, clerk):
    buyer, client = factories.customer(), as_role(clerk)
    factories.opened(buyer)
    address = f"/customers/{buyer.pk}/archiving/"

    asked = client.get(address).content.decode()
    assert Customer.objects.get().archived_at is None
    client.post(address)

    assert "Still owed:" in asked
    assert "242.00" in asked
    assert Customer.objects.get().is_archived
    client.post(address, {"archived": "no"})
    assert not Customer.objects.get().is_archived


def test_removing_a_contact_asks_first(as_role, clerk):
    contact, client = factories.customer().contacts.get(), as_role(clerk)

    assert "Remove Dagny Halvorsen?" in client.get(f"/contacts/{contact.pk}/?removing=1").content.decode()
    assert Contact.objects.count() == 1
    client.post(f"/contacts/{contact.pk}/?removing=1", {"remove": "yes"})

    assert not Contact.objects.exists()


def test_a_contact_dialog_tells_a_second_use_of_an_address_in_words(as_role, clerk):
    buyer = factories.customer()

    response = as_role(clerk).post(
        f"/customers/{buyer.pk}/contacts/new/",
        {"email": "AP@harbour.example", "role": "other"},
        headers={"HX-Request": "true"},
    )

    assert response.status_code == 422
    assert "has a contact with AP@harbour.example already" in response.content.decode()
    assert Contact.objects.count() == 1


def test_what_customers_write_is_shown_as_text(look):
    buyer = factories.customer("<script>alert(1)</script>", notes="<img src=x onerror=alert(2)>")

    text = look(f"/customers/{buyer.pk}/") + look("/customers/")

    assert "<script>alert" not in text
    assert "<img src=x" not in text


# --- Settings pages -------------------------------------------------------------------------------------------


def test_the_organization_is_saved_by_admins_and_read_by_all(as_role, admin, clerk):
    ours = factories.organization()
    typed = {
        "legal_name": "Kelpworks N.V.", "street": "Maashaven 14", "city": "Rotterdam", "country": "NL",
        "language": "en", "time_zone": "Europe/Amsterdam", "currency": "EUR", "version": ours.version,
    }  # fmt: skip
    events = AuditEvent.objects.count()

    assert "Only admins can change this" in as_role(clerk).get("/settings/organization/").content.decode()
    assert as_role(clerk).post("/settings/organization/", typed).status_code == 403
    assert AuditEvent.objects.count() == events
    assert as_role(admin).post("/settings/organization/", typed).status_code == 302

    ours.refresh_from_db()
    assert ours.legal_name == "Kelpworks N.V."


def test_an_installation_without_an_organization_can_be_set_up_on_the_page(as_role, admin):
    client = as_role(admin)

    assert "Fill this in first" in client.get("/settings/organization/").content.decode()
    response = client.post(
        "/settings/organization/",
        {
            "legal_name": "Kelpworks", "street": "Maashaven 14", "city": "Rotterdam", "country": "NL", "language": "en",
            "time_zone": "Europe/Amsterdam", "currency": "EUR", "version": "1",
        },
    )  # fmt: skip

    assert response.status_code == 302
    assert client.get("/settings/organization/emails/").status_code == 200


def test_a_bank_account_is_proposed_as_it_is_meant_and_the_page_says_what_comes_next(as_role, admin):
    ours, client = factories.organization(), as_role(admin)
    typed = {"holder": "Kelpworks", "iban": "NL46 TIDE 0123 4567 89", "bic": "tidenl2a", "currency": "USD"}

    wrong = client.post("/settings/organization/bank-accounts/new/", {**typed, "iban": "NL46 TIDE 0123 4567 88"})
    right = client.post("/settings/organization/bank-accounts/new/", typed)

    assert (wrong.status_code, right.status_code) == (422, 302)
    change = ours.bank_account_changes.get(status="waiting")
    assert (change.after["iban"], change.after["bic"]) == ("NL46TIDE0123456789", "TIDENL2A")
    page = client.get("/settings/organization/bank-accounts/").content.decode()
    assert "NL46 TIDE 0123 4567 89" in page
    assert "takes effect in 24 hours" in page
    account = ours.bank_accounts.get()
    client.post(f"/settings/organization/bank-accounts/{account.pk}/active/", {"active": "no"})
    assert ours.bank_account_changes.filter(status="waiting", account=account, kind="removed").exists()


def test_organization_emails_are_added_and_taken_out(as_role, admin):
    ours, client = factories.organization(), as_role(admin)

    client.post("/settings/organization/emails/new/", {"email": "copies@kelpworks.example", "label": "Copies"})
    row = ours.emails.get(email="copies@kelpworks.example")
    assert row.preselected is False
    client.post(f"/settings/organization/emails/{row.pk}/?removing=1", {"remove": "yes"})

    assert not ours.emails.filter(pk=row.pk).exists()


def test_the_administration_shows_customers_and_changes_none(as_role, admin):
    buyer, client = factories.customer(), as_role(admin)

    assert client.get("/admin/customers/customer/?q=dagny").status_code == 200
    assert client.get(f"/admin/customers/customer/{buyer.pk}/change/").status_code == 200
    assert client.post(f"/admin/customers/customer/{buyer.pk}/change/", {"name": "x"}).status_code == 403
    assert client.get("/admin/customers/customer/add/").status_code == 403


def test_a_customer_is_watched_as_we_are_unless_somebody_says_otherwise(as_role, clerk):
    buyer = factories.customer()
    client, url = as_role(clerk), f"/customers/{buyer.pk}/edit/"
    form = client.get(url).context["form"]
    typed = {name: form[name].value() for name in form.fields if form[name].value() is not None}
    assert (buyer.track_links, buyer.track_opens) == (None, None)
    assert "As the organization" in client.get(url).text

    assert client.post(url, {**typed, "track_opens": "true", "track_links": "false"}).status_code == 302

    buyer.refresh_from_db()
    assert (buyer.track_links, buyer.track_opens) == (False, True)


def test_what_is_watched_is_a_choice_of_the_organization_in_its_trail(as_role, admin):
    ours = factories.organization()
    assert (ours.track_links, ours.track_opens) == (True, False)
    client = as_role(admin)
    form = client.get("/settings/organization/").context["form"]
    typed = {name: form[name].value() for name in form.fields if not name.startswith("track")}

    assert client.post("/settings/organization/", {**typed, "track_opens": "on"}).status_code == 302

    ours.refresh_from_db()
    assert (ours.track_links, ours.track_opens) == (False, True)
    assert AuditEvent.objects.get(action="organization.changed").after["track_opens"] is True
