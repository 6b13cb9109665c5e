"""Files that people brought in: looked at first, then made or not."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class ImportRun(models.Model):
    """One upload of one or more files; its dry run can be looked at as often as one likes."""

    by = models.ForeignKey("common.User", models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")

    def __str__(self):
        return f"{self.pk}"


class ImportFile(models.Model):
    """One file as it came, and the draft it became."""

    run = models.ForeignKey(ImportRun, models.CASCADE, related_name="files")
    name = models.CharField(max_length=200)
    content = models.BinaryField()
    sha256 = models.CharField(max_length=64)  # of the canonical XML; of the bytes where it is no XML
    invoice = models.OneToOneField("invoicing.Invoice", models.SET_NULL, null=True, related_name="import_file")
    made_at = models.DateTimeField(null=True)
    outcome = models.TextField(blank=True)

    class Meta:
        verbose_name = _("imported file")
        verbose_name_plural = _("imported files")
        ordering = ["run", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["sha256"], condition=Q(invoice__isnull=False), name="imported_once_while_it_exists"
            )
        ]

    def __str__(self):
        return self.name
