"""What a table of cells is, and how much of one is taken."""

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

MAX_BYTES = 10 * 1024 * 1024
MAX_ROWS = 20_000
MAX_COLUMNS = 100
MAX_CELL = 5_000  # characters
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True)
class Broken:
    """A cell that holds nothing one could import, and why, in a sentence."""

    text: str
    why: str

    def __str__(self):
        return self.text


Cell = str | Decimal | date | Broken  # "" where it is empty


@dataclass(frozen=True)
class Row:
    number: int  # as the spreadsheet shows it
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Table:
    header: list[str]
    rows: list[Row]


def clean_text(text: str) -> str:
    """Without what no database, paper or XML takes, and without spaces around it."""
    return _CONTROL.sub("", text).replace("\r\n", "\n").replace("\r", "\n").strip(" \t\n\N{NO-BREAK SPACE}")
