"""The demo's mail server: a table that people can read."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class OutboxMessage(models.Model):
    """A message as it would have gone over the wire (RFC 5322 bytes). Nothing here ever left the machine."""

    message_id = models.CharField(max_length=200)
    sender = models.CharField(max_length=320)
    recipients = models.TextField()  # readable, comma-separated
    subject = models.CharField(max_length=250)
    raw = models.BinaryField()
    at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("outbox message")
        verbose_name_plural = _("outbox messages")
        indexes = [models.Index(fields=["message_id"], name="outbox_by_message_id")]

    def __str__(self):
        return self.subject
