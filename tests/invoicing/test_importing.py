"""Import: files kept, drafts made of them, one transaction a file, nothing twice."""

from datetime import date, timedelta
from io import StringIO
from threading import Barrier, Thread

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import connection
from django.urls import reverse

from config.common.errors import DomainError, Forbidden
from config.common.models import AuditEvent
from config.common.roles import SYSTEM
from customers.models import Customer
from invoicing.einvoice import xml
from invoicing.models import ImportFile, ImportRun, Invoice, TaxRate
from invoicing.services import drafting, importing, opening
from invoicing.services.importing import Answer
from tests import factories
from tests.ubl_files import FOLDER, NAMES, as_positive, sample, stated

NEWER = ("Salinity probe", "Salinity sensor")  # other content under the same number


def run_of(*files, by=SYSTEM):
    """An import of samples (names) or (name, bytes)."""
    factories.organization()
    return importing.bring_in([(f, sample(f)) if isinstance(f, str) else f for f in files], by=by)


def made(*files, by=SYSTEM, answers=None, everything=True):
    run = run_of(*files, by=by)
    return run, importing.make_drafts(run, by=by, answers=answers or {}, everything=everything)


def answer_to(run, name, **given):
    return {run.files.get(name=name).pk: Answer(**given)}


# --- What comes of a file -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_a_draft_has_the_sums_of_its_file(name, clerk):
    _run, outcome = made(name, by=clerk)

    assert (outcome.made, outcome.refused, outcome.left) == (1, 0, 0)
    invoice = Invoice.objects.get()
    sums = stated(sample(name))
    assert {field: getattr(invoice, field) for field in sums} == as_positive(sums)
    assert (invoice.status, invoice.number) == ("draft", "")
    assert invoice.import_file.name == name


def test_a_new_customer_is_made_with_address_contact_and_our_defaults(clerk):
    ours = factories.organization()

    made("plain.xml", by=clerk)

    customer = Customer.objects.get()
    assert (customer.number, customer.name, customer.vat_id) == ("C-00001", "Muelle Norte S.L.", "ESB83920174")
    assert (customer.endpoint_scheme, customer.endpoint_id) == ("9920", "ESB83920174")
    assert (customer.language, customer.time_zone, customer.currency) == (ours.language, ours.time_zone, "EUR")
    address = customer.addresses.get()
    assert (address.street, address.street2, address.city, address.country) == (
        "Calle del Faro 8",
        "Nave 2",
        "Vigo",
        "ES",
    )
    contact = customer.contacts.get()
    assert (contact.name, contact.email, contact.phone, contact.role) == (
        "Iria Castro",
        "facturas@muellenorte.example",
        "+34 986 000 111",
        "primary",
    )


def test_files_of_one_new_customer_make_it_once(clerk):
    made("plain.xml", "allowances.xml", "several_rates.xml", by=clerk)

    assert Customer.objects.count() == 1
    assert Invoice.objects.count() == 3


def test_a_customer_known_only_by_name_is_made_once_for_all_its_files(clerk):
    endpoint = '<cbc:EndpointID schemeID="9920">ESB83920174</cbc:EndpointID>'
    vat_id = "<cbc:CompanyID>ESB83920174</cbc:CompanyID>"
    files = [(name, sample(name, (endpoint, ""), (vat_id, ""))) for name in ("plain.xml", "several_rates.xml")]

    _run, outcome = made(*files, by=clerk)

    assert outcome.made == 2
    assert Customer.objects.count() == 1


def test_the_files_number_is_the_source_reference_and_ours_is_drawn_on_opening(clerk):
    made("plain.xml", by=clerk)
    invoice = Invoice.objects.get()

    opened = opening.open_invoice(invoice, by=clerk, on=date(2026, 11, 20))

    assert opened.source_reference == "KW-2026-118"
    assert opened.number.startswith("INV-2026-")
    assert (opened.issued_on, opened.due_on) == (date(2026, 10, 2), date(2026, 10, 16))


