"""What opened credit notes had credited before invoices counted it: re-added from the notes, never above the total."""

from django.db import migrations
from django.db.models import F, OuterRef, Subquery, Sum
from django.db.models.functions import Least


def forwards(apps, schema_editor):
    invoice = apps.get_model("invoicing", "Invoice")
    using = schema_editor.connection.alias
    notes = invoice.objects.using(using).filter(kind="credit_note", status__in=["open", "paid"], corrects__isnull=False)
    credited = notes.filter(corrects=OuterRef("pk")).order_by().values("corrects").annotate(n=Sum("total")).values("n")
    rows = invoice.objects.using(using).filter(pk__in=notes.values("corrects"), kind__in=["invoice", "claim"])
    rows.update(credited=Least(F("total"), Subquery(credited)))


class Migration(migrations.Migration):
    dependencies = [("invoicing", "0005_bounded_lists")]
    operations = [migrations.RunPython(forwards, migrations.RunPython.noop, elidable=True)]
