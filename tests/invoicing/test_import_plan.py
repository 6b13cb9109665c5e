"""The dry run: what would be made, and what is wrong, in words; nothing is written."""

import pytest

from config.common import clock
from config.common.errors import DomainError
from config.common.roles import SYSTEM
from customers.models import Customer
from customers.services.customers import archive_customer
from invoicing.models import ImportFile, Invoice, TaxRate
from invoicing.services import import_plan, importing
from tests import factories
from tests.ubl_files import NAMES, sample

pytestmark = pytest.mark.django_db


def plan(*files):
    """The dry run of unsaved files: names of samples, or (name, bytes)."""
    factories.organization()
    pairs = [(file, sample(file)) if isinstance(file, str) else file for file in files]
    return import_plan.plan_files([importing.file_of(name, content) for name, content in pairs])


def one(*files):
    return plan(*files).rows[-1]


def imported(name="plain.xml", *changes):
    factories.organization()
    run = importing.bring_in([(name, sample(name, *changes))], by=SYSTEM)
    importing.make_drafts(run, by=SYSTEM, answers={}, everything=True)
    return Invoice.objects.latest("pk")


def test_a_dry_run_writes_nothing():
    rates = TaxRate.objects.count() if factories.organization() else 0

    found = plan(*NAMES)

    assert len(found.good) == len(NAMES)
    assert (Invoice.objects.count(), Customer.objects.count(), ImportFile.objects.count()) == (0, 0, 0)
    assert TaxRate.objects.count() == rates


def test_without_an_organization_there_is_no_dry_run():
    with pytest.raises(DomainError, match="Fill in Settings → Organization first"):
        import_plan.plan_files([importing.file_of("plain.xml", sample("plain.xml"))])


def test_a_seller_who_is_not_us_is_said_once_for_all_files():
    other = ("other2.xml", sample("other_seller.xml", ("A-77", "A-78")))

    assert plan("other_seller.xml", other, "plain.xml").strangers == ["Driftwood Tools Oy (FI20774740)"]


def test_our_own_files_say_nothing_of_a_seller():
    assert plan("plain.xml", "yen.xml").strangers == []


def test_the_same_content_is_here_already_however_it_is_written():
    invoice = imported()

    row = one(("again.xml", sample("plain.xml").replace(b"<cbc:ID>KW", b"<!-- again --><cbc:ID>KW")))

    assert (row.state, row.same_as) == ("twice", invoice)
    assert row.same_as_text == "Draft for Muelle Norte S.L. (KW-2026-118)"


def test_the_same_content_twice_in_one_import_is_refused_the_second_time():
    row = one("plain.xml", ("copy.xml", sample("plain.xml")))

    assert (row.state, row.reasons) == ("refused", ["The same content as plain.xml in this import."])


def test_other_content_under_the_same_seller_number_and_date_is_asked_about():
    invoice = imported()

    row = one(("newer.xml", sample("plain.xml", ("Salinity probe", "Salinity sensor"))))

    assert (row.state, row.asks_lookalike, row.lookalike) == ("asks", True, invoice)


@pytest.mark.parametrize(
    "change", [("2026-10-02", "2026-10-03"), ("NL859302117B01", "NL000099998B57"), (">KW-2026-118<", ">KW-2026-999<")]
)
def test_another_seller_number_or_date_looks_like_nothing(change):
    imported()

    assert one(("newer.xml", sample("plain.xml", change))).lookalike is None


def test_our_own_opened_number_is_recognized_too():
    opened = factories.opened(issued_on=factories.TODAY)

    changes = [(">KW-2026-118<", f">{opened.number}<"), ("2026-10-02", str(factories.TODAY))]
    row = one(("ours.xml", sample("plain.xml", *changes)))

    assert row.lookalike == opened


def test_two_files_of_one_import_may_look_alike():
    row = one("plain.xml", ("newer.xml", sample("plain.xml", ("Salinity probe", "Salinity sensor"))))

    assert (row.state, row.lookalike) == ("asks", "plain.xml")


def test_an_archived_customer_gets_no_new_invoices():
    known = factories.customer("Muelle Norte S.L.", vat_id="ESB83920174")
    archive_customer(known, by=SYSTEM, at=clock.now())

    row = one("plain.xml")

    assert row.reasons == [
        "Muelle Norte S.L. is archived and gets no new invoices. Take it out of the archive first.",
    ]


def test_a_customer_that_could_not_be_made_refuses_the_file_in_the_dry_run():
    row = one(("long.xml", sample("plain.xml", (">Muelle Norte S.L.<", f">{'x' * 161}<"))))

    assert row.state == "refused"
    assert row.reasons[0].startswith("Name: ")


def test_an_email_that_is_none_is_left_out_and_said():
    row = one(("odd.xml", sample("plain.xml", ("facturas@muellenorte.example", "n/a"))))

    assert row.state == "ready"
    assert row.remarks == ["The contact's email “n/a” is not an address and was left out."]


def test_what_our_record_says_otherwise_is_told():
    factories.customer("Muelle Norte S.L.", vat_id="ESB83920174")

    assert "city “Vigo” (here: Hamburg)" in one("plain.xml").remarks[0]


def test_a_credit_note_finds_what_it_corrects_here():
    invoice = imported()

    row = one("credit_note.xml")

    assert (row.corrects, row.corrects_text) == (invoice, "KW-2026-118 (2026-10-02)")


def test_a_credit_note_finds_what_it_corrects_in_the_same_import_wherever_it_stands():
    found = plan("credit_note.xml", "plain.xml")

    assert [row.file.name for row in found.rows] == ["plain.xml", "credit_note.xml"]
    assert found.rows[1].corrects == "plain.xml"


def test_a_credit_note_whose_invoice_is_not_here_keeps_its_number_as_text():
    row = one("credit_note.xml")

    assert (row.corrects, row.corrects_text) == (None, "KW-2026-118 (2026-10-02)")


def test_one_bad_file_says_why_and_stops_no_other():
    found = plan(("bad.xml", b"<html/>"), "plain.xml", ("empty.xml", b""))

    assert sorted((row.file.name, row.state) for row in found.rows) == [
        ("bad.xml", "refused"),
        ("empty.xml", "refused"),
        ("plain.xml", "ready"),
    ]
    assert [len(found.good), len(found.wrong)] == [1, 2]


def test_a_file_that_was_imported_shows_what_it_became():
    invoice = imported()

    row = importing.plan_run(invoice.import_file.run).rows[0]

    assert (row.state, row.same_as, row.match.customer) == ("made", invoice, invoice.customer)


def test_a_second_new_customer_of_one_name_is_announced_as_a_question():
    vat_id = "ESB83920174"

    row = one("plain.xml", ("other.xml", sample("several_rates.xml", (vat_id, "ESA58818501"))))

    assert row.match.how == "new"
    assert any("plain.xml brings a new customer of this name too" in remark for remark in row.remarks)
