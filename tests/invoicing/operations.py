"""Batch operations that have ended, the way they end."""

from invoicing.models import BatchOperation
from tests import factories


def with_one_failed(worker, *, by, sound=2, **wishes) -> BatchOperation:
    """Failed: `sound` drafts were opened and sent, one has a customer without an address."""
    buyer = factories.customer()
    silent = factories.draft(factories.customer("Silent Ltd", email=""))
    drafts = [factories.draft(buyer) for _n in range(sound)]
    return _ended(worker, factories.operation(silent, *drafts, by=by, **{"send_email": True, **wishes}))


def completed(worker, *invoices, by, **wishes) -> BatchOperation:
    """Carried out: two drafts that were opened, where no others are given."""
    chosen = invoices or (factories.draft(), factories.draft())
    return _ended(worker, factories.operation(*chosen, by=by, **wishes))


def _ended(worker, operation):
    worker()
    operation.refresh_from_db()
    return operation
