"""The first sheet of an XLSX file: values alone. Nothing in it is run, followed or evaluated.

The container is looked at before any part of it is unpacked; the size it declares is the size that is read at most.
"""

import io
import re
import warnings
import zipfile
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from numbers import Number
from xml.parsers import expat

from django.utils.translation import gettext as _
from openpyxl import load_workbook
from openpyxl.cell.read_only import EMPTY_CELL

from ..errors import DomainError
from .cells import MAX_COLUMNS, MAX_ROWS, Broken, clean_text

MAX_UNPACKED = 80 * 1024 * 1024
MAX_PARTS = 2_000
MAX_PROLOG = 64 * 1024  # where a document type would stand
MAX_MARKS = 10_000_000  # "<" in all parts: more than 20,000 rows of 100 cells need, few enough to be read in seconds
LAST_ROW = 1_048_576
_MACROS = re.compile(r"vbaproject|activex|macrosheets|dialogsheets", re.IGNORECASE)


def rows_of(content: bytes):
    """(row number, cells) of the first sheet, lazily. DomainError where the container or a part is not what it says."""
    parts = _checked(content)
    unreadable = _("This .xlsx file cannot be read. Open it in the spreadsheet, save it again, and bring the new file.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about dates beyond the calendar, which come out as broken cells
            yield from _cells(content, parts)
    except DomainError:
        raise
    except Exception as error:  # whatever a stranger's file makes the library stumble over
        raise DomainError(unreadable) from error


def _checked(content) -> dict[str, bytes]:
    """The names of the parts. Bombs, macros, entities and files of another kind are refused by what is in them."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            names = {member.filename for member in members}
            if len(members) > MAX_PARTS or sum(member.file_size for member in members) > MAX_UNPACKED:
                raise DomainError(
                    _("Unpacked, this file is larger than %(limit)s MB. Split it, or bring it as CSV.")
                    % {"limit": MAX_UNPACKED // 1024 // 1024}
                )
            if any(_MACROS.search(name) for name in names) or _declares_macros(archive, names):
                raise DomainError(_("This file contains macros. Save it as .xlsx (without macros) and bring that."))
            if "xl/workbook.bin" in names or ("mimetype" in names and "xl/workbook.xml" not in names):
                raise DomainError(_("This is another kind of spreadsheet. Save it as .xlsx or as CSV and bring that."))
            if "xl/workbook.xml" not in names and "[Content_Types].xml" not in names:
                raise DomainError(_("This is a ZIP archive, not a spreadsheet. Bring a .csv or .xlsx file."))
            for member in members:  # whatever they are called: the list of content types may make any of them XML
                _refuse_entities(archive, member)
            if sum(archive.read(member).count(b"<") for member in members) > MAX_MARKS:
                raise DomainError(_too_many_cells())
            return {member.filename: b"" for member in members}
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError) as error:
        raise DomainError(
            _("This .xlsx file is damaged or has a password. Save it again and bring the new file.")
        ) from error


def _declares_macros(archive, names):
    return "[Content_Types].xml" in names and b"macroenabled" in archive.read("[Content_Types].xml").lower()


def _too_many_cells():
    return _("This file holds more rows or cells than are read, even if most are blank. Delete the blank ones.")


class _Root(Exception):
    """The first element has come: no document type can follow."""


def _refuse_entities(archive, member):
    """A document type stands before the first element or nowhere: so much is read of every part, in any encoding."""

    def refuse(*args):
        raise DomainError(_("This file declares entities, which no spreadsheet program does. It is not read."))

    def root(*args):
        raise _Root

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    parser.StartElementHandler = root
    with archive.open(member) as part:
        try:
            parser.Parse(part.read(MAX_PROLOG), False)
        except _Root:
            return
        except expat.ExpatError:
            pass  # whether that part is needed, the reading will tell
        else:
            if member.file_size > MAX_PROLOG:
                refuse()


def _cells(content, parts):
    def sheet(data_only):
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=data_only, keep_links=False)
        if not book.worksheets:
            raise DomainError(_("There is no sheet with cells in this file."))
        return book.worksheets[0]

    first = sheet(True)
    first.reset_dimensions()  # what the file claims its size to be is not believed
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        data = archive.read(first._worksheet_path)
    if data.count(b"<row") + data.count(b":row") > LAST_ROW:
        raise DomainError(_too_many_cells())
    uncalculated = _uncalculated(sheet(False)) if _has_formulas(data) else {}
    for number, row in _filled(first):
        last = len(row)
        while last and row[last - 1] is EMPTY_CELL:
            last -= 1
        yield number, [_cell(cell, uncalculated.get((number, place))) for place, cell in enumerate(row[:last])]


def _filled(sheet):
    """(number, cells) of the rows; for a gap of a million the library gives one and the same row again and again."""
    before = None
    for number, row in enumerate(sheet.iter_rows(min_row=1, max_row=LAST_ROW, max_col=MAX_COLUMNS + 1), start=1):
        if row is not before:
            yield number, row
        before = row


def _has_formulas(data):
    return b"<f>" in data or b"<f " in data or b":f" in data


def _uncalculated(sheet):
    """{(row, place): formula} of every formula; the caller asks for those that have no stored value.

    Of no more rows than are read: a file with more of them is refused anyway.
    """
    sheet.reset_dimensions()
    found, rows = {}, 0
    for number, row in _filled(sheet):
        for place, cell in enumerate(row):
            if cell.data_type == "f":
                found[number, place] = str(getattr(cell.value, "text", None) or cell.value)
        rows += any(cell.value is not None for cell in row)
        if rows > MAX_ROWS + 1:
            break
    return found


def _cell(cell, formula):
    value = cell.value
    if value is None or value == "":
        if formula:
            why = _("The cell holds a formula without a stored result. Open the file in the spreadsheet and save it.")
            return Broken(formula[:100], why)
        return ""
    if cell.data_type == "e":
        return Broken(
            str(value), _("The spreadsheet shows an error in this cell. Mend the formula, or type the value.")
        )
    if isinstance(value, bool):
        return str(_("yes") if value else _("no"))
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    if isinstance(value, time | timedelta):
        return str(value)
    if isinstance(value, Number):
        return _number(value, cell.number_format or "")
    return clean_text(str(value))


def _number(value, number_format):
    """The figure with the 15 digits a spreadsheet knows; 19% is 19, and a column of zeros keeps its leading ones."""
    figure = Decimal(value) if isinstance(value, int) else Decimal(f"{value:.15g}")
    if not figure.is_finite():
        return Broken(
            str(value), _("The spreadsheet shows an error in this cell. Mend the formula, or type the value.")
        )
    if "%" in number_format:
        return (figure * 100).normalize()
    whole = figure == figure.to_integral_value()
    if re.fullmatch(r"0{2,}", number_format) and whole and figure >= 0:
        return str(int(figure)).zfill(len(number_format))
    return Decimal(int(figure)) if whole else figure
