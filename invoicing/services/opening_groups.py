"""Opening a group: up to 20 drafts in one transaction, one block of numbers a counter, the events in bulk.

What opening one means stands in opening.py; nothing here decides anything else. A group whose writing fails as a whole
is opened one by one, each in a savepoint of its own, so one refusal touches no other and no number is lost.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django.db import IntegrityError, transaction
from django.db.models import prefetch_related_objects
from django.utils.translation import gettext as _

from config.common import clock, queue, roles, states
from config.common.errors import DomainError
from customers.models import Organization

from .. import snapshots
from ..models import Invoice
from . import numbering, opening
from .completeness import problems, rows_of
from .drafting import due_date

MOST = 20


@dataclass(frozen=True)
class Outcome:
    """What became of one draft of the group: opened (`invoice` as it is now), or `refusal` says why not."""

    pk: int
    invoice: Invoice | None = None
    refusal: str = ""
    field: str = ""  # which one mends it, as in completeness.Problem
    is_late: bool = False  # nothing is wrong with it: somebody else opened or deleted it


def open_invoices(
    invoices, *, by, on: date, versions: Mapping[int, int] | None = None, makes_pdfs: bool = True
) -> list[Outcome]:
    """Open up to 20 drafts in the order of their issue dates; outcomes stand in the order asked for.

    `on` is the day in the organization's time zone, `versions` the drafts as they were seen, by key; without
    `makes_pdfs` whoever sends them makes their PDFs. ValueError for more than 20. Each that cannot be opened says why
    in its outcome and hinders no other; Forbidden where the role may not open at all.
    """
    roles.require(by, "invoice.open")
    pks = [invoice.pk for invoice in invoices]
    if len(pks) > MOST:
        raise ValueError(f"a group is {MOST} at most")
    organization = Organization.objects.current()
    opening.keep_logo(organization)
    with transaction.atomic():
        found, rows = _locked(pks), rows_of(pks)
        seen = versions or {}
        outcomes = {pk: _looked_at(pk, found.get(pk), rows[pk], on, organization, seen.get(pk)) for pk in pks}
        ready = [found[pk] for pk in pks if not outcomes[pk].refusal]
        plain = [invoice for invoice in ready if not invoice.is_credit_note]
        alone = [invoice for invoice in ready if invoice.is_credit_note]  # each also writes what it corrects
        try:
            with transaction.atomic():
                _open_together(plain, by=by, on=on, organization=organization)
                if makes_pdfs and plain:
                    queue.enqueue("invoicing.tasks.make_pdfs", *(invoice.pk for invoice in plain))
        except (DomainError, IntegrityError):  # no series, a number taken, a row that changed: each says so itself
            alone = [Invoice.objects.get(pk=invoice.pk) for invoice in ready]
        else:
            outcomes |= {invoice.pk: Outcome(invoice.pk, invoice) for invoice in plain}
        alone.sort(key=lambda invoice: (invoice.issued_on or on, invoice.pk))
        outcomes |= {invoice.pk: _open_alone(invoice, by=by, on=on) for invoice in alone}
    return [outcomes[pk] for pk in pks]


def _locked(pks) -> dict[int, Invoice]:
    """The drafts with their customers and templates; held, like what they correct, in the order of their keys."""
    corrected = Invoice.objects.filter(pk__in=pks, corrects__isnull=False).values_list("corrects", flat=True)
    rows = Invoice.objects.select_for_update(of=("self",)).select_related("customer", "template")
    rows = rows.prefetch_related("template__texts").filter(pk__in=[*pks, *corrected])
    return {row.pk: row for row in rows.order_by("pk")}


def _looked_at(pk, invoice, rows, on, organization, version) -> Outcome:
    if invoice is None:
        return Outcome(pk, refusal=_("This draft was deleted meanwhile."), is_late=True)
    if not invoice.is_draft:
        return Outcome(pk, refusal=opening.already_open(invoice), is_late=True)
    if version is not None and version != invoice.version:
        return Outcome(pk, refusal=opening.changed_meanwhile(), field="draft")
    found = problems(invoice, on=on, seller=organization, rows=rows)
    return Outcome(pk, refusal=" ".join(each.sentence for each in found), field=found[0].field if found else "")


def _open_together(invoices, *, by, on, organization):
    """The numbers last of all locks, then one UPDATE and the events; Stale or IntegrityError where that cannot be."""
    prefetch_related_objects([organization], "bank_accounts")
    seller = snapshots.seller_of(organization)
    billing = snapshots.billing_addresses({invoice.customer_id for invoice in invoices})
    papers = {
        invoice.pk: {
            "seller": seller,
            "buyer": snapshots.buyer_of(invoice.customer, billing[invoice.customer_id]),
            "paper": snapshots.paper_of(invoice, organization),
        }
        for invoice in invoices
    }
    moves = []
    for kind in sorted({invoice.kind for invoice in invoices}):
        same = [invoice for invoice in invoices if invoice.kind == kind]
        drawn = numbering.draw_block(kind, [invoice.issued_on for invoice in same], on=on)
        at = clock.now()  # with the counter held: whoever draws the next number opens later
        moves += [_move(each, *numbered, at, papers[each.pk]) for each, numbered in zip(same, drawn, strict=True)]
    states.advance_group(moves, by=by, action="invoice.open")


def _move(invoice, counter, seq, number, issued_on, at, paper) -> states.Move:
    settled = invoice.total == invoice.prepaid
    return states.Move(
        invoice,
        "paid" if settled else "open",
        fields={
            "counter": counter,
            "seq": seq,
            "number": number,
            "opened_at": at,
            "issued_on": issued_on,
            "settled_on": issued_on if settled else None,
            "due_on": invoice.due_on if invoice.due_typed else due_date(issued_on, invoice.terms_days),
            "customer_name": invoice.customer.name,
            **paper,
        },
        after={"number": number, "issued_on": issued_on},
    )


def _open_alone(invoice, *, by, on) -> Outcome:
    try:
        return Outcome(invoice.pk, opening.open_invoice(invoice, by=by, on=on))
    except DomainError as refusal:
        return Outcome(invoice.pk, refusal=str(refusal))
