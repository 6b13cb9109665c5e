"""Import: files are kept as they came, looked at (import_plan), then made into drafts, a transaction each."""

import hashlib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from config.common import audit, clock, roles
from config.common.errors import DomainError, Forbidden, Stale
from customers.models import Customer, Organization
from customers.services.customers import create_customer

from ..einvoice import ubl, xml
from ..models import ImportFile, ImportRun, TaxRate
from . import import_customers, import_plan, matching
from .drafting import draft_invoice
from .import_plan import Plan, Row

NEW, MAKE, LEAVE = "new", "make", "leave"


@dataclass(frozen=True)
class Answer:
    """What a person chose for one file: `customer` is a primary key or "new"; `lookalike` is "make" or "leave"."""

    customer: str = ""
    lookalike: str = ""


@dataclass
class Outcome:
    """How many drafts came of it; `left` are files for which a choice is still missing or was “leave out”."""

    made: int = 0
    refused: int = 0
    left: int = 0


def bring_in(files: Iterable[tuple[str, bytes]], *, by) -> ImportRun:
    """Keep the files (name, bytes) for a dry run; makes no invoice. DomainError where there is none."""
    roles.require(by, "invoice.import")
    rows = [file_of(name, content) for name, content in files]
    if not rows:
        raise DomainError(_("No file was chosen. Choose one or more .xml files."))
    with transaction.atomic():
        run = ImportRun.objects.create(by=by if by.pk else None)
        for row in rows:
            row.run = run
        ImportFile.objects.bulk_create(rows)
    return run


def file_of(name: str, content: bytes) -> ImportFile:
    """An unsaved file with its fingerprint. One beyond the size limit is named but its bytes are not kept."""
    name = name.encode("utf-8", "replace").decode().replace("\0", "?")[-200:]
    sha256 = hashlib.sha256(content).hexdigest()
    if len(content) > xml.MAX_BYTES:
        return ImportFile(name=name, content=b"", sha256=sha256, outcome=xml.too_large())
    with suppress(ubl.Refusal):
        sha256 = xml.fingerprint(xml.parse(content))
    return ImportFile(name=name, content=content, sha256=sha256)


def plan_run(run: ImportRun) -> Plan:
    """The dry run as of now."""
    return import_plan.plan_files(run.files.select_related("invoice__customer").order_by("pk"))


def make_drafts(run: ImportRun, *, by, answers: Mapping[int, Answer], everything: bool) -> Outcome:
    """Make a draft of every good file whose questions are answered; the others stay, each with its reason.

    `everything`: refused with DomainError, making nothing, if something is wrong or unanswered. A file that fails
    when it is made touches no other; one that somebody else is making at this moment is made once.
    """
    roles.require(by, "invoice.import")
    plan = plan_run(run)
    if everything and (plan.wrong or any(not _is_answered(row, answers) for row in plan.asking)):
        raise DomainError(
            _("Not every file can be imported as it is. Answer what is asked, or import only the good ones.")
        )
    outcome, made_customers = Outcome(), {}
    for row in plan.good:
        answer = answers.get(row.file.pk, Answer())
        if not _is_answered(row, answers) or answer.lookalike == LEAVE:
            outcome.left += 1
            continue
        try:
            with transaction.atomic():
                outcome.made += _make(row.file, by, answer, made_customers)
        except Forbidden:
            raise
        except DomainError as refusal:
            outcome.refused += 1
            ImportFile.objects.filter(pk=row.file.pk, made_at=None).update(outcome=str(refusal))
    ImportRun.objects.filter(pk=run.pk).update(finished_at=clock.now())
    return outcome


def _is_answered(row: Row, answers) -> bool:
    answer = answers.get(row.file.pk, Answer())
    if row.asks_lookalike and not answer.lookalike:
        return False
    return answer.lookalike == LEAVE or not row.asks_customer or bool(answer.customer)