def test_a_missing_due_date_comes_from_the_customers_terms(clerk):
    factories.customer("Küstenamt Jade", endpoint_scheme="0204", endpoint_id="04011000-1234512345-06", terms_days=45)

    made("out_of_scope.xml", by=clerk)

    invoice = Invoice.objects.get()
    assert invoice.due_on == date(2026, 10, 8) + timedelta(days=45)
    assert (invoice.due_typed, invoice.terms_days) == (False, 45)


def test_the_customers_usual_discount_is_not_promised_for_a_file_that_grants_none(clerk):
    factories.customer("Muelle Norte S.L.", vat_id="ESB83920174", discount_percent=2, discount_days=8)

    made("plain.xml", by=clerk)

    assert (Invoice.objects.get().discount_percent, Invoice.objects.get().discount_days) == (0, 0)


def test_a_rate_that_is_not_here_is_made_but_not_offered(clerk):
    made("exempt_code.xml", by=clerk)

    line = Invoice.objects.get().lines.get()
    rate = line.tax
    assert (rate.category, rate.percent, rate.exemption_code, rate.active) == ("E", 0, "VATEX-EU-F", False)
    assert rate.name == "Exempt 0 %"
    assert (line.tax_category, line.exemption_code) == ("E", "VATEX-EU-F")


def test_a_rate_that_is_here_is_used_again(clerk):
    made("plain.xml", by=clerk)
    before = TaxRate.objects.count()

    made(("next.xml", sample("plain.xml", ("KW-2026-118", "KW-2026-200"))), by=clerk)

    assert TaxRate.objects.count() == before
    assert Invoice.objects.latest("pk").lines.first().tax == Invoice.objects.earliest("pk").lines.first().tax


def test_what_has_no_column_stands_in_the_internal_note(clerk):
    made("allowances.xml", by=clerk)

    note = Invoice.objects.get().internal_note
    assert note.startswith("From the file allowances.xml:\nContract: Frame 2025/3\n")
    assert "Customer's trading name: Muelle Norte" in note


def test_a_credit_note_is_tied_to_its_invoice_of_the_same_import(clerk):
    made("credit_note.xml", "plain.xml", by=clerk)

    note = Invoice.objects.get(kind="credit_note")
    assert note.corrects == Invoice.objects.get(kind="invoice")


def test_a_credit_note_whose_invoice_is_not_here_keeps_the_number_as_text(clerk):
    made("credit_note.xml", by=clerk)

    note = Invoice.objects.get()
    assert (note.kind, note.corrects, note.corrects_text) == ("credit_note", None, "KW-2026-118 (2026-10-02)")


def test_a_credit_note_is_not_tied_to_another_customers_invoice(clerk):
    stranger = factories.draft(source_reference="KW-2026-118")

    made("credit_note.xml", by=clerk)

    assert Invoice.objects.exclude(pk=stranger.pk).get().corrects is None


def test_every_draft_tells_its_trail_where_it_came_from(clerk):
    made("plain.xml", by=clerk)

    event = AuditEvent.objects.get(action="invoice.import")
    assert event.after["file"] == "plain.xml"
    assert event.actor_id == clerk.pk


# --- Twice, alike, asked --------------------------------------------------------------------------------------


def test_the_same_content_makes_nothing_a_second_time(clerk):
    made("plain.xml", by=clerk)

    _run, outcome = made(("copy.xml", sample("plain.xml")), by=clerk, everything=False)

    assert (outcome.made, outcome.refused, outcome.left) == (0, 0, 0)
    assert Invoice.objects.count() == 1


def test_confirming_twice_makes_nothing_twice(clerk):
    run, _outcome = made("plain.xml", "yen.xml", by=clerk)

    again = importing.make_drafts(run, by=clerk, answers={}, everything=True)

    assert again.made == 0
    assert Invoice.objects.count() == 2


