"""The paper of an opened invoice, made in the background: once, and where it cannot be made, told once."""

from datetime import timedelta

from django.db.models import Exists, OuterRef

from config.common import audit
from config.common.models import AuditEvent
from config.common.roles import SYSTEM

from .. import documents
from ..models import DeliveryDocument, Invoice

FAILED = "invoice.paper_failed"
LOOK_BACK = timedelta(days=2)


def make_paper(invoice: Invoice) -> None:
    """Make and store the PDF. Where that fails the invoice's timeline says why, and nobody rings for it again:

    a page that took the renderer a minute would take it every minute. Whoever looks at it or sends it tries anew.
    """
    try:
        documents.ensure_pdf(invoice)
    except documents.RenderFailure as failure:
        audit.record(FAILED, invoice, by=SYSTEM, reason=str(failure))


def make_papers(invoices) -> None:
    """The same for a group, one after the other."""
    for invoice in invoices:
        make_paper(invoice)


def unmade(*, at):
    """Invoices opened of late whose PDF nobody has made, nor failed to make, nor makes with a mail that waits."""
    mail = DeliveryDocument.objects.filter(invoice=OuterRef("pk"), live=True)
    told = AuditEvent.objects.filter(object_type="invoice", object_id=OuterRef("pk"), action=FAILED)
    return Invoice.objects.filter(~Exists(told), ~Exists(mail), opened_at__gte=at - LOOK_BACK, documents=None)
