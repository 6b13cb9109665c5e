"""manage.py import_invoices FILE…: the dry run as text, then the drafts."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from config.common.currency import amount_text
from config.common.roles import SYSTEM
from invoicing.einvoice.xml import MAX_BYTES
from invoicing.services import import_plan, importing


class Command(BaseCommand):
    help = (
        "Import UBL 2.1 invoices and credit notes as drafts. Shows first what would be made; files that ask for a "
        "choice are left for the page Sales invoices → Import. Exit code 1 if a file was refused or left."
    )

    def add_arguments(self, parser):
        parser.add_argument("files", nargs="+", metavar="FILE", type=Path)
        parser.add_argument("--dry-run", action="store_true", help="only show, write nothing")
        parser.add_argument("--yes", action="store_true", help="make the drafts of the good files without asking")

    def handle(self, *, files, dry_run, yes, **options):
        contents = [(path.name, _read(path)) for path in files]
        plan = import_plan.plan_files([importing.file_of(name, content) for name, content in contents])
        self._show(plan)
        failed = any(row.state == import_plan.REFUSED for row in plan.rows) or bool(plan.asking)
        if not dry_run and plan.good and (yes or self._agrees(len(plan.good) - len(plan.asking))):
            run = importing.bring_in(contents, by=SYSTEM)
            outcome = importing.make_drafts(run, by=SYSTEM, answers={}, everything=False)
            self.stdout.write(
                f"{outcome.made} made, {outcome.refused} failed, {outcome.left} left out (import {run.pk})."
            )
            for file in run.files.exclude(outcome=""):
                self.stdout.write(f"{file.name}: {file.outcome}")
            failed = failed or bool(outcome.refused)
        if failed:
            raise SystemExit(1)

    def _agrees(self, count):
        return count > 0 and input(f"Make {count} drafts? [y/N] ").strip().lower() in ("y", "yes")

    def _show(self, plan):
        for seller in plan.strangers:
            self.stdout.write(
                f"The seller {seller} is not this organization; the drafts are made in its name all the same."
            )
        for row in plan.rows:
            self.stdout.write(_line(row))
            for sentence in _sentences(row):
                self.stdout.write(f"    {sentence}")


def _read(path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}") from None


def _line(row) -> str:
    if row.invoice is None:
        return f"{row.state.upper():8}{row.file.name}"
    code = row.invoice.currency
    sums = "  ".join(
        f"{label} {amount_text(getattr(row.draft, name), code)}"
        for label, name in (("net", "net"), ("tax", "tax"), ("total", "total"), ("prepaid", "prepaid"), ("due", "due"))
    )
    who = row.match.customer.name if row.match.customer else row.invoice.buyer.name
    kind = row.draft.kind.replace("_", " ")
    return (
        f"{row.state.upper():8}{row.file.name}: {kind} {row.invoice.number} of {row.invoice.issued_on} for {who} "
        f"({row.match.how_text})  {code} {sums}"
    )


def _sentences(row):
    if row.state == import_plan.TWICE:
        yield f"Here already as {row.same_as_text}; makes nothing."
    yield from row.reasons
    if row.asks_lookalike:
        other = import_plan.known_as(row.lookalike)
        yield f"Looks like {other}: same seller, number and date, other content. Decide on the import page."
    if row.asks_customer:
        yield "It is not certain who the customer is. Choose on the import page."
    if row.is_good and row.draft.kind == "credit_note" and row.corrects_text:
        yield f"Corrects {row.corrects_text}" + (
            "." if row.corrects else "; no single invoice of that number is here: kept as text."
        )
    yield from row.remarks
    if row.kept:
        yield f"Kept with the file only: {', '.join(row.kept)}."
