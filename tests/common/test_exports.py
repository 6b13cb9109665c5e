"""CSV and Excel that a spreadsheet opens and never runs."""

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from openpyxl import load_workbook

from config.common import exports
from config.common.errors import DomainError
from config.common.exports import csv_response, moment, safe_cell, xlsx_response


def text_of(response):
    return b"".join(response.streaming_content).decode("utf-8")


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "\0"])
def test_a_text_that_a_spreadsheet_would_run_gets_an_apostrophe(start):
    assert safe_cell(f"{start}cmd|'/c calc'!A1") == f"'{start}cmd|'/c calc'!A1"
    assert safe_cell(f"  {start}1+1") == f"'  {start}1+1"


def test_numbers_stay_numbers_and_nothing_stays_empty():
    assert [safe_cell(value) for value in (-5, 0, None, "", "Café 1-2")] == ["-5", "0", "", "", "Café 1-2"]


def test_the_file_is_utf8_with_a_mark_and_quoted_where_needed():
    response = csv_response("customers", ["Name", "=Note"], [["Müller, “Söhne”", 'a "b"\nc'], ["=1+1", -3]])

    text = text_of(response)

    assert text.startswith("\ufeff")
    assert list(csv.reader(io.StringIO(text[1:], newline=""))) == [
        ["Name", "'=Note"],
        ["Müller, “Söhne”", 'a "b"\nc'],
        ["'=1+1", "-3"],
    ]


def test_a_separator_of_another_country_inside_a_text_begins_no_cell():
    text = text_of(csv_response("n", ["N"], [["Ltd;=1+1"], ["Ltd\t=1+1"]]))

    assert text.splitlines()[1:] == ['"Ltd;=1+1"', '"Ltd\t=1+1"']


def test_it_is_a_download_of_its_name_and_nothing_a_browser_would_show():
    response = csv_response("customers", ["Name"], [])

    assert response["Content-Disposition"] == 'attachment; filename="customers.csv"'
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["X-Content-Type-Options"] == "nosniff"


def test_rows_are_streamed_not_gathered():
    taken = []

    def rows():
        for n in range(3):
            taken.append(n)
            yield [n]

    content = iter(csv_response("n", ["N"], rows()))

    next(content)
    assert taken == []
    next(content)
    assert taken == [0]


# --- Excel ----------------------------------------------------------------------------------------------------

STARTS = ["=", "+", "-", "@", "\t", "\r", "\n", "\0"]


def sheet_of(response):
    book = load_workbook(io.BytesIO(b"".join(response.streaming_content)))
    assert len(book.worksheets) == 1
    return book.active


def test_a_sheet_has_a_bold_head_that_stays_in_sight():
    sheet = sheet_of(xlsx_response("invoices", ["Number", "Total"], [["INV-1", Decimal("12.50")]]))

    assert sheet.title == "invoices"
    assert [(cell.value, cell.font.b) for cell in sheet[1]] == [("Number", True), ("Total", True)]
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("A2", "A1:B2")


@pytest.mark.parametrize("start", STARTS)
def test_no_text_is_a_formula_in_excel_and_it_stays_text_when_edited(start):
    text = f"{start}cmd|'/c calc'!A1"

    head, cell = [row[0] for row in sheet_of(xlsx_response("n", [text], [[text]]))]

    assert (head.data_type, cell.data_type) == ("s", "s")
    assert (head.quotePrefix, cell.quotePrefix) == (True, True)
    assert cell.value.endswith("cmd|'/c calc'!A1")


@pytest.mark.parametrize("text", ["#N/A", "Müller ", "00123", "2026-11-20", "1.5", "TRUE", "a\x07b", "\ufffe", "日本"])
def test_a_text_is_a_text_whatever_it_looks_like(text):
    [cell] = sheet_of(xlsx_response("n", ["N"], [[text]]))[2]

    assert cell.data_type == "s"
    assert cell.value == text.replace("\x07", "\ufffd").replace("\ufffe", "\ufffd")
    assert not cell.quotePrefix


def test_amounts_are_numbers_with_the_digits_of_their_currency():
    amounts = [Decimal("1234.50"), Decimal("1234"), Decimal("-1.234"), 7]

    cells = sheet_of(xlsx_response("n", ["A", "B", "C", "D"], [amounts]))[2]

    assert [(cell.value, cell.number_format) for cell in cells] == [
        (1234.5, "#,##0.00"),
        (1234, "#,##0"),
        (-1.234, "#,##0.000"),
        (7, "0"),
    ]


def test_days_are_days_and_moments_stand_in_the_readers_zone():
    at = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)
    with timezone.override(ZoneInfo("Europe/Amsterdam")):
        head = str(moment("Billed at"))
        cells = sheet_of(xlsx_response("n", ["A", "B", "C"], [[date(2026, 11, 20), at, None]]))[2]
        csv_text = csv_response("n", ["A"], [[at]])

    assert head == "Billed at (Europe/Amsterdam)"
    assert [str(cell.value) for cell in cells] == ["2026-11-20 00:00:00", "2026-11-21 00:30:00", "None"]
    assert [cell.is_date for cell in cells] == [True, True, False]
    assert '"2026-11-21T00:30:00+01:00"' in text_of(csv_text)


def test_more_rows_than_a_sheet_holds_are_refused_in_a_sentence_and_nothing_is_left_behind(monkeypatch, tmp_path):
    monkeypatch.setattr(exports, "MOST_ROWS", 2)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    with pytest.raises(DomainError, match="An Excel sheet holds 2 rows and this list has more. Narrow it down"):
        xlsx_response("n", ["N"], [[n] for n in range(3)])

    assert list(tmp_path.iterdir()) == []
    assert sheet_of(xlsx_response("n", ["N"], [[1], [2]])).max_row == 3


def test_a_text_longer_than_a_cell_holds_says_so():
    [cell] = sheet_of(xlsx_response("n", ["N"], [["x" * 40_000]]))[2]

    assert (len(cell.value), cell.value[-1]) == (32_767, "…")


def test_a_sheet_is_a_download_of_its_name():
    response = xlsx_response("customers", ["Name"], [])

    assert response["Content-Disposition"] == 'attachment; filename="customers.xlsx"'
    assert response["Content-Type"] == exports.XLSX
    assert response["X-Content-Type-Options"] == "nosniff"
    assert sheet_of(response)["A1"].value == "Name"


@pytest.mark.parametrize("name", ["statement-C/1:2[x]", "Übersicht *?", 'a"b', "x" * 200])
def test_a_name_that_a_sheet_or_a_header_cannot_hold_is_made_to_fit(name):
    assert len(sheet_of(xlsx_response(name, ["N"], [])).title) <= 31
    assert csv_response(name, ["N"], [])["Content-Disposition"].startswith("attachment; filename")


def test_who_exported_what_is_in_the_log_without_what_was_searched_for(rf, caplog):
    request = rf.get("/", {"format": "xlsx", "q": "secret", "evil\nkey": "x"})
    request.user = SimpleNamespace(pk=7)

    with caplog.at_level("INFO", logger="dunlin.exports"):
        exports.export_response(request, "customers", ["Name"], [])

    [line] = [record.getMessage() for record in caplog.records]
    assert line == "export: customers as xlsx by user 7, filters: 'evil\\nkey, q'"
