"""Reading spreadsheets: any usual CSV, the first sheet of an XLSX file, and what is refused."""

import io
import socket
import zipfile
from datetime import date, datetime
from decimal import Decimal

import pytest
from openpyxl import Workbook

from config.common.errors import DomainError
from config.common.sheets import reading
from config.common.sheets.cells import Broken
from config.common.sheets.reading import read_table
from tests.sheet_files import csv_of, part_of, saved, with_part, xlsx_of

HEAD = ["Name", "City"]


def refusal(content) -> str:
    with pytest.raises(DomainError) as refused:
        read_table(content)
    return str(refused.value)


# --- CSV ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_a_csv_file_of_any_usual_encoding_and_delimiter_is_read(encoding, delimiter):
    table = read_table(csv_of(HEAD, ["Müller & Söhne", "Köln"], delimiter=delimiter, encoding=encoding))

    assert table.header == HEAD
    assert table.rows[0].cells == ("Müller & Söhne", "Köln")


def test_a_decimal_comma_does_not_make_a_comma_the_delimiter():
    table = read_table("Name, Vorname;Preis;Menge\nMüller;1,50;2,5\nMeyer;9,99;1,0\n".encode())

    assert table.header == ["Name, Vorname", "Preis", "Menge"]
    assert table.rows[0].cells == ("Müller", "1,50", "2,5")


def test_rows_are_numbered_as_the_spreadsheet_shows_them():
    table = read_table(b'\nName,City\n"two\nlines",Bremen\n\n,\nlast,Kiel\n')

    assert [(row.number, row.cells) for row in table.rows] == [(3, ("two\nlines", "Bremen")), (6, ("last", "Kiel"))]


@pytest.mark.parametrize("title", ["Customers of November", "Customers of November;;", "Customers\n\nas of today;;"])
def test_titles_above_the_header_are_left_out_and_rows_keep_their_numbers(title):
    table = read_table(f"{title}\nName;City;Country\nMüller;Köln;DE\n".encode())

    assert table.header == ["Name", "City", "Country"]
    assert [(row.number, row.cells) for row in table.rows] == [(title.count("\n") + 3, ("Müller", "Köln", "DE"))]


def test_a_title_merged_over_a_sheet_is_left_out():
    book = Workbook()
    sheet = book.active
    for row in (["Customers of November"], ["Name", "City", "Country"], ["Müller", "Köln", "DE"]):
        sheet.append(row)
    sheet.merge_cells("A1:C1")

    assert read_table(saved(book)).header == ["Name", "City", "Country"]


@pytest.mark.parametrize("text", ["Name\nMüller\nMeyer\n", "Name\nMüller,Köln\n", "\nName\nMüller,Köln\n"])
def test_a_header_of_one_cell_above_a_narrow_table_is_no_title(text):
    assert read_table(text.encode()).header[0] == "Name"


def test_the_line_that_names_the_separator_is_no_row():
    table = read_table(b"sep=;\r\nName;City\r\nElbe;Hamburg\r\n")

    assert (table.header, table.rows[0].number) == (HEAD, 2)


def test_the_apostrophe_of_an_export_is_taken_off_again():
    table = read_table(csv_of(HEAD, ["'=1+1", "'-5"], ["'s-Hertogenbosch", "'t Gooi"]))

    assert table.rows[0].cells == ("=1+1", "-5")
    assert table.rows[1].cells == ("'s-Hertogenbosch", "'t Gooi")


def test_an_open_quotation_mark_is_told_with_its_row():
    assert refusal(b'Name,City\nElbe,Hamburg\n"open,Kiel\n').startswith(
        "Row 3 cannot be read: a quotation mark is open"
    )


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "The file is empty."),
        (b"  \n ", "The file is empty."),
        (b"Name,City\n", "The file has no rows under its header."),
        (b"<?xml version='1.0'?><Invoice/>", "This is an XML or HTML file, not a spreadsheet."),
        (b"\xef\xbb\xbf<html>", "This is an XML or HTML file"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "This is an old .xls file"),
        (b"%PDF-1.7 ...", "This is not a spreadsheet."),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 50, "This is not a spreadsheet."),
        (b"Name,City\nA\0B,C\n", "The characters of this file cannot be read."),
        (b"Name,City\n\x81\x8d,C\n", "The characters of this file cannot be read."),
    ],
)
def test_what_is_no_table_is_refused_by_its_content(content, sentence):
    assert refusal(content).startswith(sentence)


