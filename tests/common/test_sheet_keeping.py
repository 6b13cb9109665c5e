"""A table kept beside its file is the table that was read."""

from datetime import date
from decimal import Decimal

from config.common.sheets.cells import Broken, Row, Table
from config.common.sheets.keeping import packed, unpacked


def test_a_kept_table_comes_back_with_its_types():
    cells = ("2026", Decimal("2026"), Decimal("0.10"), date(2026, 4, 3), Broken("#REF!", "why"), "", "figure")
    table = Table(["ä", ""], [Row(3, cells)])

    assert unpacked(packed(table)) == table
