"""What a customer, or the organization for all others, uses for its invoices unless somebody chooses otherwise."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class BillingProfile(models.Model):
    """Keys point down: a customer knows nothing of invoices."""

    customer = models.OneToOneField("customers.Customer", models.CASCADE, null=True, related_name="+")
    organization = models.OneToOneField("customers.Organization", models.CASCADE, null=True, related_name="+")
    template = models.ForeignKey(
        "invoicing.InvoiceTemplate", models.PROTECT, related_name="profiles", verbose_name=_("Invoice Template")
    )

    class Meta:
        verbose_name = _("billing profile")
        verbose_name_plural = _("billing profiles")
        constraints = [
            models.CheckConstraint(
                condition=Q(customer=None, organization__isnull=False) | Q(customer__isnull=False, organization=None),
                name="profile_of_one",
            )
        ]

    def __str__(self):
        return f"{self.customer or self.organization}: {self.template}"