def test_the_limits_are_told_in_sentences(monkeypatch):
    monkeypatch.setattr(reading, "MAX_ROWS", 3)

    assert "more than 3 rows" in refusal(csv_of(HEAD, *[["a", "b"]] * 4))
    assert len(read_table(csv_of(HEAD, *[["a", "b"]] * 3)).rows) == 3
    assert "Row 1 has 101 columns" in refusal(csv_of(["x"] * 101, ["y"]))
    assert "a cell of 5001 characters" in refusal(csv_of(HEAD, ["x" * 5001, ""]))
    assert "larger than 10 MB" in refusal(b"x" * (10 * 1024 * 1024 + 1))


# --- XLSX -----------------------------------------------------------------------------------------------------


def test_the_cells_of_an_xlsx_file_keep_their_types():
    content = xlsx_of(
        ["Text", "Figure", "Float", "Day", "Moment", "Percent", "Zeros", "Yes", "Money"],
        [
            "=no formula",
            3,
            0.1 + 0.2,
            date(2026, 4, 3),
            datetime.fromisoformat("2026-04-03T12:30"),
            0.19,
            1067,
            True,
            1234.5,
        ],
        formats={"F2": "0%", "G2": "00000"},
    )

    row = read_table(content).rows[0]

    assert row.number == 2
    assert row.cells[1:] == (
        Decimal(3), Decimal("0.3"), date(2026, 4, 3), date(2026, 4, 3), Decimal(19), "01067", "yes", Decimal("1234.5"),
    )  # fmt: skip


def test_a_formula_is_its_stored_value_and_never_reckoned():
    content = xlsx_of(["A", "B"], [1, "=A2*2"], formulas=True)
    sheet = part_of(content, "xl/worksheets/sheet1.xml")
    stored = sheet.replace(b"<v></v>", b"<v>7</v>").replace(b"<v />", b"<v>7</v>").replace(b"<v/>", b"<v>7</v>")

    assert read_table(with_part(content, "xl/worksheets/sheet1.xml", stored)).rows[0].cells == (Decimal(1), Decimal(7))


def test_a_formula_without_a_stored_value_is_told_and_not_taken_for_an_empty_cell():
    cell = read_table(xlsx_of(["A", "B"], [1, "=A2*2"], formulas=True)).rows[0].cells[1]

    assert isinstance(cell, Broken)
    assert cell.text == "=A2*2"
    assert cell.why.startswith("The cell holds a formula without a stored result.")


def test_an_error_of_the_spreadsheet_is_told():
    cell = read_table(xlsx_of(["A", "B"], ["x", "#REF!"])).rows[0].cells[1]

    assert isinstance(cell, Broken)
    assert "shows an error" in cell.why


def test_only_the_first_sheet_is_read_and_its_claimed_size_is_not_believed():
    book = Workbook()
    book.active.append(HEAD)
    book.active.append(["Elbe", "Hamburg"])
    book.create_sheet("second").append(["other"])
    content = saved(book)
    sheet = part_of(content, "xl/worksheets/sheet1.xml").replace(b'ref="A1:B2"', b'ref="A1:XFD1048576"')

    table = read_table(with_part(content, "xl/worksheets/sheet1.xml", sheet))

    assert (table.header, len(table.rows)) == (HEAD, 1)


END = b"</sheetData></worksheet>"
SHEET = (
    b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    b'<row r="1"><c r="A1" t="inlineStr"><is><t>Name</t></is></c></row>'
    b'<row r="%d"><c r="%s2" t="inlineStr"><is><t>far</t></is></c></row></sheetData></worksheet>'
)


@pytest.mark.parametrize(("row", "column"), [(10**12, b"A"), (2, b"XFD")])
def test_a_cell_beyond_the_end_of_the_world_takes_no_time(row, column):
    content = with_part(xlsx_of(HEAD, ["x", "y"]), "xl/worksheets/sheet1.xml", SHEET % (row, column))

    assert refusal(content)


