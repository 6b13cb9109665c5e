"""A spreadsheet becomes rows of ours: kept as it came, mapped, looked at as often as one likes, then made once.

Each thing is one SheetItem, made in a transaction of its own that claims the item first: a second submit, a second
worker or a run that begins again after a kill makes nothing twice.
"""

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.db.models import Count, Max, Q
from django.utils import translation
from django.utils.translation import gettext as _

from .. import audit, clock, plugins, queue, roles
from ..errors import DomainError
from ..models import SheetImport, SheetItem
from .cells import Table
from .keeping import packed, unpacked
from .kinds import Entry, Kind, Problem, Record, missing, records_of
from .reading import read_table
from .values import Habits, day_orders

logger = logging.getLogger("dunlin.sheets")
AT_ONCE = 200  # more things than this are made by the worker
SECONDS = 60  # a worker stops claiming after so long and rings for itself
SILENT = timedelta(seconds=90)  # nothing made for so long: whoever worked on it is gone
KEPT_PROBLEMS = 5_000


@dataclass
class Plan:
    """What would become of a file as of now."""

    kind: Kind
    table: Table
    mapping: dict[str, int]
    entries: list[Entry]

    @property
    def good(self) -> list[Entry]:
        return [entry for entry in self.entries if entry.is_good]

    @property
    def known(self) -> list[Entry]:
        return [entry for entry in self.entries if entry.known and not entry.problems]

    @property
    def bad(self) -> list[Entry]:
        return [entry for entry in self.entries if entry.problems]

    @property
    def problems(self) -> list[Problem]:
        return sorted((problem for entry in self.entries for problem in entry.problems), key=lambda each: each.row)

    @property
    def bad_rows(self) -> set[int]:
        return {row for entry in self.bad for row in entry.rows}

    @property
    def totals(self) -> dict[str, int]:
        """Minor units a currency of what would be made."""
        sums: dict[str, int] = {}
        for entry in self.good:
            if entry.money:
                currency, minor = entry.money
                sums[currency] = sums.get(currency, 0) + minor
        return dict(sorted(sums.items()))

    @property
    def unused(self) -> list[str]:
        """Heads of the columns nothing is taken from."""
        used = set(self.mapping.values())
        return [head for place, head in enumerate(self.table.header) if head and place not in used]


def kind_of(key: str) -> Kind:
    return plugins.plugin("SHEET_IMPORTS", key)


def bring_in(kind: Kind, *, by, name: str, content: bytes) -> SheetImport:
    """Keep a file for mapping and the dry run. DomainError for one that cannot be read."""
    roles.require(by, kind.act)
    table = packed(read_table(content))
    name = name.encode("utf-8", "replace").decode().replace("\0", "?")[-200:]
    by = by if by.pk else None
    return SheetImport.objects.create(kind=kind.key, name=name, content=content, table=table, by=by)


def table_of(sheet: SheetImport) -> Table:
    return unpacked(bytes(sheet.table))


def map_columns(sheet: SheetImport, *, by, columns: Mapping[str, int], options: Mapping[str, str]) -> SheetImport:
    """Say which of the file's columns (places from 0) is what. DomainError: something needed is missing, a column is
    used twice, or the file is imported already.
    """
    kind = kind_of(sheet.kind)
    roles.require(by, kind.act)
    if lacking := missing(kind, columns):
        raise DomainError(" ".join(lacking))
    if len(set(columns.values())) < len(columns):
        raise DomainError(_("A column of the file is chosen twice. Each can be only one thing."))
    mapping = {"columns": dict(columns), "options": dict(options)}
    if not SheetImport.objects.filter(pk=sheet.pk, started_at=None).update(mapping=mapping):
        raise DomainError(_("This file is imported already. Bring it again to choose other columns."))
    sheet.mapping = mapping
    return sheet


def asks_for_days(kind: Kind, table: Table, columns: Mapping[str, int]) -> bool:
    """Whether a day in one of the chosen columns can be read in two ways."""
    return day_orders(table.rows, [columns[key] for key in kind.day_columns if key in columns])[0]


def plan_sheet(sheet: SheetImport) -> Plan:
    """The dry run as of now. Writes nothing."""
    kind = kind_of(sheet.kind)
    table = table_of(sheet)
    records = _records(sheet, kind, table)
    return Plan(kind, table, sheet.mapping["columns"], kind.plan(records, sheet.mapping["options"]))


def _records(sheet, kind, table) -> list[Record]:
    options = sheet.mapping["options"]
    day_first = {"day": True, "month": False}.get(options.get("days", ""))
    habits = Habits(day_first=day_first, comma=options.get("decimals") == "comma")
    return records_of(kind, table, sheet.mapping["columns"], habits)


