"""What can be imported from a spreadsheet: its columns, what one row group becomes, and how it is made.

Each app registers its kind in settings.SHEET_IMPORTS, in the shape of Django's own CACHES.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, ClassVar

from django.utils.translation import gettext as _
from openpyxl.utils import get_column_letter

from .cells import Broken, Cell, Row, Table
from .values import Habits, Reader, Unreadable, simple


@dataclass(frozen=True)
class Column:
    """One thing a row can say. `names`: other heads under which files have it, in any language."""

    key: str
    label: Any
    read: Reader
    names: tuple[str, ...] = ()
    hint: Any = ""
    examples: tuple[Any, Any] = ("", "")  # the two rows of the template


@dataclass(frozen=True)
class Problem:
    """Why a row cannot be imported; `column` and `value` are what to look for in the spreadsheet."""

    row: int
    column: str
    value: str
    sentence: str


@dataclass
class Record:
    """A row as it was understood: {key: value} of the columns that are mapped and not empty."""

    row: int
    values: dict[str, Any]
    cells: dict[str, Cell]
    problems: list[Problem]
    places: Mapping[str, int] = field(default_factory=dict)  # {key: place of the file's column}

    def problem(self, column: Column, sentence: str) -> Problem:
        """With our word for the column and, where the file has it, its letter there."""
        words = str(column.label)
        if column.key in self.places:
            letter = get_column_letter(self.places[column.key] + 1)
            words = _("%(label)s (column %(letter)s)") % {"label": words, "letter": letter}
        return Problem(self.row, words, shown(self.cells.get(column.key, "")), sentence)


@dataclass
class Entry:
    """What one row, or a group of rows, would become."""

    rows: list[int]
    label: str
    problems: list[Problem] = field(default_factory=list)
    known: str = ""  # a sentence: it is here already, there is nothing to do
    known_pk: int | None = None
    cells: tuple[Any, ...] = ()  # as `Kind.preview` names them; the last is money where `money` is given
    money: tuple[str, int] | None = None  # currency, minor units
    data: Any = None  # for make()

    @property
    def is_good(self) -> bool:
        return not self.problems and not self.known

    def to_show(self) -> list[dict[str, Any]]:
        """The cells for a template: text, a day, or money."""
        return [
            {"minor": cell[1], "currency": cell[0]}
            if isinstance(cell, tuple)
            else {"day": cell}
            if isinstance(cell, date)
            else {"text": cell}
            for cell in self.cells
        ]


class Kind:
    """A subclass a kind. It holds no state: plan() looks, make() writes, through the services of its app."""

    key: ClassVar[str]
    act: ClassVar[str]
    url: ClassVar[str]  # name of the address of one that was made
    list_url: ClassVar[str]  # of the list, which `?imported=` narrows to an import
    columns: ClassVar[list[Column]]
    needs: ClassVar[list[tuple[str, ...]]]  # of each at least one is to be mapped
    day_columns: ClassVar[frozenset[str]] = frozenset()
    preview: ClassVar[list[tuple[Any, str]]]  # (head, class of the cell)

    def option_fields(self) -> dict:
        """Form fields of what else a person chooses, with the columns."""
        return {}

    def plan(self, records: list[Record], options: Mapping) -> list[Entry]:
        raise NotImplementedError

    def make(self, entry: Entry, *, by, options: Mapping, source: str):
        """Make it; in a transaction, right after plan() found it good. DomainError where a rule says no after all."""
        raise NotImplementedError

    def column(self, key: str) -> Column:
        return next(column for column in self.columns if column.key == key)


def shown(cell: Cell) -> str:
    return cell.text if isinstance(cell, Broken) else str(cell)[:200]


def guess(kind: Kind, header: list[str]) -> dict[str, int]:
    """{key: place of the file's column} by the words of the header; each column is used once."""
    found: dict[str, int] = {}
    heads = [simple(re.sub(r"\(.*?\)|\[.*?\]", "", head)) or simple(head) for head in header]
    for exact in (True, False):
        for column in kind.columns:
            if column.key in found:
                continue
            names = [simple(name) for name in (column.key, str(column.label), *column.names)]
            for name in names:
                fits = [
                    place
                    for place, head in enumerate(heads)
                    if head and place not in found.values() and (head == name if exact else _nearly(head, name))
                ]
                if fits:
                    found[column.key] = fits[0]
                    break
    return found


def _nearly(head, name):
    """invoicenumber1 or ourcustomername: the known word and little more."""
    return len(name) >= 6 and len(head) <= len(name) + 4 and (head.startswith(name) or head.endswith(name))


def missing(kind: Kind, columns: Iterable[str]) -> list[str]:
    """A sentence for each need that no mapped column fills."""
    columns = set(columns)
    sentences = []
    for keys in kind.needs:
        if not columns & set(keys):
            labels = [str(kind.column(key).label) for key in keys]
            sentences.append(
                _("Say which column holds “%(label)s”.") % {"label": labels[0]}
                if len(labels) == 1
                else _("Say which column holds at least one of these: %(labels)s.") % {"labels": ", ".join(labels)}
            )
    return sentences


def records_of(kind: Kind, table: Table, mapping: Mapping[str, int], habits: Habits) -> list[Record]:
    """Every row, read; rows whose mapped cells are all empty are nobody's."""
    columns = [(column, mapping[column.key]) for column in kind.columns if column.key in mapping]
    return [record for row in table.rows if (record := _record(row, columns, habits, mapping)).cells]


def _record(row: Row, columns, habits, places) -> Record:
    record = Record(row.number, {}, {}, [], places)
    for column, place in columns:
        cell = row.cells[place] if place < len(row.cells) else ""
        if cell == "":
            continue
        record.cells[column.key] = cell
        try:
            value = column.read(cell, habits)
        except Unreadable as error:
            record.problems.append(record.problem(column, str(error)))
        else:
            if value is not None:
                record.values[column.key] = value
    return record


def together(kind: Kind, records: list[Record], apart: Iterable[str]) -> tuple[dict[str, Any], list[Problem]]:
    """What rows of one group say of the whole, and a problem for each two that say it differently.

    `apart` are the columns in which each row speaks for itself.
    """
    values: dict[str, Any] = {}
    said_in: dict[str, int] = {}
    problems = []
    for column in kind.columns:
        if column.key in apart:
            continue
        for record in records:
            if column.key not in record.values:
                continue
            value = record.values[column.key]
            if column.key not in values:
                values[column.key], said_in[column.key] = value, record.row
            elif values[column.key] != value:
                sentence = _(
                    "Row %(other)s says something else here: “%(value)s”. Rows that belong together must agree."
                )
                first = next(each for each in records if each.row == said_in[column.key])
                problems.append(
                    record.problem(
                        column, sentence % {"other": first.row, "value": shown(first.cells[column.key])[:60]}
                    )
                )
                break
    return values, problems