@pytest.mark.parametrize("many", [b"<row/>" * 1_100_000, b"<row>" + b"<c/>" * 10_000_001 + b"</row>"])
def test_a_small_file_of_millions_of_blank_cells_is_refused_unread(many):
    content = with_part(xlsx_of(HEAD, ["x", "y"]), "xl/worksheets/sheet1.xml", SHEET.split(b"<row")[0] + many + END)

    assert len(content) < 100_000
    assert "more rows or cells than are read" in refusal(content)


ENTITY = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "lol">%s]><worksheet><a>&a;</a></worksheet>'
ATTACKS = {
    "billion laughs": ("xl/worksheets/sheet1.xml", ENTITY % b'<!ENTITY b "&a;&a;&a;&a;">'),
    "outside file": ("xl/sharedStrings.xml", ENTITY % b'<!ENTITY f SYSTEM "file:///etc/passwd">'),
    "outside address": ("xl/styles.xml", ENTITY % b'<!ENTITY f SYSTEM "http://127.0.0.1:1/x">'),
    "outside dtd": ("xl/workbook.xml", b'<!DOCTYPE w SYSTEM "http://127.0.0.1:1/x.dtd"><workbook/>'),
    "in utf-16": ("xl/worksheets/sheet1.xml", (ENTITY % b"").decode().encode("utf-16")),
    "in the relations": ("_rels/.rels", ENTITY % b""),
    "under another name": ("xl/strings.dat", ENTITY % b""),
    "behind a long comment": ("xl/styles.xml", b"<!--" + b"x" * 70_000 + b"-->" + ENTITY[21:] % b""),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_entities_are_refused_wherever_they_stand_and_nothing_is_fetched(attack, monkeypatch):
    monkeypatch.setattr(socket, "socket", lambda *args, **kwargs: pytest.fail("a file made us speak to the network"))

    assert "declares entities" in refusal(with_part(xlsx_of(HEAD, ["a", "b"]), *ATTACKS[attack]))


def test_a_bomb_is_refused_by_what_it_says_it_unpacks_to():
    bomb = with_part(xlsx_of(HEAD, ["a", "b"]), "xl/media/x.bin", b"\0" * (81 * 1024 * 1024))

    assert len(bomb) < 200_000
    assert "Unpacked, this file is larger than 80 MB" in refusal(bomb)


def test_a_heap_of_parts_is_refused():
    out = io.BytesIO(xlsx_of(HEAD, ["a", "b"]))
    with zipfile.ZipFile(out, "a") as archive:
        for n in range(2_001):
            archive.writestr(f"x/{n}", b"")

    assert "Unpacked" in refusal(out.getvalue())


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("xl/vbaProject.bin", b"macro"),
        ("xl/activeX/activeX1.xml", b"<x/>"),
        (
            "[Content_Types].xml",
            b'<Types xmlns="x"><Override ContentType="application/vnd.ms-excel.sheet.macroEnabled.main+xml"/></Types>',
        ),
    ],
)
def test_macros_are_refused_by_content_whatever_the_file_is_called(name, part):
    assert "contains macros" in refusal(with_part(xlsx_of(HEAD, ["a", "b"]), name, part))


def test_other_containers_and_damaged_ones_are_refused():
    def container(**parts):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            for name, part in parts.items():
                archive.writestr(name.replace("__", "/"), part)
        return out.getvalue()

    assert "ZIP archive" in refusal(container(readme="hello"))
    assert "another kind of spreadsheet" in refusal(
        container(mimetype="application/vnd.oasis.opendocument.spreadsheet", content="x")
    )
    good = xlsx_of(HEAD, ["a", "b"])
    assert "damaged" in refusal(good[: len(good) // 2])
    assert "cannot be read" in refusal(with_part(good, "xl/worksheets/sheet1.xml", b"<worksheet><sheetData><row"))
    assert "no sheet with cells" in refusal(with_part(good, "xl/workbook.xml", b"<nothing/>"))
