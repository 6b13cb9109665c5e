"""What was tried: one row a try at a delivery, how it ended and what was answered."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from .delivery import Delivery


class Attempt(models.Model):
    """One try at a delivery, written when it ends (or when its worker is found dead). Append-only."""

    class Result(models.TextChoices):
        OK = "ok", _("Accepted")
        TEMPORARY = "temporary", _("Refused for now")
        PERMANENT = "permanent", _("Refused")
        RATE_LIMITED = "rate", _("Asked to slow down")
        CONFIG = "config", _("Set-up problem")
        CRASHED = "crashed", _("Worker died")
        UNKNOWN = "unknown", _("Outcome unknown")

    delivery = models.ForeignKey(Delivery, models.PROTECT, related_name="attempts")
    n = models.PositiveSmallIntegerField()
    fence = models.PositiveIntegerField()
    worker = models.CharField(max_length=80)
    recipient = models.CharField(max_length=254, blank=True)
    started_at = models.DateTimeField()
    wire_started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(db_default=Now())
    result = models.CharField(max_length=9, choices=Result.choices)
    code = models.CharField(max_length=20, blank=True)
    text = models.CharField(max_length=500, blank=True)

    class Meta:
        verbose_name = _("attempt")
        verbose_name_plural = _("attempts")
        ordering = ["delivery", "n"]
        constraints = [models.UniqueConstraint(fields=["delivery", "fence"], name="one_attempt_a_fence")]

    def __str__(self):
        return f"{self.delivery_id}/{self.n}"
