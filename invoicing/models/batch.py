"""Batch operations: one act for many invoices, carried out in the background, with an outcome for each."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class BatchOperationQuerySet(models.QuerySet):
    def running(self):
        return self.filter(status__in=BatchOperation.RUNNING)

    def needing_attention(self):
        """Failed, and nobody has acknowledged it."""
        return self.filter(status="failed", acknowledged_at=None)


class BatchOperation(models.Model):
    """What is to be done with the invoices of a selection, who asked, and how far it is.

    The outcome of each invoice stands in its item; the counts here are what the items said last.
    """

    class Action(models.TextChoices):
        OPEN = "open", pgettext_lazy("the act", "Open")
        SEND = "send", _("Send")
        MARK = "mark", _("Mark as Sent")
        SUBMIT = "submit", _("Submit E-Invoice")

    class Status(models.TextChoices):
        PREPARING = "preparing", _("In Progress")
        IN_PROGRESS = "in_progress", _("In Progress")
        COMPLETED = "completed", _("Completed")
        FAILED = "failed", _("Failed")

    TRANSITIONS = {
        "preparing": {"in_progress"},
        "in_progress": {"completed", "failed"},
        "failed": {"in_progress", "completed"},
        "completed": {"failed"},  # an email it was still trying to send was refused in the end
    }
    RUNNING = ("preparing", "in_progress")

    action = models.CharField(_("action"), max_length=6, choices=Action.choices)
    status = models.CharField(_("status"), max_length=11, choices=Status.choices, default=Status.PREPARING)
    asked_by = models.ForeignKey("common.User", models.PROTECT, related_name="+")
    request_id = models.CharField(max_length=64)  # the dialog's own token: the same submit twice is one operation
    created_at = models.DateTimeField(db_default=Now())
    started_at = models.DateTimeField(null=True)  # of the present round: a retry starts anew
    finished_at = models.DateTimeField(null=True)
    cancelled_at = models.DateTimeField(null=True)
    cancelled_by = models.ForeignKey("common.User", models.PROTECT, null=True, related_name="+")
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.ForeignKey("common.User", models.PROTECT, null=True, related_name="+")

    # What was asked for. A blank text means each invoice's template default.
    opens_drafts = models.BooleanField(default=False)
    send_email = models.BooleanField(_("Send Email"), default=False)
    submit_einvoice = models.BooleanField(_("Submit E-Invoice"), default=False)
    subject = models.CharField(_("Subject"), max_length=200, blank=True)
    reply_to = models.EmailField(_("Reply-To"), blank=True)
    cc = models.TextField(_("CC"), blank=True)  # comma-separated
    message = models.TextField(_("Custom Message"), blank=True)
    send_on = models.DateField(null=True)  # Schedule for Later; none: at once
    send_at = models.TimeField(null=True)
    zone = models.CharField(max_length=64, blank=True)  # blank: that of each invoice's customer
    portal_link = models.BooleanField(_("Portal link"), default=False)
    how = models.CharField(max_length=120, blank=True)  # Mark as Sent: by which way, on which day, with which note
    sent_on = models.DateField(null=True)
    note = models.TextField(blank=True)

    # What it is made of.
    page = models.CharField(max_length=10, blank=True)
    query = models.TextField(blank=True)
    rows = models.JSONField(default=list)  # of the selection; let go once items were made of all of them
    filled = models.PositiveIntegerField(default=0)  # of how many of them items were made
    seen = models.BigIntegerField(default=0)  # the newest delivery there was: a newer one means somebody was quicker
    leaves_out = models.BooleanField(default=False)  # what the preflight found would fail
    total = models.PositiveIntegerField(default=0)
    left_out = models.PositiveIntegerField(default=0)  # chosen, and not among the items
    sums = models.JSONField(default=dict)
    counts = models.JSONField(default=dict)  # {item status: how many}
    served_at = models.DateTimeField(null=True)  # when a group of it was opened last: running ones take turns

    objects = BatchOperationQuerySet.as_manager()

    class Meta:
        verbose_name = _("batch operation")
        verbose_name_plural = _("batch operations")
        indexes = [
            models.Index(fields=["status", "id"], name="batch_by_status"),
            models.Index(fields=["id"], name="batch_unacknowledged", condition=Q(acknowledged_at=None)),
        ]
        constraints = [
            models.UniqueConstraint(fields=["asked_by", "request_id"], name="batch_asked_once"),
            models.CheckConstraint(
                name="batch_status_known", condition=Q(status__in=["preparing", "in_progress", "completed", "failed"])
            ),
            models.CheckConstraint(
                name="batch_action_known", condition=Q(action__in=["open", "send", "mark", "submit"])
            ),
            models.CheckConstraint(
                name="batch_finished_iff_ended",
                condition=Q(status__in=["preparing", "in_progress"], finished_at=None)
                | Q(status__in=["completed", "failed"], finished_at__isnull=False),
            ),
        ]

    def __str__(self):
        return self.name_of(self.pk)

    @staticmethod
    def name_of(pk: int) -> str:
        """How people call it: B-0193."""
        return f"B-{pk:04}"

    @property
    def mails(self) -> bool:
        """Whether it ends in an email: asked for, or because an e-invoice has no address to go to."""
        return self.send_email or self.submit_einvoice


class BatchItemQuerySet(models.QuerySet):
    def unfinished(self):
        return self.filter(status__in=BatchItem.ACTIVE)

    def to_retry(self):
        """What Retry failed takes up again; an unknown outcome is decided by a person, one by one."""
        return self.filter(status__in=["failed", "needs_attention"])


class BatchItem(models.Model):
    """One invoice of an operation. First `act` (open, queue its mail, mark), then `carry`: the fate of its mail."""

    class Status(models.TextChoices):
        PENDING = "pending", _("Waiting")
        WORKING = "working", _("In Progress")
        DONE = "done", _("Completed")
        SKIPPED = "skipped", _("Skipped")
        FAILED = "failed", _("Failed")
        UNKNOWN = "unknown", _("Outcome unknown")
        NEEDS_ATTENTION = "needs_attention", _("Needs attention")
        STILL_TRYING = "still_trying", _("Still trying")
        SCHEDULED = "scheduled", _("Scheduled")
        CANCELLED = "cancelled", _("Cancelled")

    class Step(models.TextChoices):
        ACT = "act", "act"
        CARRY = "carry", "carry"

    TRANSITIONS = {
        "pending": {"working", "skipped", "failed", "cancelled"},
        "working": {
            *("pending", "done", "skipped", "failed", "unknown"),
            *("needs_attention", "still_trying", "scheduled", "cancelled"),
        },
        "failed": {"pending", "skipped", "done"},
        "needs_attention": {"pending", "skipped", "done"},
        "unknown": {"done", "failed", "working"},
        "still_trying": {"done", "failed", "unknown", "cancelled"},
        "scheduled": {"done", "failed", "unknown", "still_trying", "cancelled"},
    }
    ACTIVE = ("pending", "working")
    TROUBLED = ("failed", "unknown", "needs_attention")  # any of them makes the operation Failed
    LATE = ("scheduled", "still_trying")  # the operation ends without waiting for their mail

    operation = models.ForeignKey(BatchOperation, models.PROTECT, related_name="items", db_index=False)
    invoice = models.ForeignKey("invoicing.Invoice", models.SET_NULL, null=True, related_name="batch_items")
    label = models.CharField(max_length=160, blank=True)  # what it was called, should the draft be deleted
    version = models.PositiveIntegerField()  # of the invoice as it was seen
    lane = models.CharField(max_length=12)  # the kind of document: its series opens one group at a time
    issued_on = models.DateField()  # the order of opening
    status = models.CharField(_("status"), max_length=15, choices=Status.choices, default=Status.PENDING)
    step = models.CharField(max_length=5, choices=Step.choices, default=Step.ACT)
    reason = models.TextField(_("reason"), blank=True)
    mend = models.CharField(max_length=40, blank=True)  # where the reason is put right: a key of batches.mending
    tries = models.PositiveSmallIntegerField(_("attempts"), default=0)
    crashes = models.PositiveSmallIntegerField(default=0)  # how often its group did not come to an end because of it
    fence = models.PositiveIntegerField(default=0)  # of the lane, when a group took it
    opened_at = models.DateTimeField(null=True)  # opened by this operation
    acted_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    objects = BatchItemQuerySet.as_manager()

    class Meta:
        verbose_name = _("invoice of a batch operation")
        verbose_name_plural = _("invoices of batch operations")
        indexes = [
            models.Index(fields=["operation", "status", "id"], name="batch_item_by_status"),
            models.Index(fields=["operation", "id"], name="batch_item_by_operation"),
            models.Index(
                fields=["lane", "operation", "crashes", "issued_on", "id"],
                name="batch_item_pending",
                condition=Q(status="pending"),
            ),
            models.Index(fields=["lane", "step", "id"], name="batch_item_working", condition=Q(status="working")),
            models.Index(fields=["id"], name="batch_item_late", condition=Q(status__in=["scheduled", "still_trying"])),
        ]
        constraints = [
            models.UniqueConstraint(fields=["operation", "invoice"], name="batch_item_once"),
            models.UniqueConstraint(
                fields=["invoice"], condition=Q(status__in=["pending", "working"]), name="one_running_batch_an_invoice"
            ),
            models.CheckConstraint(
                name="batch_item_status_known",
                condition=Q(
                    status__in=[
                        "pending",
                        "working",
                        "done",
                        "skipped",
                        "failed",
                        "unknown",
                        "needs_attention",
                        "still_trying",
                        "scheduled",
                        "cancelled",
                    ]
                ),
            ),
            models.CheckConstraint(name="batch_item_step_known", condition=Q(step__in=["act", "carry"])),
            models.CheckConstraint(
                name="batch_item_reason_given",
                condition=Q(status__in=["pending", "working", "done"]) | ~Q(reason=""),
            ),
        ]

    def __str__(self):
        return self.label


class BatchLane(models.Model):
    """Who opens a group just now: one group at a time for each kind of document, over all workers and hosts."""

    key = models.CharField(max_length=12, primary_key=True)
    worker = models.CharField(max_length=80, blank=True)
    lease_until = models.DateTimeField(null=True)
    fence = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("lane of batch operations")
        verbose_name_plural = _("lanes of batch operations")

    def __str__(self):
        return self.key
