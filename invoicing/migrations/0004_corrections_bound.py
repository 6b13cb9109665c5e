from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('invoicing', '0003_settled_on_backfill'),
    ]

    operations = [
        migrations.AlterField(
            model_name='allocation',
            name='on',
            field=models.DateField(verbose_name='counts from'),
        ),
        migrations.AddConstraint(
            model_name='allocation',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('credit_note', None), ('kind', 'payment'), ('payment__isnull', False)), models.Q(('credit_note__isnull', False), ('kind', 'credit'), ('payment', None)), models.Q(('credit_note', None), ('kind__in', ['bank_charge', 'discount', 'rounding', 'write_off']), models.Q(models.Q(('reason', ''), _negated=True), ('reverses__isnull', False), _connector='OR')), _connector='OR'), name='allocation_has_its_source'),
        ),
        migrations.AddConstraint(
            model_name='invoice',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('settled_on__isnull', False), ('status', 'paid')), models.Q(models.Q(('status', 'paid'), _negated=True), ('settled_on', None)), _connector='OR'), name='invoice_settled_on_iff_paid'),
        ),
    ]
