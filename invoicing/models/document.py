"""Stored files: made once, kept with their hash, never made again."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class Document(models.Model):
    """A file of an opened invoice (PDF, later XML). The path is the hash of its bytes; rows are append-only."""

    class Format(models.TextChoices):
        PDF = "pdf", _("PDF")
        XML = "xml", _("XML")

    invoice = models.ForeignKey("invoicing.Invoice", models.PROTECT, related_name="documents")
    format = models.CharField(max_length=3, choices=Format.choices)
    language = models.CharField(max_length=10)
    name = models.CharField(max_length=120)  # as the customer sees it: INV-2026-00001.pdf
    path = models.CharField(max_length=120)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveIntegerField()
    warnings = models.JSONField(default=list)  # sentences for the people of the back office
    made_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("document")
        verbose_name_plural = _("documents")
        constraints = [
            models.UniqueConstraint(fields=["invoice", "format", "language"], name="document_once"),
        ]

    def __str__(self):
        return self.name