def test_once_its_draft_is_deleted_a_file_may_come_in_again(clerk):
    made("plain.xml", by=clerk)
    invoice = Invoice.objects.get()
    drafting.delete_draft(invoice, by=clerk, version=invoice.version)

    _run, outcome = made("plain.xml", by=clerk)

    assert outcome.made == 1


def test_a_file_that_looks_like_another_waits_for_an_answer(clerk):
    made("plain.xml", by=clerk)
    newer = ("newer.xml", sample("plain.xml", NEWER))

    run, outcome = made(newer, by=clerk, everything=False)
    assert (outcome.made, outcome.left) == (0, 1)

    left = importing.make_drafts(run, by=clerk, answers=answer_to(run, "newer.xml", lookalike="leave"), everything=True)
    assert (left.made, left.left) == (0, 1)

    now = importing.make_drafts(run, by=clerk, answers=answer_to(run, "newer.xml", lookalike="make"), everything=True)
    assert now.made == 1
    assert Invoice.objects.filter(source_reference="KW-2026-118").count() == 2


def test_a_customer_known_by_name_only_is_used_when_a_person_says_so(clerk):
    known = factories.customer("Muelle Norte S.L.")
    run = run_of("plain.xml")

    importing.make_drafts(run, by=clerk, answers=answer_to(run, "plain.xml", customer=str(known.pk)), everything=True)

    assert Invoice.objects.get().customer == known
    assert Customer.objects.count() == 1


def test_a_customer_known_by_name_only_is_left_alone_when_a_person_says_so(clerk):
    known = factories.customer("Muelle Norte S.L.")
    run = run_of("plain.xml")

    importing.make_drafts(run, by=clerk, answers=answer_to(run, "plain.xml", customer="new"), everything=True)

    assert Invoice.objects.get().customer != known


def test_nobody_can_choose_a_customer_who_was_not_offered(clerk):
    factories.customer("Muelle Norte S.L.")
    other = factories.customer("Other")
    run = run_of("plain.xml")

    answers = answer_to(run, "plain.xml", customer=str(other.pk))
    outcome = importing.make_drafts(run, by=clerk, answers=answers, everything=True)

    assert (outcome.made, outcome.refused) == (0, 1)
    assert run.files.get().outcome.startswith("The customers who may be meant have changed.")
    assert Invoice.objects.count() == 0


# --- All, or the good ones ------------------------------------------------------------------------------------


def test_import_all_is_refused_while_something_is_wrong(clerk):
    run = run_of("plain.xml", ("bad.xml", b"<html/>"))

    with pytest.raises(DomainError, match="Not every file can be imported as it is"):
        importing.make_drafts(run, by=clerk, answers={}, everything=True)

    assert (Invoice.objects.count(), Customer.objects.count()) == (0, 0)


def test_the_good_ones_come_in_and_the_bad_ones_stay(clerk):
    wrong = ("wrong.xml", sample("plain.xml", (">605.00<", ">606.00<")))

    run, outcome = made(("bad.xml", b"<html/>"), wrong, "yen.xml", by=clerk, everything=False)

    assert outcome.made == 1
    assert Invoice.objects.get().source_reference == "KW-2026-126"
    assert run.files.filter(made_at=None).count() == 2


def test_a_file_that_fails_while_it_is_made_leaves_nothing_and_stops_no_other(clerk, monkeypatch):
    draft_invoice = importing.draft_invoice

    def refuse_pounds(customer, **fields):
        if fields["currency"] == "GBP":
            raise DomainError("No pounds today.")
        return draft_invoice(customer, **fields)

    monkeypatch.setattr(importing, "draft_invoice", refuse_pounds)

    run, outcome = made("exempt_code.xml", "plain.xml", by=clerk)

    assert (outcome.made, outcome.refused) == (1, 1)
    failed = run.files.get(name="exempt_code.xml")
    assert (failed.outcome, failed.made_at, failed.invoice) == ("No pounds today.", None, None)
    assert not Customer.objects.filter(name="Sandbank Museum Trust").exists()
    assert not TaxRate.objects.filter(exemption_code="VATEX-EU-F").exists()