def start_import(sheet: SheetImport, *, by, everything: bool) -> None:
    """Make everything that is good: a few at once, many by the worker. A second call does nothing.

    `everything`: refused with DomainError, making nothing, if a row has an error. Refused if there is nothing to make.
    """
    kind = kind_of(sheet.kind)
    roles.require(by, kind.act)
    if SheetImport.objects.filter(pk=sheet.pk).exclude(started_at=None).exists():
        return
    if not sheet.mapping:
        raise DomainError(_("Say first which column is what."))
    plan = plan_sheet(sheet)
    if everything and plan.bad:
        raise DomainError(_("Some rows have errors by now. Look at them, and import the good ones or mend the file."))
    if not plan.good:
        raise DomainError(_("There is nothing in this file that could be imported."))
    problems = [[each.row, each.column, each.value, each.sentence] for each in plan.problems[:KEPT_PROBLEMS]]
    outcome = {
        "known": [[entry.rows[0], entry.label, entry.known, entry.known_pk] for entry in plan.known[:KEPT_PROBLEMS]],
        "known_count": len(plan.known),
        "problems": problems,
        "problem_count": len(plan.problems),
        "bad_rows": sorted(plan.bad_rows),
        "totals": plan.totals,
    }
    with transaction.atomic():
        claimed = SheetImport.objects.filter(pk=sheet.pk, started_at=None).update(
            started_at=clock.now(), by=by if by.pk else None, outcome=outcome
        )
        if not claimed:
            return
        SheetItem.objects.bulk_create(
            [SheetItem(sheet=sheet, first_row=e.rows[0], rows=e.rows, label=e.label[:200]) for e in plan.good],
            batch_size=500,
        )
        after = {
            "file": sheet.name,
            "kind": sheet.kind,
            "things": len(plan.good),
            "rows_with_errors": len(plan.bad_rows),
        }
        audit.record("sheet.import", sheet, by=by, after=after)
        if len(plan.good) > AT_ONCE:
            queue.enqueue("config.common.tasks.carry_sheet", sheet.pk)
    if len(plan.good) <= AT_ONCE:
        carry(sheet.pk, seconds=None)


def carry(pk: int, *, seconds: int | None = SECONDS) -> None:
    """Make what waits of an import that was started, in the name of who started it, one transaction a thing."""
    sheet = SheetImport.objects.select_related("by").defer("content").get(pk=pk)
    waiting = sheet.items.waiting().order_by("first_row")
    if sheet.started_at is None or sheet.finished_at is not None:
        return
    by = sheet.by or roles.SYSTEM
    kind, until = kind_of(sheet.kind), None if seconds is None else time.monotonic() + seconds
    with translation.override(getattr(by, "language", None) or translation.get_language()):
        by_row = {record.row: record for record in _records(sheet, kind, table_of(sheet))}
        for item in waiting:
            if until and time.monotonic() > until:
                queue.enqueue("config.common.tasks.carry_sheet", pk)
                return
            _make(item, sheet, kind, [by_row[row] for row in item.rows if row in by_row], by)
    if not sheet.items.waiting().exists():
        SheetImport.objects.filter(pk=pk, finished_at=None).update(finished_at=clock.now())


def _make(item, sheet, kind, records, by):
    """One thing, looked at afresh: what changed since the dry run is a reason, not a surprise."""
    options = sheet.mapping["options"]
    try:
        with transaction.atomic():
            if not SheetItem.objects.waiting().filter(pk=item.pk).update(made_at=clock.now()):
                return
            entry = kind.plan(records, options)[0]
            if entry.problems:
                raise DomainError(" ".join(dict.fromkeys(problem.sentence for problem in entry.problems)))
            if entry.known:
                raise DomainError(entry.known)
            made = kind.make(entry, by=by, options=options, source=sheet.name)
            SheetItem.objects.filter(pk=item.pk).update(object_id=made.pk)
    except DomainError as refusal:
        SheetItem.objects.waiting().filter(pk=item.pk).update(reason=str(refusal))
    except Exception:
        logger.exception("import %s: row %s", sheet.pk, item.first_row)
        reason = _("Something unexpected happened; the log says more. Bring this row again.")
        SheetItem.objects.waiting().filter(pk=item.pk).update(reason=reason)


def sweep() -> None:
    """Ring for imports on which nobody works any more: the bell was lost, or the worker died."""
    quiet = clock.now() - SILENT
    left = SheetImport.objects.filter(started_at__lt=quiet, finished_at=None).annotate(last=Max("items__made_at"))
    for pk in left.filter(Q(last=None) | Q(last__lt=quiet)).values_list("pk", flat=True):
        queue.enqueue("config.common.tasks.carry_sheet", pk)


def progress_of(sheet: SheetImport) -> dict[str, int]:
    """How many things there are: all, made, refused, done (either of the two) and still waiting."""
    counts = sheet.items.aggregate(
        all=Count("pk"), made=Count("pk", filter=Q(made_at__isnull=False)), refused=Count("pk", filter=~Q(reason=""))
    )
    done = counts["made"] + counts["refused"]
    return {**counts, "done": done, "waiting": counts["all"] - done}
