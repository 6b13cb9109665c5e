"""An import from file to rows: mapping, the dry run, making once, going on after a kill."""

from datetime import timedelta

import pytest
import time_machine

from config.common import clock
from config.common.errors import DomainError, Forbidden
from config.common.models import AuditEvent, SheetImport, SheetItem
from config.common.sheets import downloads, importing
from config.common.sheets.kinds import guess
from config.common.sheets.reading import read_table
from customers.models import Customer
from tests import factories
from tests.sheet_files import brought, csv_of, xlsx_of

pytestmark = pytest.mark.django_db
HEAD = ["Number", "Name", "Email"]
TASK = "config.common.tasks.carry_sheet"


@pytest.fixture(autouse=True)
def _ours():
    factories.organization()


def customers(n, start=1):
    return csv_of(HEAD, *([f"K-{i:04}", f"Customer {i}", f"c{i}@x.example"] for i in range(start, start + n)))


# --- Bringing and mapping -------------------------------------------------------------------------------------


def test_a_file_is_kept_as_it_came_and_nothing_is_made_by_bringing_it(clerk):
    content = customers(2)

    sheet = brought("customers", content, by=clerk)

    assert bytes(SheetImport.objects.get().content) == content
    assert sheet.mapping["columns"] == {"number": 0, "name": 1, "contact_email": 2}
    assert not Customer.objects.exists()


def test_a_viewer_imports_nothing(viewer, clerk):
    kind = importing.kind_of("customers")
    sheet = brought("customers", customers(1), by=clerk)

    with pytest.raises(Forbidden):
        importing.bring_in(kind, by=viewer, name="x", content=customers(1))
    with pytest.raises(Forbidden):
        importing.map_columns(sheet, by=viewer, columns={"name": 1}, options={})
    with pytest.raises(Forbidden):
        importing.start_import(sheet, by=viewer, everything=False)

    assert SheetImport.objects.count() == 1
    assert not Customer.objects.exists()


def test_what_is_needed_has_to_be_mapped_and_no_column_twice(clerk):
    sheet = brought("customers", customers(1), by=clerk)

    with pytest.raises(DomainError, match="Say which column holds “Name”."):
        importing.map_columns(sheet, by=clerk, columns={"number": 0}, options={})
    with pytest.raises(DomainError, match="A column of the file is chosen twice."):
        importing.map_columns(sheet, by=clerk, columns={"name": 1, "notes": 1}, options={})


@pytest.mark.parametrize("kind", ["customers", "invoices"])
@pytest.mark.parametrize("format", downloads.FORMATS)
@pytest.mark.parametrize("language", ["en", "de"])
def test_the_template_maps_itself(kind, format, language):
    from django.utils.translation import override

    kind = importing.kind_of(kind)
    with override(language):
        response = downloads.template_response(kind, format)
        table = read_table(b"".join(response))
        assert guess(kind, table.header) == {column.key: place for place, column in enumerate(kind.columns)}
    assert len(table.rows) == 2


def test_heads_of_other_programs_are_known():
    kind = importing.kind_of("customers")
    heads = [
        "Kunden-Nr.",
        "Firma",
        "Straße",
        "PLZ",
        "Ort",
        "Land",
        "USt-IdNr.",
        "Zahlungsziel (Tage)",
        "E-Mail",
        "Skonto %",
    ]

    found = guess(kind, heads)

    assert [key for key, _place in sorted(found.items(), key=lambda pair: pair[1])] == [
        "number", "name", "billing_street", "billing_postcode", "billing_city", "billing_country", "vat_id",
        "terms_days", "contact_email", "discount_percent",
    ]  # fmt: skip


# --- Making ---------------------------------------------------------------------------------------------------


def test_everything_is_made_at_once_and_a_second_submit_makes_nothing(clerk, bell):
    sheet = brought("customers", customers(3), by=clerk)

    importing.start_import(sheet, by=clerk, everything=True)
    importing.start_import(sheet, by=clerk, everything=True)

    sheet.refresh_from_db()
    assert Customer.objects.count() == 3
    assert sheet.finished_at is not None
    assert bell.rings == []
    assert importing.progress_of(sheet) == {"all": 3, "made": 3, "refused": 0, "done": 3, "waiting": 0}
    assert AuditEvent.objects.filter(action="sheet.import").count() == 1


def test_everything_is_refused_while_a_row_is_wrong_but_the_good_ones_are_made(clerk):
    sheet = brought("customers", csv_of(HEAD, ["K-1", "Good", "good@x.example"], ["K-2", "Bad", "nobody"]), by=clerk)

    with pytest.raises(DomainError, match="Some rows have errors by now."):
        importing.start_import(sheet, by=clerk, everything=True)
    assert not Customer.objects.exists()
    assert not SheetItem.objects.exists()

    importing.start_import(sheet, by=clerk, everything=False)
    sheet.refresh_from_db()
    assert Customer.objects.get().name == "Good"
    assert sheet.outcome["problems"] == [[3, "Contact email (column C)", "nobody", "This is not an email address."]]
    assert sheet.outcome["bad_rows"] == [3]


def test_a_file_without_a_good_row_makes_nothing(clerk):
    sheet = brought("customers", csv_of(HEAD, ["K-2", "Bad", "nobody"]), by=clerk)

    with pytest.raises(DomainError, match="There is nothing in this file that could be imported."):
        importing.start_import(sheet, by=clerk, everything=False)

    sheet.refresh_from_db()
    assert sheet.started_at is None


