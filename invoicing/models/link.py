"""The link of a mail: what opens the page of its one invoice to its one reader."""

from datetime import date, timedelta

from django.db import models
from django.utils.translation import gettext_lazy as _

from .. import wall_time

KEPT_AFTER_SETTLEMENT = timedelta(days=90)


class CustomerLinkQuerySet(models.QuerySet):
    def live(self):
        """Those that nobody has taken back; whether one has expired is for the invoice to say (`ends_on`)."""
        return self.filter(revoked_at=None)


class CustomerLink(models.Model):
    """One for each mail to a customer that carries one. The token itself is in that mail alone: see invoicing/links.py.

    Which key it was made with stands on the delivery, beside the text it belongs to.
    """

    delivery = models.OneToOneField("invoicing.Delivery", models.PROTECT, related_name="link")
    invoice = models.ForeignKey("invoicing.Invoice", models.PROTECT, related_name="links")
    token_hash = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    revoked_by = models.ForeignKey("common.User", models.PROTECT, null=True, related_name="+")

    objects = CustomerLinkQuerySet.as_manager()

    class Meta:
        verbose_name = _("portal link")
        verbose_name_plural = _("portal links")

    def __str__(self):
        return f"{self.invoice_id} → {self.delivery_id}"

    def ends_on(self, zone: str) -> date | None:
        """The first day on which it does not open any more; None while the invoice is not settled.

        Counted from the settlement, or from the mail where that left later: a copy of an old invoice can be read too.
        """
        settled_on = self.invoice.settled_on
        if settled_on is None:
            return None
        return max(settled_on, wall_time.local(self.made_at, zone).date()) + KEPT_AFTER_SETTLEMENT

    def has_expired(self, *, on: date, zone: str) -> bool:
        ends_on = self.ends_on(zone)
        return ends_on is not None and on >= ends_on