def _make(file, by, answer, made_customers) -> int:
    """1 if this call made the draft, 0 if another did. The file is claimed first, so of two only one goes on."""
    if not ImportFile.objects.filter(pk=file.pk, made_at=None).update(made_at=clock.now()):
        return 0
    organization = Organization.objects.current()
    file = ImportFile.objects.get(pk=file.pk)
    file.made_at = None  # to be looked at afresh: files before this one may have brought the customer or the invoice
    row = import_plan.plan_file(file, organization)
    if row.state == import_plan.TWICE:
        raise Stale(_("It is here already, as %(invoice)s.") % {"invoice": row.same_as_text})
    if row.reasons:
        raise DomainError(" ".join(row.reasons))
    if row.lookalike and answer.lookalike != MAKE:
        raise Stale(
            _("It looks like %(invoice)s, which came in meanwhile. Look at it again.")
            % {"invoice": import_plan.known_as(row.lookalike)}
        )
    customer = _customer_for(row, by, answer, made_customers, organization)
    invoice = _draft(row, customer, by)
    try:
        with transaction.atomic():
            ImportFile.objects.filter(pk=file.pk).update(invoice=invoice, outcome="")
    except IntegrityError:
        raise Stale(_("The same file was imported by somebody else at this moment.")) from None
    audit.record(
        "invoice.import",
        invoice,
        by=by,
        after={"file": file.name, "sha256": file.sha256, "source_reference": invoice.source_reference},
    )
    return 1


def _customer_for(row, by, answer, made_customers, organization) -> Customer:
    """The certain match, the chosen one, one made for an earlier file of this run, or a new one."""
    match, buyer = row.match, row.invoice.buyer
    if match.customer:
        return match.customer
    who = matching.identity(buyer)
    if who in made_customers and answer.customer in ("", NEW):
        return made_customers[who]
    if match.asks and answer.customer != NEW:
        chosen = next((option for option in match.options if str(option.pk) == answer.customer), None)
        if chosen is None:
            raise Stale(_("The customers who may be meant have changed. Look at it again and choose."))
        return chosen
    contact = import_customers.contact_fields(buyer.contact)
    made_customers[who] = create_customer(
        by=by,
        contacts=[contact] if contact else [],
        address=import_customers.address_fields(buyer.address),
        **import_customers.customer_fields(buyer, row.invoice.currency, organization),
    )
    return made_customers[who]


def _draft(row, customer, by):
    draft = row.draft
    import_plan.find_preceding(row, customer)
    said = draft.said + [remark for remark in row.remarks if remark not in draft.remarks]
    fields = {
        **draft.fields,
        "corrects": row.corrects,
        "corrects_text": row.corrects_text[:120],
        "internal_note": "\n".join([_("From the file %(name)s:") % {"name": row.file.name}, *said]) if said else "",
    }
    invoice = draft_invoice(
        customer,
        by=by,
        lines=[
            {**_with_rate(line, by), "adjustments": [_with_rate(part, by) for part in line["adjustments"]]}
            for line in draft.lines
        ],
        adjustments=[_with_rate(part, by) for part in draft.adjustments],
        **fields,
    )
    invoice.refresh_from_db()
    made = (invoice.net_total, invoice.tax_total, invoice.total, invoice.prepaid, invoice.amount_due)
    if made != (draft.net, draft.tax, draft.total, draft.prepaid, draft.due):
        raise DomainError(_("The draft would have other totals than the file, so it was not made."))
    return invoice


def _with_rate(row: dict, by) -> dict:
    """The row with the tax rate it names; one that is not here is made, not offered on new lines."""
    if "tax_category" not in row:
        return row
    names = {"category": "tax_category", "percent": "tax_percent"}
    values = {name: row[names.get(name, name)] for name in ("category", "percent", "exemption_text", "exemption_code")}
    rate = TaxRate.objects.filter(**values).order_by("-active", "pk").first()
    if rate is None:
        name = f"{TaxRate(**values).get_category_display()} {values['percent']:f} %"
        rate = TaxRate.objects.create(name=name, active=False, **values)
        audit.record("tax_rate.added", rate, by=by, after={"name": name, **values})
    return {**row, "tax": rate}
