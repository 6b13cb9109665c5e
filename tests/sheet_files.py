"""Spreadsheets for tests: as people save them, and as somebody saves them who wishes us ill."""

import csv
import io
import zipfile

from openpyxl import Workbook

from config.common.sheets import importing
from config.common.sheets.kinds import guess
from config.common.sheets.reading import read_table


def csv_of(*rows, delimiter=",", encoding="utf-8") -> bytes:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows(rows)
    return out.getvalue().encode(encoding)


def xlsx_of(*rows, formats=None, formulas=False) -> bytes:
    """`formats`: {cell: number format}, such as {"B2": "0.00%"}; text that begins with = is text, unless `formulas`."""
    book = Workbook()
    for row in rows:
        book.active.append(row)
    for cell in (each for line in book.active.iter_rows() for each in line if not formulas):
        cell.data_type = "s" if cell.data_type == "f" else cell.data_type
    for cell, number_format in (formats or {}).items():
        book.active[cell].number_format = number_format
    return saved(book)


def saved(book) -> bytes:
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def with_part(content: bytes, name: str, part: bytes) -> bytes:
    """The same container with one part put in or replaced."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for member in old.infolist():
            if member.filename != name:
                new.writestr(member, old.read(member))
        new.writestr(name, part)
    return out.getvalue()


def part_of(content: bytes, name: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return archive.read(name)


def brought(kind: str, content: bytes, *, by, name="file.csv", columns=None, **options):
    """A file with its columns chosen: as guessed, or as said."""
    kind = importing.kind_of(kind)
    sheet = importing.bring_in(kind, by=by, name=name, content=content)
    columns = guess(kind, read_table(content).header) if columns is None else columns
    importing.map_columns(sheet, by=by, columns=columns, options=options)
    return sheet