def test_columns_stay_once_it_is_imported(clerk):
    sheet = brought("customers", customers(1), by=clerk)
    importing.start_import(sheet, by=clerk, everything=True)

    with pytest.raises(DomainError, match="This file is imported already."):
        importing.map_columns(sheet, by=clerk, columns={"name": 1}, options={})


def test_many_are_made_by_the_worker(clerk, worker, bell):
    sheet = brought("customers", customers(201), by=clerk)

    importing.start_import(sheet, by=clerk, everything=True)
    assert not Customer.objects.exists()
    assert bell.rings == [(TASK, sheet.pk)]

    worker()
    sheet.refresh_from_db()
    assert Customer.objects.count() == 201
    assert sheet.finished_at is not None
    assert AuditEvent.objects.filter(action="customer.created", actor_name=str(clerk)).count() == 201


class Killed(BaseException):
    """What no handler catches: the process is gone."""


def test_a_run_that_was_killed_goes_on_where_it_was_and_doubles_nothing(clerk, worker, monkeypatch):
    sheet = brought("customers", customers(201), by=clerk)
    importing.start_import(sheet, by=clerk, everything=True)
    kind = importing.kind_of("customers")
    make, count = kind.make, iter(range(1000))

    def dies(entry, **kwargs):
        made = make(entry, **kwargs)
        if next(count) == 20:
            raise Killed
        return made

    monkeypatch.setattr(kind, "make", dies)
    with pytest.raises(Killed):
        worker()
    monkeypatch.undo()
    assert Customer.objects.count() == 20  # the one it died over was taken back

    importing.carry(sheet.pk)
    importing.carry(sheet.pk)
    assert Customer.objects.count() == 201
    assert importing.progress_of(sheet)["waiting"] == 0


def test_the_sweeper_rings_for_what_nobody_works_on_any_more(clerk, bell, worker):
    sheet = brought("customers", customers(201), by=clerk)
    importing.start_import(sheet, by=clerk, everything=True)
    bell._rung.clear()
    bell.rings
    bell._rung.clear()  # the bell was lost

    importing.sweep()
    assert bell.rings == []
    with time_machine.travel(clock.now() + timedelta(minutes=2), tick=False):
        importing.sweep()
        assert bell.rings == [(TASK, sheet.pk)]
        worker()
        importing.sweep()
        assert bell.rings == []
    assert Customer.objects.count() == 201


def test_a_worker_stops_claiming_after_a_while_and_rings_for_itself(clerk, bell):
    sheet = brought("customers", customers(201), by=clerk)
    importing.start_import(sheet, by=clerk, everything=True)
    bell.rings
    bell._rung.clear()

    importing.carry(sheet.pk, seconds=0)

    assert bell.rings == [(TASK, sheet.pk)]
    assert Customer.objects.count() < 201


def test_what_changed_since_the_dry_run_is_a_reason_and_touches_no_other(clerk, worker):
    sheet = brought("customers", customers(201), by=clerk)
    importing.start_import(sheet, by=clerk, everything=True)
    factories.customer("Quicker GmbH", number="K-0007")

    worker()

    item = SheetItem.objects.exclude(reason="").get()
    assert (item.first_row, item.object_id, item.made_at) == (8, None, None)
    assert item.reason == "Quicker GmbH is here already as K-0007 and stays as it is."
    assert Customer.objects.count() == 201


def test_a_surprise_is_logged_and_told_and_touches_no_other(clerk, monkeypatch, caplog):
    sheet = brought("customers", customers(3), by=clerk)
    kind = importing.kind_of("customers")
    make = kind.make

    def stumbles(entry, **kwargs):
        if entry.label == "Customer 2":
            raise RuntimeError("a bug")
        return make(entry, **kwargs)

    monkeypatch.setattr(kind, "make", stumbles)
    importing.start_import(sheet, by=clerk, everything=True)

    assert Customer.objects.count() == 2
    assert SheetItem.objects.exclude(reason="").get().reason.startswith("Something unexpected happened")
    assert "a bug" in caplog.text


# --- Mending --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("format", downloads.FORMATS)
def test_bad_rows_come_back_as_a_file_that_is_mended_and_brought_again(format, clerk):
    rows = [["K-1", "Good", "good@x.example"], ["K-2", "=Bad", "nobody"], ["K-2", "=Bad", "two@x.example"]]
    sheet = brought("customers", csv_of(HEAD, *rows), by=clerk)
    importing.start_import(sheet, by=clerk, everything=False)
    sheet.refresh_from_db()

    table = read_table(b"".join(downloads.bad_rows_response(sheet, format)))

    assert table.header == [*HEAD, "What is wrong"]
    assert [row.cells for row in table.rows] == [
        ("K-2", "=Bad", "nobody", "Contact email (column C): This is not an email address."),
        ("K-2", "=Bad", "two@x.example", "Another row of the same group has an error."),
    ]

    mended = [table.header, *([*row.cells] for row in table.rows)]
    mended[1][2] = "one@x.example"
    again = brought("customers", (csv_of if format == "csv" else xlsx_of)(*mended), by=clerk)
    importing.start_import(again, by=clerk, everything=True)
    made = Customer.objects.get(number="K-2")
    assert made.name == "=Bad"
    assert [contact.email for contact in made.contacts.all()] == ["one@x.example", "two@x.example"]


def test_the_dry_run_asks_the_database_the_same_for_2_rows_and_for_200(clerk, django_assert_num_queries):
    few = brought("customers", customers(2), by=clerk)
    many = brought("customers", customers(200), by=clerk)

    for sheet in (few, many):
        with django_assert_num_queries(2):  # numbers and names
            importing.plan_sheet(sheet)
