"""Deliveries: one message to one recipient by one channel, and what it carries."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from ..wall_time import WallTime
from .delivery_facts import PROBLEM, UNOPENED, DeliveryDocumentQuerySet, DeliveryQuerySet


class Delivery(models.Model):
    """One message. `status` is what we did; delivered, bounced, opened, clicked are dated facts beside it.

    Every row left waiting has an owner: the worker that holds its lease, the minute sweeper, or a person.
    """

    class Kind(models.TextChoices):
        INVOICE = "invoice", _("Invoice")
        REMINDER = "reminder", _("Reminder")
        RECEIPT = "receipt", _("Receipt")
        STATEMENT = "statement", _("Statement")
        NOTICE = "notice", _("Notice")

    class Role(models.TextChoices):
        TO = "to", _("To")
        CC = "cc", _("CC")
        COPY = "copy", _("Copy")

    class Status(models.TextChoices):
        SCHEDULED = "scheduled", _("Scheduled")
        QUEUED = "queued", _("Queued")
        SENDING = "sending", _("Sending")
        RETRYING = "retrying", _("Still trying")
        SENT = "sent", _("Sent")
        FAILED = "failed", _("Failed")
        UNKNOWN = "unknown", _("Outcome unknown")
        CANCELLED = "cancelled", _("Cancelled")

    TRANSITIONS = {
        "scheduled": {"queued", "failed", "cancelled"},
        "queued": {"sending", "failed", "cancelled"},
        "sending": {"sent", "retrying", "failed", "unknown", "queued"},  # back to queued only if not on the wire
        "retrying": {"sending", "failed", "cancelled"},
        "unknown": {"sent", "failed", "queued"},
        "failed": {"queued", "sent"},  # sent: only where it turns out that it arrived after all
        "sent": {"cancelled"},  # only Mark as Sent, undone
    }
    LIVE = ("scheduled", "queued", "sending", "retrying", "unknown")
    WAITING = ("queued", "retrying")

    public_id = models.UUIDField(unique=True)
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.INVOICE)
    channel = models.CharField(max_length=20)  # key of settings.DELIVERY_CHANNELS, or "manual" (marked as sent)
    role = models.CharField(max_length=4, choices=Role.choices, default=Role.TO)
    occasion = models.CharField(max_length=60)  # the act that asked for it: a form's token, a reminder's step
    dedupe_key = models.CharField(max_length=200, unique=True)
    status = models.CharField(max_length=9, choices=Status.choices, default=Status.QUEUED)
    reason = models.TextField(blank=True)
    customer = models.ForeignKey("customers.Customer", models.PROTECT, null=True, related_name="+")
    contact = models.ForeignKey("customers.Contact", models.SET_NULL, null=True, related_name="+")
    recipient = models.CharField(_("recipient"), max_length=254, blank=True)
    recipient_hash = models.CharField(max_length=64)
    recipient_name = models.CharField(max_length=120, blank=True)
    asked_by = models.ForeignKey("common.User", models.PROTECT, null=True, related_name="+")
    batch_item = models.ForeignKey(
        "invoicing.BatchItem", models.PROTECT, null=True, related_name="deliveries", db_index=False
    )  # the batch operation it belongs to, if any
    fallback_reason = models.TextField(blank=True)  # why it goes by email though an e-invoice was asked for
    created_at = models.DateTimeField(db_default=Now())
    queued_at = models.DateTimeField(db_default=Now())  # anew when a person says "send again"

    # When: not_before for a retry; for a schedule the local date, wall time, zone and the instant computed from them.
    not_before = models.DateTimeField(null=True)
    scheduled_on = models.DateField(null=True)
    scheduled_time = models.TimeField(null=True)
    scheduled_zone = models.CharField(max_length=64, blank=True)
    scheduled_at = models.DateTimeField(null=True)

    # What was typed for this send, and what leaves: composed once, the same bytes on every retry.
    subject = models.CharField(max_length=250, blank=True)
    message = models.TextField(blank=True)
    reply_to = models.EmailField(blank=True)
    sender = models.CharField(max_length=320, blank=True)
    readers = models.JSONField(default=dict)  # everyone who gets it: {"to": […], "cc": […], "copy": […]}
    text = models.TextField(blank=True)
    html = models.TextField(blank=True)
    content_sha256 = models.CharField(max_length=64, blank=True)
    language = models.CharField(max_length=10, default="en")
    with_link = models.BooleanField(default=False)
    link_key = models.CharField(max_length=40, blank=True)  # which key the link's HMAC was made with
    composed_at = models.DateTimeField(null=True)  # the mail's Date header, kept over retries
    message_id = models.CharField(max_length=200, unique=True)
    idempotency_key = models.CharField(max_length=64, blank=True)

    # Who holds it now.
    worker = models.CharField(max_length=80, blank=True)
    lease_until = models.DateTimeField(null=True)
    fence = models.PositiveIntegerField(default=0)
    tries = models.PositiveSmallIntegerField(default=0)
    crashes = models.PositiveSmallIntegerField(default=0)
    started_at = models.DateTimeField(null=True)
    wire_started_at = models.DateTimeField(null=True)
    uncertain_since = models.DateTimeField(null=True)  # it may have been accepted; asked again with the same key

    # What came of it.
    sent_at = models.DateTimeField(null=True)
    sent_on = models.DateField(null=True)  # marked as sent: the day a person says it was sent by other means
    response = models.CharField(max_length=500, blank=True)
    provider_id = models.CharField(max_length=200, blank=True)
    settled_at = models.DateTimeField(null=True)  # a person put the problem right or let it rest
    note = models.TextField(blank=True)

    # Signals, moving only forward.
    accepted_at = models.DateTimeField(null=True)
    deferred_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    bounced_at = models.DateTimeField(null=True)
    bounce_kind = models.CharField(max_length=4, blank=True)  # hard, soft
    complained_at = models.DateTimeField(null=True)
    replied_at = models.DateTimeField(null=True)
    rejected_at = models.DateTimeField(null=True)
    opened_at = models.DateTimeField(null=True)
    open_count = models.PositiveIntegerField(default=0)
    clicked_at = models.DateTimeField(null=True)
    click_count = models.PositiveIntegerField(default=0)
    machine_open_count = models.PositiveIntegerField(default=0)
    machine_click_count = models.PositiveIntegerField(default=0)
    is_tracked = models.BooleanField(default=False)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        indexes = [
            models.Index(
                fields=["kind", "role", "id"],
                name="delivery_live",
                condition=Q(status__in=["scheduled", "queued", "sending", "retrying", "unknown"]),
            ),
            models.Index(
                fields=["channel", "id"], name="delivery_waiting", condition=Q(status__in=["queued", "retrying"])
            ),
            models.Index(fields=["scheduled_at", "id"], name="delivery_scheduled", condition=Q(status="scheduled")),
            models.Index(fields=["lease_until"], name="delivery_leased", condition=Q(status="sending")),
            models.Index(fields=["id"], name="delivery_problem", condition=PROBLEM & Q(settled_at=None)),
            models.Index(fields=["sent_at", "id"], name="delivery_unopened", condition=UNOPENED),
            models.Index(fields=["open_count", "id"], name="delivery_opened", condition=Q(opened_at__isnull=False)),
            models.Index(fields=["id"], name="delivery_clicked", condition=Q(clicked_at__isnull=False)),
            models.Index(fields=["id"], name="delivery_in_trouble", condition=PROBLEM),
            models.Index(fields=["id"], name="delivery_by_hand", condition=Q(channel="manual")),
            models.Index(fields=["provider_id"], name="delivery_by_provider_id", condition=~Q(provider_id="")),
            models.Index(fields=["recipient_hash", "id"], name="delivery_by_recipient"),
            models.Index(
                fields=["batch_item", "id"], name="delivery_by_batch_item", condition=Q(batch_item__isnull=False)
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="delivery_status_known",
                condition=Q(
                    status__in=[
                        "scheduled",
                        "queued",
                        "sending",
                        "retrying",
                        "sent",
                        "failed",
                        "unknown",
                        "cancelled",
                    ]
                ),
            ),
            models.CheckConstraint(
                name="delivery_lease_iff_sending",
                condition=(Q(status="sending", lease_until__isnull=False) & ~Q(worker=""))
                | (~Q(status="sending") & Q(lease_until=None, worker="")),
            ),
            models.CheckConstraint(
                name="delivery_reason_given",
                condition=~Q(status__in=["failed", "unknown", "cancelled", "retrying"]) | ~Q(reason=""),
            ),
            models.CheckConstraint(
                name="delivery_unknown_was_on_wire", condition=~Q(status="unknown") | Q(wire_started_at__isnull=False)
            ),
            models.CheckConstraint(
                name="delivery_sent_is_proved",
                condition=~Q(status="sent") | (Q(sent_at__isnull=False) & ~Q(response="", provider_id="")),
            ),
            models.CheckConstraint(
                name="delivery_scheduled_has_instant", condition=~Q(status="scheduled") | Q(scheduled_at__isnull=False)
            ),
        ]

    def __str__(self):
        return f"{self.get_kind_display()} → {self.recipient or self.get_role_display()}"

    @property
    def is_live(self):
        return self.status in self.LIVE

    @property
    def is_manual(self):
        return self.channel == "manual"

    @property
    def wall_time(self) -> WallTime | None:
        """What the clock shows where it was scheduled for; None where it never was."""
        if self.scheduled_on is None or self.scheduled_time is None:
            return None
        return WallTime(self.scheduled_on, self.scheduled_time, self.scheduled_zone)


class DeliveryDocument(models.Model):
    """Which invoice, and which stored file of it, a delivery carries.

    kind, channel, recipient_hash and `live` repeat the delivery's, so that the database itself refuses a second live
    message about the same invoice to the same reader.
    """

    delivery = models.ForeignKey(Delivery, models.CASCADE, related_name="documents")
    invoice = models.ForeignKey("invoicing.Invoice", models.PROTECT, related_name="delivery_documents")
    document = models.ForeignKey("invoicing.Document", models.PROTECT, null=True, related_name="+")
    kind = models.CharField(max_length=10)
    channel = models.CharField(max_length=20)
    recipient_hash = models.CharField(max_length=64)
    live = models.BooleanField(default=True)

    objects = DeliveryDocumentQuerySet.as_manager()

    class Meta:
        verbose_name = _("document of a delivery")
        verbose_name_plural = _("documents of deliveries")
        constraints = [
            models.UniqueConstraint(fields=["delivery", "invoice"], name="delivery_document_once"),
            models.UniqueConstraint(
                fields=["invoice", "kind", "channel", "recipient_hash"],
                condition=Q(live=True),
                name="one_live_delivery",
            ),
        ]

    def __str__(self):
        return f"{self.delivery_id}: {self.invoice_id}"
