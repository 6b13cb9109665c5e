"""What is derived of a delivery's facts, in SQL: problems, bounces, what nobody opened."""

from django.db import models
from django.db.models import Exists, OuterRef, Q

# Worded once: an index serves a query only where its condition stands in the query as it stands here.
PROBLEM = (
    Q(status__in=["failed", "unknown"])
    | Q(bounced_at__isnull=False)
    | Q(complained_at__isnull=False)
    | Q(rejected_at__isnull=False)
)
UNOPENED = Q(status="sent", role="to", is_tracked=True, opened_at=None)
# A soft bounce stands until something shows that the mail arrived after all; presenting.has_bounced is its twin.
_NEVER_SEEN = Q(delivered_at=None, opened_at=None, replied_at=None)
BOUNCED = (
    Q(rejected_at__isnull=False)
    | Q(bounced_at__isnull=False, bounce_kind="hard")
    | (Q(bounced_at__isnull=False) & _NEVER_SEEN)
)


class DeliveryQuerySet(models.QuerySet):
    def live(self):
        """Not decided yet; an unknown outcome counts as live until someone decides."""
        return self.filter(status__in=self.model.LIVE)

    def problems(self, kind: str = ""):
        """What needs a person and was not put right since: failed, of unknown outcome, bounced, complained.

        `kind` narrows it to one of these words; each stands under the first of them that fits.
        """
        rows = self.filter(PROBLEM, settled_at=None)
        lost = Q(status__in=["failed", "unknown"])
        if kind in ("failed", "unknown"):
            return rows.filter(status=kind)
        if kind == "bounced":
            return rows.filter(BOUNCED).exclude(lost)
        if kind == "complained":
            return rows.filter(complained_at__isnull=False).exclude(lost).exclude(BOUNCED)
        return rows.filter(lost | BOUNCED | Q(complained_at__isnull=False))


class DeliveryDocumentQuerySet(models.QuerySet):
    def scheduled(self):
        """Invoices whose email waits for its moment, one row a send: that of its first To reader."""
        waiting = Q(kind="invoice", delivery__status="scheduled", delivery__role="to")
        same = self.model.objects.filter(waiting, invoice=OuterRef("invoice"), delivery__lt=OuterRef("delivery"))
        return self.filter(waiting).exclude(Exists(same))
