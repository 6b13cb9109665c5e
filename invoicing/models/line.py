"""Lines, allowances and charges, and the tax breakdown. All amounts are minor units of the invoice's currency."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from config.common.fields import MoneyField, RateField

from .tax import Category


class TaxedRow(models.Model):
    """The copy of a tax rate that a row of an invoice carries."""

    tax = models.ForeignKey("invoicing.TaxRate", models.PROTECT, null=True, blank=True, related_name="+")
    tax_category = models.CharField(max_length=2, choices=Category.choices, default=Category.STANDARD)
    tax_percent = RateField(max_digits=7, decimal_places=4, default=0)
    exemption_text = models.CharField(max_length=250, blank=True)
    exemption_code = models.CharField(max_length=30, blank=True)

    class Meta:
        abstract = True


class Line(TaxedRow):
    """quantity × unit price ÷ price base, rounded once, then less its allowances and plus its charges."""

    invoice = models.ForeignKey("invoicing.Invoice", models.CASCADE, related_name="lines")
    position = models.PositiveSmallIntegerField()
    name = models.CharField(_("description"), max_length=300, blank=True)
    details = models.TextField(_("details"), blank=True)
    quantity = RateField(_("quantity"), default=1)
    unit = models.CharField(_("unit"), max_length=3, default="C62")  # UN/ECE Recommendation 20
    unit_price = RateField(_("unit price"), default=0)  # of the invoice's currency, major units
    price_base = RateField(_("price is for this quantity"), default=1)
    net = MoneyField(_("amount"))
    period_start = models.DateField(null=True, blank=True)
    period_end = models.DateField(null=True, blank=True)
    corrects = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="corrections")

    class Meta:
        verbose_name = _("line")
        verbose_name_plural = _("lines")
        ordering = ["invoice", "position"]
        constraints = [models.UniqueConstraint(fields=["invoice", "position"], name="line_position_once")]

    def __str__(self):
        return self.name


class Adjustment(TaxedRow):
    """An allowance or a charge, of one line or of the whole document (EN 16931: BG-20, BG-21, BG-27, BG-28)."""

    invoice = models.ForeignKey("invoicing.Invoice", models.CASCADE, related_name="adjustments")
    line = models.ForeignKey(Line, models.CASCADE, null=True, blank=True, related_name="adjustments")
    position = models.PositiveSmallIntegerField(default=1)
    is_charge = models.BooleanField(_("charge (otherwise an allowance)"), default=False)
    reason = models.CharField(_("reason"), max_length=120, blank=True)
    reason_code = models.CharField(max_length=6, blank=True)
    percent = RateField(max_digits=9, decimal_places=4, null=True, blank=True)
    base = MoneyField(null=True, default=None, blank=True)
    amount = MoneyField(_("amount"))

    class Meta:
        verbose_name = _("allowance or charge")
        verbose_name_plural = _("allowances and charges")
        ordering = ["invoice", "position", "pk"]
        constraints = [models.CheckConstraint(name="adjustment_not_negative", condition=Q(amount__gte=0))]

    def __str__(self):
        return self.reason

    @property
    def signed(self) -> int:
        return self.amount if self.is_charge else -self.amount


class TaxLine(models.Model):
    """One row of the tax breakdown: a category and rate, its taxable sum and its tax (EN 16931: BG-23)."""

    invoice = models.ForeignKey("invoicing.Invoice", models.CASCADE, related_name="tax_lines")
    category = models.CharField(max_length=2, choices=Category.choices)
    percent = RateField(max_digits=7, decimal_places=4)
    taxable = MoneyField()
    tax = MoneyField()
    exemption_text = models.TextField(blank=True)
    exemption_code = models.CharField(max_length=30, blank=True)

    class Meta:
        verbose_name = _("tax line")
        verbose_name_plural = _("tax lines")
        ordering = ["invoice", "-percent", "category"]
        constraints = [
            models.UniqueConstraint(fields=["invoice", "category", "percent"], name="tax_line_once_a_category_and_rate")
        ]

    def __str__(self):
        return f"{self.category} {self.percent}"
