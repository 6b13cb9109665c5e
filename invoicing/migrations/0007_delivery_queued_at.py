"""Since when a delivery waits: sent again after a day, it has a day of retries of its own. So far that was when it was made."""

import django.db.models.functions.datetime
from django.db import migrations, models
from django.db.models import F


def forwards(apps, schema_editor):
    delivery = apps.get_model("invoicing", "Delivery")
    delivery.objects.using(schema_editor.connection.alias).update(queued_at=F("created_at"))


class Migration(migrations.Migration):
    dependencies = [("invoicing", "0006_credited_backfill")]
    operations = [
        migrations.AddField(
            model_name="delivery",
            name="queued_at",
            field=models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
        ),
        migrations.RunPython(forwards, migrations.RunPython.noop, elidable=True),
    ]
