"""Exactly the filtered rows as CSV or Excel, safe to open in a spreadsheet.

A cell is text, a whole number, an amount or rate (Decimal: it keeps its own digits), a day, a moment, or nothing.
Moments are written in the reader's time zone, which the head of the column names (`moment`).
"""

import csv
import logging
import re
from copy import copy
from datetime import date, datetime
from decimal import Decimal
from itertools import chain, islice
from tempfile import SpooledTemporaryFile

from django.http import FileResponse, StreamingHttpResponse
from django.utils import timezone
from django.utils.functional import lazy
from django.utils.http import content_disposition_header
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from .errors import DomainError

logger = logging.getLogger("dunlin.exports")

# A cell that begins so would be run as a formula (OWASP, CSV injection).
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\0")
_NOT_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")

_NOT_IN_TITLES = re.compile(r"[\[\]:*?/\\]")

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_ROWS = 1_048_575  # what a sheet of Excel holds under its row of heads
_MOST_TEXT = 32_767  # characters in a cell of Excel
_IN_MEMORY = 2 * 1024 * 1024
_LOOKED_AT = 100  # rows that decide how wide the columns are
_DAY, _MOMENT = "mm-dd-yy", "m/d/yy h:mm"  # Excel's names for "as the reader's country writes it"


def moment(label):
    """The head of a column of moments: the label with the reader's time zone."""
    return format_lazy("{} ({})", label, lazy(timezone.get_current_timezone_name, str)())


def is_asked(request) -> bool:
    """Whether the address asks for a file."""
    return request.GET.get("format") in FORMATS


def export_response(request, name: str, headers: list, rows):
    """The download that `?format=` asks for, "csv" or "xlsx". Who took what is in the log, filters by name only."""
    kind = request.GET.get("format")
    filters = ", ".join(sorted(key for key in request.GET if key != "format")) or "none"
    logger.info("export: %s as %s by user %s, filters: %.200s", name, kind, request.user.pk, ascii(filters))
    return FORMATS[kind](name, [str(header) for header in headers], rows)


# --- CSV ------------------------------------------------------------------------------------------------------


def safe_cell(value, zone=None) -> str:
    """The text of a cell; one that a spreadsheet would run gets a leading apostrophe. Numbers stay numbers."""
    if isinstance(value, datetime):
        return timezone.localtime(value, zone).isoformat(timespec="seconds")
    text = "" if value is None else str(value)
    return "'" + text if not isinstance(value, int | Decimal | date) and _would_run(text) else text


class _Echo:
    def write(self, value):
        return value


def csv_response(name: str, headers: list[str], rows) -> StreamingHttpResponse:
    """Stream rows (iterables of cells) as a download; a byte order mark makes spreadsheets read it as UTF-8."""
    writer = csv.writer(_Echo(), quoting=csv.QUOTE_ALL)  # where semicolons separate, one inside begins no cell
    zone = timezone.get_current_timezone()  # the rows are read when nobody's zone is in force any more

    def lines():
        yield "\ufeff" + writer.writerow([safe_cell(str(header)) for header in headers])
        for row in rows:
            yield writer.writerow([safe_cell(cell, zone) for cell in row])

    response = StreamingHttpResponse(lines(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = content_disposition_header(True, f"{name}.csv")
    response["X-Content-Type-Options"] = "nosniff"
    return response


# --- Excel ----------------------------------------------------------------------------------------------------


def xlsx_response(name: str, headers: list[str], rows) -> FileResponse:
    """Rows as one sheet under a bold row of heads that stays in sight; text is never a formula.

    Written row by row to a temporary file. DomainError where there are more rows than a sheet holds.
    """
    book = Workbook(write_only=True)
    sheet = book.create_sheet(_NOT_IN_TITLES.sub("-", name)[:31])
    try:
        _fill(sheet, headers, iter(rows))
    except BaseException:
        if sheet._writer:
            sheet.close()
            sheet._writer.cleanup()  # the file openpyxl keeps beside it until it is saved
        raise
    file = SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - the response closes it
    book.save(file)
    file.seek(0)
    response = FileResponse(file, as_attachment=True, filename=f"{name}.xlsx", content_type=XLSX)
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _fill(sheet, headers, rows):
    styles = _Styles(sheet)
    first = list(islice(rows, _LOOKED_AT))
    for n, header in enumerate(headers):
        widest = max((len(_shown(row[n])) for row in first), default=0)
        sheet.column_dimensions[get_column_letter(n + 1)].width = min(max(len(header), widest, 8) + 2, 60)
    sheet.freeze_panes = "A2"
    sheet.append([styles.head(header) for header in headers])
    count = 0
    for row in chain(first, rows):
        count += 1
        if count > MOST_ROWS:
            raise DomainError(
                _(
                    "An Excel sheet holds %(n)s rows and this list has more. "
                    "Narrow it down with a filter, or export it as CSV."
                )
                % {"n": f"{MOST_ROWS:,}"}
            )
        sheet.append([styles.cell(value) for value in row])
    if headers:
        sheet.auto_filter.ref = f"A1:{get_column_letter(len(headers))}{count + 1}"


class _Styles:
    """Cells of one sheet; each look is worked out once."""

    def __init__(self, sheet):
        self.sheet, self._looks = sheet, {}

    def head(self, text):
        cell = self._text(text)
        cell.font = Font(bold=True)
        return cell

    def cell(self, value):
        if value is None or value == "":
            return None
        if isinstance(value, bool):
            return self._typed(value, "General")
        if isinstance(value, Decimal):
            places = -int(value.as_tuple().exponent)
            return self._typed(value, f"#,##0.{'0' * places}" if places > 0 else "#,##0")
        if isinstance(value, int):
            return self._typed(value, "0")
        if isinstance(value, datetime):
            return self._typed(timezone.localtime(value).replace(tzinfo=None, microsecond=0), _MOMENT)
        if isinstance(value, date):
            return self._typed(value, _DAY)
        return self._text(str(value))

    def _typed(self, value, number_format):
        cell = WriteOnlyCell(self.sheet, value)
        self._look(cell, number_format, lambda: setattr(cell, "number_format", number_format))
        return cell

    def _text(self, text):
        runs, text = _would_run(text), _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)
        cell = WriteOnlyCell(self.sheet, text if len(text) <= _MOST_TEXT else text[: _MOST_TEXT - 1] + "…")
        cell.data_type = "s"  # openpyxl would make a formula of what begins with =, an error of #N/A
        if runs:  # as if typed with an apostrophe before it: text it stays when somebody edits the cell
            self._look(cell, "quoted", lambda: setattr(cell, "quotePrefix", True))
        return cell

    def _look(self, cell, key, make):
        if key in self._looks:
            cell._style = copy(self._looks[key])
        else:
            make()
            self._looks[key] = copy(cell._style)


def _would_run(text: str) -> bool:
    return text.lstrip(" ").startswith(_FORMULA_STARTS)


def _shown(value) -> str:
    return "0000-00-00 00:00" if isinstance(value, datetime) else str("" if value is None else value)


FORMATS = {"csv": csv_response, "xlsx": xlsx_response}
