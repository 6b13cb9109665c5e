"""A CSV or XLSX file as a header and rows of cells, with row numbers as the spreadsheet shows them.

What a file is follows from its bytes, never from its name. Everything here refuses with DomainError, in a sentence.
"""

import csv
import io
import re

from django.utils.translation import gettext as _

from ..errors import DomainError
from . import xlsx
from .cells import MAX_BYTES, MAX_CELL, MAX_COLUMNS, MAX_ROWS, Row, Table, clean_text

# What an export of ours (or of anybody careful) puts an apostrophe before, so that no spreadsheet runs it.
_QUOTED_FORMULA = re.compile(r"'(?=[ ]*[=+\-@\t\r\n])")
_DELIMITERS = ",;\t|"
MOST_TITLES = 5  # rows above a header
TABLE_COLUMNS = 3
_LOOKED_AT = 50  # rows that show which delimiter it is


def read_table(content: bytes) -> Table:
    """The first sheet of an XLSX file, or a CSV file of any usual delimiter and encoding. Blank rows are left out."""
    if len(content) > MAX_BYTES:
        raise DomainError(
            _("The file is larger than %(limit)s MB. Split it and bring the parts one after the other.")
            % {"limit": MAX_BYTES // 1024 // 1024}
        )
    if not content.strip():
        raise DomainError(_("The file is empty."))
    rows = xlsx.rows_of(content) if content.startswith(b"PK\x03\x04") else _csv_rows(_decoded(content))
    return _table(rows)


def _table(rows) -> Table:
    """The first row that is not blank is the header, titles above it left out; the limits are those of rows and columns
    that hold something.
    """
    header: list[str] = []
    found = []
    for number, cells in _without_titles(rows):
        while cells and cells[-1] == "":
            cells.pop()
        if not cells:
            continue
        if len(cells) > MAX_COLUMNS:
            raise DomainError(
                _("Row %(row)s has %(n)s columns; up to %(limit)s are read. Take out what is not needed.")
                % {"row": number, "n": len(cells), "limit": MAX_COLUMNS}
            )
        for cell in cells:
            if isinstance(cell, str) and len(cell) > MAX_CELL:
                raise DomainError(
                    _("Row %(row)s has a cell of %(n)s characters; up to %(limit)s are read. Is a quotation mark open?")
                    % {"row": number, "n": len(cell), "limit": MAX_CELL}
                )
        if not header:
            header = [str(cell) for cell in cells]
            continue
        if len(found) >= MAX_ROWS:
            raise DomainError(
                _("The file has more than %(limit)s rows. Split it and bring the parts one after the other.")
                % {"limit": f"{MAX_ROWS:,}"}
            )
        found.append(Row(number, tuple(cells)))
    if not found:
        raise DomainError(_("The file has no rows under its header. Is it the right sheet? The first one is read."))
    width = max(len(header), *(len(row.cells) for row in found))
    header += [""] * (width - len(header))
    return Table(header, [Row(row.number, row.cells + ("",) * (width - len(row.cells))) for row in found])


def _without_titles(rows):
    """The rows without titles above the table: one cell alone, often merged over the width, and a table of three
    columns or more under it. A row of one cell above anything narrower may be a header.
    """
    rows = iter(rows)
    titles = []
    for row in rows:
        filled = sum(cell != "" for cell in row[1])
        if filled == 0:
            continue
        if filled == 1 and len(titles) < MOST_TITLES:
            titles.append(row)
            continue
        yield from [] if filled >= TABLE_COLUMNS else titles
        yield row
        yield from rows
        return
    yield from titles


# --- CSV ------------------------------------------------------------------------------------------------------


def _decoded(content: bytes) -> str:
    """UTF-8 (with a byte order mark or without), UTF-16, or Windows-1252, which is what Excel writes in the West."""
    _refuse_what_is_no_table(content)
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    elif content[1:40:2].strip(b"\0") == b"" and len(content) > 3:
        encodings = ["utf-16-le"]
    elif content[0:40:2].strip(b"\0") == b"":
        encodings = ["utf-16-be"]
    else:
        encodings = ["utf-8-sig", "cp1252"]
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise DomainError(
        _("The characters of this file cannot be read. Save it as “CSV UTF-8” or as .xlsx and bring it again.")
    )


def _refuse_what_is_no_table(content):
    start = content[:200].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith(b"<"):
        raise DomainError(
            _("This is an XML or HTML file, not a spreadsheet. E-invoice files (.xml) have their own import.")
        )
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        raise DomainError(
            _("This is an old .xls file, or one with a password. Save it as .xlsx without a password and bring that.")
        )
    if start.startswith(
        (b"%pdf", b"\x89png", b"\xff\xd8\xff", b"gif8", b"{\\rtf", b"\x1f\x8b", b"7z\xbc\xaf", b"rar!")
    ):
        raise DomainError(_("This is not a spreadsheet. Bring a .csv or .xlsx file."))


def _csv_rows(text):
    """(row number, cells); a row may go over several lines of the file. `sep=;`, which Excel understands, is no row."""
    stated = re.match(r"sep=(.)\r?\n", text)
    if stated:
        text = text[stated.end() :]
    delimiter = stated[1] if stated else _delimiter(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    number = 0
    while True:
        number += 1
        try:
            cells = next(reader, None)
        except csv.Error:
            raise DomainError(
                _(
                    "Row %(row)s cannot be read: a quotation mark is open, or stands in the middle of a cell. "
                    "Correct it in the spreadsheet and save the file again."
                )
                % {"row": number}
            ) from None
        if cells is None:
            return
        yield (
            number,
            [clean_text(_QUOTED_FORMULA.sub("", cell, count=1) if cell[:1] == "'" else cell) for cell in cells],
        )


def _delimiter(text) -> str:
    """The one that cuts the first rows into as many cells as the header has; of several, the one that cuts most."""

    def score(delimiter):
        reader = csv.reader(io.StringIO(text[:200_000], newline=""), delimiter=delimiter)
        widths = []
        try:
            for cells in reader:
                if any(cells):
                    widths.append(len(cells))
                if len(widths) >= _LOOKED_AT:
                    break
        except csv.Error:
            return (0, 0)
        while len(widths) > 1 and widths[0] == 1:
            widths.pop(0)  # a title above the header
        columns = widths[0] if widths else 1
        return (sum(width == columns for width in widths) * 10 // len(widths) if columns > 1 else 0, columns)

    return max(_DELIMITERS, key=score)
