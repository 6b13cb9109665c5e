"""Which invoices are in an operation that is still running, said so that people find it."""

from django.utils.translation import gettext as _

from ...models import BatchItem


def running(invoices: list[int], *, but=None) -> dict[int, str]:
    """For each of these invoices (keys) that another running operation holds, the sentence that says which."""
    rows = BatchItem.objects.unfinished().filter(invoice__in=invoices).select_related("operation__asked_by")
    if but is not None:
        rows = rows.exclude(operation=but)
    return {
        row.invoice_id: _("It is in %(operation)s already, which %(who)s started.")
        % {"operation": row.operation, "who": row.operation.asked_by}
        for row in rows
    }
