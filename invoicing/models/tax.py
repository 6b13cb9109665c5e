"""Tax rates with their EN 16931 category."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from config.common.fields import RateField


class Category(models.TextChoices):
    """VAT category codes of EN 16931 (BT-118, BT-151; UNCL 5305)."""

    STANDARD = "S", _("Standard rate")
    ZERO = "Z", _("Zero rated")
    EXEMPT = "E", _("Exempt")
    REVERSE_CHARGE = "AE", _("Reverse charge")
    INTRA_COMMUNITY = "K", _("Intra-community supply")
    EXPORT = "G", _("Export outside the EU")
    OUT_OF_SCOPE = "O", _("Out of scope of VAT")


# Rules BR-E-10, BR-AE-10, BR-IC-10, BR-G-10, BR-O-10: these must say why no tax is charged; S and Z must not.
NEEDS_REASON = {
    Category.EXEMPT,
    Category.REVERSE_CHARGE,
    Category.INTRA_COMMUNITY,
    Category.EXPORT,
    Category.OUT_OF_SCOPE,
}


class TaxRateQuerySet(models.QuerySet):
    def current(self):
        return self.filter(active=True)


class TaxRate(models.Model):
    """A rate as people pick it on a line; the line keeps a copy, so a later change alters no invoice."""

    name = models.CharField(_("name"), max_length=60)
    category = models.CharField(_("category"), max_length=2, choices=Category.choices, default=Category.STANDARD)
    percent = RateField(_("percent"), max_digits=7, decimal_places=4, default=0)
    exemption_text = models.CharField(_("reason no tax is charged"), max_length=250, blank=True)
    exemption_code = models.CharField(_("reason code (VATEX)"), max_length=30, blank=True)
    active = models.BooleanField(_("offered on new lines"), default=True)

    objects = TaxRateQuerySet.as_manager()

    class Meta:
        verbose_name = _("tax rate")
        verbose_name_plural = _("tax rates")
        ordering = ["-active", "pk"]
        constraints = [
            models.CheckConstraint(name="tax_rate_category_known", condition=Q(category__in=Category.values)),
        ]

    def __str__(self):
        return self.name
