"""CSV of exactly the filtered rows, safe to open in a spreadsheet."""

import csv

from django.http import StreamingHttpResponse

# A cell that begins so would be run as a formula (OWASP, CSV injection).
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\0")


def safe_cell(value) -> str:
    """The text of a cell; one that a spreadsheet would run gets a leading apostrophe. Numbers stay numbers."""
    text = "" if value is None else str(value)
    if isinstance(value, str) and text.lstrip(" ").startswith(_FORMULA_STARTS):
        return "'" + text
    return text


class _Echo:
    def write(self, value):
        return value


def csv_response(name: str, headers: list[str], rows) -> StreamingHttpResponse:
    """Stream rows (iterables of cells) as a download; a byte order mark makes spreadsheets read it as UTF-8."""
    writer = csv.writer(_Echo(), quoting=csv.QUOTE_ALL)  # where semicolons separate, one inside begins no cell

    def lines():
        yield "\ufeff" + writer.writerow([safe_cell(str(header)) for header in headers])
        for row in rows:
            yield writer.writerow([safe_cell(cell) for cell in row])

    response = StreamingHttpResponse(lines(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    response["X-Content-Type-Options"] = "nosniff"
    return response
