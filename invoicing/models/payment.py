"""Money received, and what it settled. All amounts are minor units of the payment's currency."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from config.common.fields import MoneyField


class Payment(models.Model):
    """Money from a customer. What is neither allocated nor refunded is credit on account.

    `allocated` and `refunded` are sums of append-only rows, changed only together with them.
    """

    class Method(models.TextChoices):
        TRANSFER = "transfer", _("Bank transfer")
        CARD = "card", _("Card")
        DEBIT = "debit", _("Direct debit")
        CHEQUE = "cheque", _("Cheque")
        CASH = "cash", _("Cash")
        OTHER = "other", _("Other")

    customer = models.ForeignKey("customers.Customer", models.PROTECT, related_name="payments")
    currency = models.CharField(_("currency"), max_length=3)
    amount = MoneyField(_("amount"))
    allocated = MoneyField(_("allocated"))
    refunded = MoneyField(_("refunded"))
    paid_on = models.DateField(_("payment date"))
    received_on = models.DateField(_("received on"))
    method = models.CharField(_("method"), max_length=10, choices=Method.choices, default=Method.TRANSFER)
    reference = models.CharField(_("reference"), max_length=140, blank=True)
    note = models.TextField(_("note"), blank=True)
    occasion = models.CharField(max_length=60, unique=True)  # the form's token: the same submit twice is one payment
    recorded_by = models.ForeignKey("common.User", models.PROTECT, null=True, related_name="+")
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        indexes = [
            models.Index(fields=["customer", "id"], name="payment_by_customer"),
            models.Index(fields=["received_on", "id"], name="payment_by_received"),
        ]
        constraints = [
            models.CheckConstraint(name="payment_positive", condition=Q(amount__gt=0)),
            models.CheckConstraint(
                name="payment_not_overspent",
                condition=Q(allocated__gte=0, refunded__gte=0, amount__gte=F("allocated") + F("refunded")),
            ),
        ]

    def __str__(self):
        return self.reference or f"{self.get_method_display()} {self.received_on}"

    @property
    def on_account(self) -> int:
        """What is left as credit, minor units."""
        return self.amount - self.allocated - self.refunded


class Allocation(models.Model):
    """What a payment settles of an invoice. Append-only: undone by a reversing row of the opposite sign."""

    payment = models.ForeignKey(Payment, models.PROTECT, related_name="allocations")
    invoice = models.ForeignKey("invoicing.Invoice", models.PROTECT, related_name="allocations")
    amount = MoneyField(_("amount"))
    reverses = models.OneToOneField("self", models.PROTECT, null=True, related_name="reversed_by")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("allocation")
        verbose_name_plural = _("allocations")
        indexes = [models.Index(fields=["invoice", "id"], name="allocation_by_invoice")]
        constraints = [
            models.CheckConstraint(
                name="allocation_sign",
                condition=Q(amount__gt=0, reverses=None) | Q(amount__lt=0, reverses__isnull=False),
            )
        ]

    def __str__(self):
        return f"{self.payment_id} → {self.invoice_id}"
