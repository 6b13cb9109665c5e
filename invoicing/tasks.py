"""What the bell rings: fetch the row, call the service."""

from config.common import clock
from config.common.context_vars import source

from .models import BatchOperation, Invoice
from .services import carrying, firing, forgetting, papering, proving, sweeping
from .services.batches import elsewhere, running, stopping


def carry(delivery_pk: int):
    source.set("task")
    carrying.carry_waiting(first=delivery_pk or None)


def make_pdf(invoice_pk: int):
    source.set("task")
    papering.make_paper(Invoice.objects.get(pk=invoice_pk))
    elsewhere.note_done([invoice_pk])


def make_pdfs(*invoice_pks: int):
    source.set("task")
    papering.make_papers(Invoice.objects.filter(pk__in=invoice_pks))


def fire_scheduled():
    source.set("task")
    firing.fire_due(at=clock.database_now())


def run_batches():
    source.set("task")
    running.run_waiting()


def stop_batch(operation_pk: int):
    source.set("task")
    stopping.stop_cancelled(BatchOperation.objects.select_related("asked_by").get(pk=operation_pk))


def forget():
    source.set("task")
    forgetting.forget_raw(at=clock.database_now())


def prove():
    source.set("task")
    proving.prove()


def sweep():
    source.set("task")
    sweeping.sweep()