def test_a_viewer_imports_nothing(viewer):
    factories.organization()

    with pytest.raises(Forbidden):
        importing.bring_in([("plain.xml", sample("plain.xml"))], by=viewer)

    assert ImportRun.objects.count() == 0


def test_a_file_beyond_the_limit_is_named_but_not_kept(clerk):
    run = run_of(("huge.xml", b" " * (xml.MAX_BYTES + 1)), by=clerk)

    row = importing.plan_run(run).rows[0]

    assert row.reasons == ["The file is larger than 5 MB. An invoice without its attachments is far smaller."]
    assert bytes(run.files.get().content) == b""


def test_a_file_name_that_is_no_text_is_kept_as_far_as_it_is(clerk):
    run = run_of(("caf\udce9\0.xml", sample("plain.xml")), by=clerk)

    assert run.files.get().name == "caf??.xml"


@pytest.mark.django_db(transaction=True)
def test_two_who_import_the_same_file_at_once_make_one_draft(clerk):
    runs = [run_of("plain.xml"), run_of("plain.xml")]
    start, outcomes = Barrier(4), []

    def confirm(run):
        start.wait()
        try:
            outcomes.append(importing.make_drafts(run, by=clerk, answers={}, everything=False))
        finally:
            connection.close()

    threads = [Thread(target=confirm, args=(run,)) for run in runs * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(outcome.made for outcome in outcomes) == 1
    assert Invoice.objects.count() == 1
    assert ImportFile.objects.filter(invoice__isnull=False).count() == 1


# --- The pages ------------------------------------------------------------------------------------------------


def upload(client, *files):
    sent = [SimpleUploadedFile(name, content, "text/xml") for name, content in files]
    return client.post(reverse("invoicing:import"), {"documents": sent})


def test_files_are_brought_looked_at_and_imported_in_the_browser(clerk, as_role):
    factories.organization()
    client = as_role(clerk)

    answer = upload(client, *((name, sample(name)) for name in NAMES))
    run = ImportRun.objects.get()
    address = reverse("invoicing:import_run", args=[run.pk])
    assert answer.url == address
    page = client.get(address).content.decode()
    assert "12 drafts would be made." in page
    assert page.count("Driftwood Tools Oy (FI20774740)") == 1
    assert "Import all" in page
    assert Invoice.objects.count() == 0

    answer = client.post(address, {"everything": "true"}, follow=True)

    assert "12 drafts were made." in answer.content.decode()
    assert Invoice.objects.count() == 12


def test_a_page_with_bad_files_offers_the_good_ones(clerk, as_role):
    factories.organization()
    client = as_role(clerk)
    upload(client, ("plain.xml", sample("plain.xml")), ("bad.xml", b"<html/>"))
    address = reverse("invoicing:import_run", args=[ImportRun.objects.get().pk])

    page = client.get(address).content.decode()
    assert "Import the good ones" in page
    assert "Import all" not in page
    assert "This is not a UBL 2.1 invoice or credit note; the file is a “html”." in page

    client.post(address)
    assert Invoice.objects.count() == 1


def test_import_all_asks_for_the_answers_that_are_missing(clerk, as_role):
    known = factories.customer("Muelle Norte S.L.")
    client = as_role(clerk)
    upload(client, ("plain.xml", sample("plain.xml")))
    run = ImportRun.objects.get()
    address = reverse("invoicing:import_run", args=[run.pk])

    answer = client.post(address, {"everything": "true"})
    assert answer.status_code == 422
    assert "Choose one." in answer.content.decode()
    assert Invoice.objects.count() == 0

    client.post(address, {"everything": "true", f"customer_{run.files.get().pk}": str(known.pk)})
    assert Invoice.objects.get().customer == known


def test_an_upload_without_a_file_says_what_to_do(clerk, as_role):
    factories.organization()

    answer = upload(as_role(clerk))

    assert answer.status_code == 422
    assert "Choose one or more .xml files." in answer.content.decode()
    assert ImportRun.objects.count() == 0


def test_what_a_file_says_is_text_on_the_page(clerk, as_role):
    factories.organization()
    client = as_role(clerk)
    upload(client, ("<b>.xml", sample("plain.xml", (">Muelle Norte S.L.<", ">&lt;script&gt;alert(1)&lt;/script&gt;<"))))

    page = client.get(reverse("invoicing:import_run", args=[ImportRun.objects.get().pk])).content.decode()

    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


@pytest.mark.parametrize("count", [1, 6])
def test_the_dry_run_asks_the_database_a_bounded_number_of_times(count, clerk, as_role, django_assert_max_num_queries):
    factories.organization()
    client = as_role(clerk)
    files = [(f"{n}.xml", sample("plain.xml", ("KW-2026-118", f"KW-{n}"))) for n in range(count)]
    upload(client, *files)
    address = reverse("invoicing:import_run", args=[ImportRun.objects.get().pk])

    with django_assert_max_num_queries(25 + 9 * count):
        client.get(address)


# --- The command ----------------------------------------------------------------------------------------------


def command(*names, **options):
    out = StringIO()
    try:
        call_command("import_invoices", *[str(name) for name in names], stdout=out, **options)
    except SystemExit as end:
        return end.code, out.getvalue()
    return 0, out.getvalue()


@pytest.mark.django_db
def test_the_command_shows_the_same_table_and_writes_nothing_in_a_dry_run():
    factories.organization()

    code, text = command(FOLDER / "plain.xml", FOLDER / "negative_invoice.xml", dry_run=True)

    assert code == 0
    assert (
        "READY   plain.xml: invoice KW-2026-118 of 2026-10-02 for Muelle Norte S.L. (would be made)  "
        "EUR net 500.00  tax 105.00  total 605.00  prepaid 0.00  due 605.00" in text
    )
    assert "it comes in as a credit note, with the same amounts positive" in text
    assert (Invoice.objects.count(), ImportRun.objects.count()) == (0, 0)


@pytest.mark.django_db
def test_the_command_makes_the_good_ones_and_tells_of_the_bad_by_its_exit_code(tmp_path):
    factories.organization()
    (tmp_path / "bad.xml").write_text("<html/>")

    code, text = command(FOLDER / "plain.xml", tmp_path / "bad.xml", yes=True)

    assert code == 1
    assert "REFUSED bad.xml" in text
    assert "1 made, 0 failed, 0 left out" in text
    assert Invoice.objects.get().source_reference == "KW-2026-118"


@pytest.mark.django_db
def test_the_command_asks_before_it_makes_anything(monkeypatch):
    factories.organization()
    monkeypatch.setattr("builtins.input", lambda _question: "n")

    code, _text = command(FOLDER / "plain.xml")

    assert code == 0
    assert Invoice.objects.count() == 0


@pytest.mark.django_db
def test_the_command_says_which_file_cannot_be_read(tmp_path):
    factories.organization()

    with pytest.raises(CommandError, match="cannot be read"):
        call_command("import_invoices", str(tmp_path / "none.xml"))


def test_files_that_ask_are_not_counted_among_the_drafts_before_they_are_answered(clerk, as_role):
    factories.customer("Muelle Norte S.L.")
    client = as_role(clerk)
    upload(client, ("plain.xml", sample("plain.xml")), ("yen.xml", sample("yen.xml")), ("bad.xml", b"<html/>"))

    page = client.get(reverse("invoicing:import_run", args=[ImportRun.objects.get().pk])).text

    assert "One draft would be made." in page
    assert "One asks for a choice." in page
    assert "Import the good ones</button>" in page
