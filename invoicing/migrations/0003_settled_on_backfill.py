"""When old allocations count from, and since when old invoices are settled: the days the money was received."""

from django.db import migrations
from django.db.models import F, Max, OuterRef, Subquery
from django.db.models.functions import Coalesce

from config.common.guards import lift


def forwards(apps, schema_editor):
    allocation = apps.get_model("invoicing", "Allocation")
    payment = apps.get_model("invoicing", "Payment")
    invoice = apps.get_model("invoicing", "Invoice")
    using = schema_editor.connection.alias
    lift(using, tables=["invoicing_allocation"])  # put back after every migrate, and no start-up without it
    received = payment.objects.filter(pk=OuterRef("payment")).values("received_on")[:1]
    allocation.objects.using(using).filter(on=None).update(on=Subquery(received))
    last = allocation.objects.filter(invoice=OuterRef("pk")).values("invoice").annotate(last=Max("on")).values("last")
    invoice.objects.using(using).filter(status="paid", settled_on=None).update(
        settled_on=Coalesce(Subquery(last), F("issued_on"))
    )


class Migration(migrations.Migration):
    dependencies = [("invoicing", "0002_corrections")]
    operations = [migrations.RunPython(forwards, migrations.RunPython.noop, elidable=True)]
