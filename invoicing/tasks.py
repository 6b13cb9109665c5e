"""What the bell rings: fetch the row, call the service."""

from config.common.context_vars import source

from . import documents
from .models import Invoice
from .services import carrying, sweeping


def carry(delivery_pk: int):
    source.set("task")
    carrying.carry_waiting(first=delivery_pk or None)


def make_pdf(invoice_pk: int):
    source.set("task")
    documents.ensure_pdf(Invoice.objects.get(pk=invoice_pk))


def sweep():
    source.set("task")
    sweeping.sweep()
