"""What was heard of a mail after it left: from the provider, from our link or pixel, from a person."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class TrackingEvent(models.Model):
    """One thing that was heard, kept as it came; what it means stands on the delivery as dated facts.

    Append-only, but for `raw`, which is forgotten after a time (services/forgetting.py).
    """

    class Kind(models.TextChoices):
        QUEUED = "queued", _("Taken by the provider")
        SENT = "sent", _("Sent on by the provider")
        DEFERRED = "deferred", _("Delayed")
        DELIVERED = "delivered", _("Delivered")
        REJECTED = "rejected", _("Refused by the provider")
        BOUNCED = "bounced", _("Bounced")
        COMPLAINED = "complained", _("Complained")
        OPENED = "opened", _("Opened")
        CLICKED = "clicked", _("Clicked")
        REPLIED = "replied", _("Replied")
        AUTORESPONDED = "autoresponded", _("Answered by a machine")

    delivery = models.ForeignKey("invoicing.Delivery", models.PROTECT, related_name="events", db_index=False)
    kind = models.CharField(max_length=13, choices=Kind.choices)
    source = models.CharField(max_length=30)  # the provider's name; or link, pixel, mail (a reply), demo, person
    occurred_at = models.DateTimeField()  # as the source says, never later than it was heard
    received_at = models.DateTimeField(db_default=Now())
    is_machine = models.BooleanField(default=False)
    why = models.CharField(max_length=20, blank=True)  # the rule of machines.py that says so
    said = models.CharField(max_length=500, blank=True)  # a server's words, or the beginning of a reply
    dedupe_key = models.CharField(max_length=64, unique=True)
    raw = models.JSONField(null=True)  # at most a few kilobytes, personal data masked

    class Meta:
        verbose_name = _("tracking event")
        verbose_name_plural = _("tracking events")
        indexes = [
            models.Index(fields=["delivery", "occurred_at", "id"], name="tracking_timeline"),
            models.Index(fields=["received_at"], name="tracking_raw_by_age", condition=Q(raw__isnull=False)),
        ]

    def __str__(self):
        return f"{self.delivery_id}: {self.get_kind_display()}"
