"""A table as it was read, kept small beside its file: reading a large XLSX file again for every page takes seconds."""

import json
import zlib
from datetime import date
from decimal import Decimal

from .cells import Broken, Cell, Row, Table


def packed(table: Table) -> bytes:
    rows = [[row.number, *map(_out, row.cells)] for row in table.rows]
    return zlib.compress(json.dumps([table.header, rows], ensure_ascii=False, separators=(",", ":")).encode(), 1)


def unpacked(content: bytes) -> Table:
    header, rows = json.loads(zlib.decompress(content))
    return Table(header, [Row(number, tuple(map(_in, cells))) for number, *cells in rows])


def _out(cell: Cell):
    """Text as it is; everything else as a pair or more, so that 2026 the figure is not “2026” the text."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, Broken):
        return ["broken", cell.text, cell.why]
    return ["figure", str(cell)] if isinstance(cell, Decimal) else ["day", cell.isoformat()]


def _in(value) -> Cell:
    if isinstance(value, str):
        return value
    kind, *parts = value
    if kind == "broken":
        return Broken(*parts)
    return Decimal(parts[0]) if kind == "figure" else date.fromisoformat(parts[0])
