"""Opening: the number is drawn and the paper turns to stone, in one short transaction without network or PDF."""

from datetime import date

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from config.common import clock, queue, roles, states
from config.common.errors import DomainError, Stale
from config.common.models import AuditEvent
from customers.models import Organization

from .. import documents, snapshots
from ..models import Invoice
from . import allocating, crediting, numbering
from .completeness import Problem, problems, rows_of
from .drafting import due_date

__all__ = ["Problem", "open_invoice", "problems"]


def open_invoice(invoice, *, by, on: date, version: int | None = None) -> Invoice:
    """draft → open (a total fully prepaid or of 0: → paid). `on` is the day in the organization's time zone.

    Refused with DomainError naming everything that is missing; with Stale when it was opened or changed meanwhile
    (`version`: the draft as it was seen). The number is drawn last, so a rollback anywhere leaves no gap.
    """
    roles.require(by, "invoice.credit" if invoice.is_credit_note else "invoice.open")
    organization = Organization.objects.current()
    keep_logo(organization)
    with transaction.atomic():
        # PostgreSQL holds the row; on SQLite the transaction already holds the database.
        together = [invoice, *filter(None, [invoice.corrects])]
        invoice, *_corrected = allocating.lock_invoices(together, "customer", "template")
        if not invoice.is_draft:
            raise Stale(already_open(invoice))
        if version is not None and version != invoice.version:
            raise Stale(changed_meanwhile())
        rows = rows_of([invoice.pk])[invoice.pk]
        if found := problems(invoice, on=on, seller=organization, rows=rows):
            raise DomainError(" ".join(problem.sentence for problem in found))
        settled = invoice.total == invoice.prepaid
        paper = {
            "seller": snapshots.seller_of(organization),
            "buyer": snapshots.buyer_of(invoice.customer),
            "paper": snapshots.paper_of(invoice, organization),
        }
        counter, seq, number, issued_on = numbering.draw_number(invoice.kind, invoice.issued_on, on=on)
        try:
            states.advance(
                invoice,
                "paid" if settled else "open",
                by=by,
                action="invoice.open",
                after={"number": number, "issued_on": issued_on},
                counter=counter,
                seq=seq,
                number=number,
                opened_at=clock.now(),
                issued_on=issued_on,
                settled_on=issued_on if settled else None,
                due_on=invoice.due_on if invoice.due_typed else due_date(issued_on, invoice.terms_days),
                customer_name=invoice.customer.name,
                **paper,
            )
        except IntegrityError:
            raise DomainError(
                _(
                    "The number %(number)s is taken by another document, because the pattern of the series was "
                    "changed. Choose another pattern in Settings → Number series."
                )
                % {"number": number}
            ) from None
        if invoice.is_credit_note:
            crediting.book_credit(invoice, by=by)
        queue.enqueue("invoicing.tasks.make_pdf", invoice.pk)
    return invoice


def keep_logo(organization):
    """The logo as it is today stays with the paper, under its hash; a template's was kept when it was uploaded."""
    if organization.logo:
        documents.keep_logo(bytes(organization.logo))


def changed_meanwhile() -> str:
    """The draft is no longer the one that was looked at, as a sentence."""
    return _("This draft was changed after you looked at it. Review it and open it again.")


def already_open(invoice) -> str:
    """Who was quicker, as a sentence."""
    event = AuditEvent.objects.for_thread(invoice).filter(action="invoice.open").last()
    return _("%(who)s already opened it, as %(number)s. Nothing was done twice.") % {
        "who": event.actor_name if event else _("Somebody"),
        "number": invoice.number,
    }
