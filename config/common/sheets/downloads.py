"""What people take away: the template to fill in, and the rows with errors to mend and bring again."""

from io import BytesIO

from django.http import HttpResponse
from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter

from ..exports import XLSX, csv_response, xlsx_response
from ..models import SheetImport
from .cells import Broken
from .importing import plan_sheet, table_of
from .kinds import Kind

FORMATS = ("csv", "xlsx")


def template_response(kind: Kind, format: str):
    """A header, two example rows, and in an XLSX file a sheet that explains each column."""
    heads = [str(column.label) for column in kind.columns]
    rows = [[column.examples[n] for column in kind.columns] for n in (0, 1)]
    name = f"{kind.key}-{_('template')}"
    if format == "csv":
        return csv_response(name, heads, rows)
    book = Workbook()
    sheet = book.active
    sheet.title = kind.key
    for line in (heads, *rows):
        sheet.append(line)
    notes = book.create_sheet(str(_("Explanations"))[:31])
    notes.append([_("Column"), _("Needed"), _("What it holds")])
    alone = {keys[0] for keys in kind.needs if len(keys) == 1}
    one_of = {key for keys in kind.needs if len(keys) > 1 for key in keys}
    for column in kind.columns:
        needed = _("yes") if column.key in alone else _("one of these") if column.key in one_of else ""
        notes.append([str(column.label), needed, str(column.hint)])
    for page in (sheet, notes):
        page.freeze_panes = "A2"
        for cell in page[1]:
            cell.font = Font(bold=True)
        for place, cells in enumerate(page.columns, start=1):
            longest = max(len(str(cell.value or "")) for cell in cells)
            page.column_dimensions[get_column_letter(place)].width = min(max(longest + 2, 10), 60)
    for row in notes.iter_rows(min_row=2):
        row[2].alignment = Alignment(wrap_text=True, vertical="top")
    for row in (*sheet.iter_rows(), *notes.iter_rows()):
        for cell in row:
            if isinstance(cell.value, str):
                cell.data_type = "s"
    file = BytesIO()
    book.save(file)
    response = HttpResponse(file.getvalue(), content_type=XLSX)
    response["Content-Disposition"] = f'attachment; filename="{name}.xlsx"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


def bad_rows_response(sheet: SheetImport, format: str):
    """The file's own rows that were not or cannot be imported, each with what is wrong in a last column.

    Rows that belong together come together, also those of them that have no error themselves.
    """
    table = table_of(sheet)
    reasons = _reasons_after(sheet) if sheet.started_at else _reasons_before(sheet)
    last = str(_("What is wrong"))
    keep = [place for place, head in enumerate(table.header) if head != last]
    heads = [*(table.header[place] for place in keep), last]
    rows = (
        [*(_plain(row.cells[place]) for place in keep), reasons[row.number]]
        for row in table.rows
        if row.number in reasons
    )
    name = f"{sheet.kind}-{_('to-mend')}-{sheet.pk}"
    return (xlsx_response if format == "xlsx" else csv_response)(name, heads, rows)


def _plain(cell):
    return cell.text if isinstance(cell, Broken) else cell


def _reasons_before(sheet) -> dict[int, str]:
    plan = plan_sheet(sheet)
    return _joined(plan.bad_rows, [(p.row, p.column, p.sentence) for p in plan.problems])


def _reasons_after(sheet) -> dict[int, str]:
    kept = sheet.outcome
    reasons = _joined(kept["bad_rows"], [(row, column, sentence) for row, column, _value, sentence in kept["problems"]])
    for item in sheet.items.exclude(reason=""):
        reasons |= dict.fromkeys(item.rows, item.reason)
    return reasons


def _joined(rows, problems) -> dict[int, str]:
    said: dict[int, list[str]] = {row: [] for row in rows}
    for row, column, sentence in problems:
        said.setdefault(row, []).append(_("%(column)s: %(sentence)s") % {"column": column, "sentence": sentence})
    with_others = _("Another row of the same group has an error.")
    return {row: " ".join(sentences) or with_others for row, sentences in said.items()}
