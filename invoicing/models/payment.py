"""Money received, what settled an invoice, and money given back. All amounts are minor units of the row's currency."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from config.common.fields import MoneyField
from config.common.roles import Role


class Method(models.TextChoices):
    TRANSFER = "transfer", _("Bank transfer")
    CARD = "card", _("Card")
    DEBIT = "debit", _("Direct debit")
    CHEQUE = "cheque", _("Cheque")
    CASH = "cash", _("Cash")
    OTHER = "other", _("Other")


class Payment(models.Model):
    """Money from a customer. What is neither allocated nor refunded is credit on account.

    `allocated` and `refunded` are sums of append-only rows, changed only together with them. A reversed payment never
    was, or was taken back: nothing of it is allocated or on account.
    """

    Method = Method

    class Status(models.TextChoices):
        RECORDED = "recorded", _("Recorded")
        REVERSED = "reversed", _("Reversed")

    class Reversal(models.TextChoices):
        MISTAKE = "mistake", _("Recorded by mistake")
        RETURNED = "returned", _("Returned by the bank")
        CHARGEBACK = "chargeback", _("Charged back")

    TRANSITIONS = {"recorded": {"reversed"}}

    status = models.CharField(_("status"), max_length=10, choices=Status.choices, default=Status.RECORDED)
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
    reversal = models.CharField(_("why reversed"), max_length=10, choices=Reversal.choices, blank=True)
    reversed_on = models.DateField(_("reversed on"), null=True)

    class Meta:
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        indexes = [
            models.Index(fields=["customer", "id"], name="payment_by_customer"),
            models.Index(fields=["received_on", "id"], name="payment_by_received"),
            models.Index(fields=["amount", "id"], name="payment_by_amount"),
            models.Index(fields=["currency", "id"], name="payment_by_currency"),
            models.Index(fields=["method", "id"], name="payment_by_method"),
            models.Index(
                fields=["customer", "currency", "received_on", "amount", "allocated", "refunded"],
                name="payment_on_account",
                condition=Q(status="recorded", amount__gt=F("allocated") + F("refunded")),
            ),
        ]
        constraints = [
            models.CheckConstraint(name="payment_positive", condition=Q(amount__gt=0)),
            models.CheckConstraint(
                name="payment_not_overspent",
                condition=Q(allocated__gte=0, refunded__gte=0, amount__gte=F("allocated") + F("refunded")),
            ),
            models.CheckConstraint(
                name="payment_reversed_settles_nothing",
                condition=Q(status="recorded", reversed_on=None, reversal="")
                | Q(
                    status="reversed",
                    reversed_on__isnull=False,
                    reversal__in=["mistake", "returned", "chargeback"],
                    allocated=0,
                    refunded=0,
                ),
            ),
        ]

    def __str__(self):
        return self.reference or f"{self.get_method_display()} {self.received_on}"

    @property
    def on_account(self) -> int:
        """What is left as credit, minor units."""
        if self.status == self.Status.REVERSED:
            return 0
        return self.amount - self.allocated - self.refunded


class Allocation(models.Model):
    """What settles a part of an invoice: money, credit, or a difference that is let go.

    Append-only: undone by a reversing row of the opposite sign. `on` is the day it counts from, the organization's.
    A difference that was let go with a short payment names that payment, but is none of its money.
    """

    class Kind(models.TextChoices):
        PAYMENT = "payment", _("Payment")
        CREDIT = "credit", _("Credit note")
        BANK_CHARGE = "bank_charge", _("Bank charge")
        DISCOUNT = "discount", _("Discount taken")
        ROUNDING = "rounding", _("Rounding")
        WRITE_OFF = "write_off", _("Write-off")

    LET_GO = (Kind.BANK_CHARGE, Kind.DISCOUNT, Kind.ROUNDING, Kind.WRITE_OFF)

    kind = models.CharField(_("kind"), max_length=11, choices=Kind.choices, default=Kind.PAYMENT)
    payment = models.ForeignKey(Payment, models.PROTECT, null=True, related_name="allocations")
    credit_note = models.ForeignKey("invoicing.Invoice", models.PROTECT, null=True, related_name="given")
    invoice = models.ForeignKey("invoicing.Invoice", models.PROTECT, related_name="allocations")
    amount = MoneyField(_("amount"))
    on = models.DateField(_("counts from"))
    reason = models.CharField(_("reason"), max_length=250, blank=True)
    reverses = models.OneToOneField("self", models.PROTECT, null=True, related_name="reversed_by")
    recorded_by = models.ForeignKey("common.User", models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("allocation")
        verbose_name_plural = _("allocations")
        indexes = [
            models.Index(fields=["invoice", "id"], name="allocation_by_invoice"),
            models.Index(fields=["on", "invoice"], name="allocation_by_day"),
        ]
        constraints = [
            models.CheckConstraint(
                name="allocation_sign",
                condition=Q(amount__gt=0, reverses=None) | Q(amount__lt=0, reverses__isnull=False),
            ),
            models.CheckConstraint(
                name="allocation_has_its_source",
                condition=Q(kind="payment", payment__isnull=False, credit_note=None)
                | Q(kind="credit", payment=None, credit_note__isnull=False)
                | (
                    Q(kind__in=["bank_charge", "discount", "rounding", "write_off"], credit_note=None)
                    & (~Q(reason="") | Q(reverses__isnull=False))
                ),
            ),
        ]

    def __str__(self):
        return f"{self.payment_id or self.credit_note_id or self.kind} → {self.invoice_id}"


class Refund(models.Model):
    """Money given back: of a payment's credit on account, or of a credit note. Append-only, undone by a reversal."""

    payment = models.ForeignKey(Payment, models.PROTECT, null=True, related_name="refunds")
    credit_note = models.ForeignKey("invoicing.Invoice", models.PROTECT, null=True, related_name="refunds")
    customer = models.ForeignKey("customers.Customer", models.PROTECT, related_name="refunds")
    currency = models.CharField(_("currency"), max_length=3)
    amount = MoneyField(_("amount"))
    paid_on = models.DateField(_("paid back on"))
    method = models.CharField(_("method"), max_length=10, choices=Method.choices, default=Method.TRANSFER)
    reference = models.CharField(_("reference"), max_length=140, blank=True)
    reason = models.CharField(_("reason"), max_length=250)
    reverses = models.OneToOneField("self", models.PROTECT, null=True, related_name="reversed_by")
    occasion = models.CharField(max_length=60, unique=True)
    recorded_by = models.ForeignKey("common.User", models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("refund")
        verbose_name_plural = _("refunds")
        indexes = [models.Index(fields=["customer", "id"], name="refund_by_customer")]
        constraints = [
            models.CheckConstraint(
                name="refund_sign", condition=Q(amount__gt=0, reverses=None) | Q(amount__lt=0, reverses__isnull=False)
            ),
            models.CheckConstraint(
                name="refund_of_one_thing",
                condition=Q(payment__isnull=False, credit_note=None) | Q(payment=None, credit_note__isnull=False),
            ),
        ]

    def __str__(self):
        return self.reference or f"{self.get_method_display()} {self.paid_on}"


class WriteOffLimit(models.Model):
    """The most that a role may let go of one invoice at a time. No row: a clerk nothing, a manager any amount.

    A discount taken within the invoice's own terms needs no limit.
    """

    role = models.CharField(_("role"), max_length=10, choices=Role.choices)
    currency = models.CharField(_("currency"), max_length=3)
    most = MoneyField(_("at most"))

    class Meta:
        verbose_name = _("write-off limit")
        verbose_name_plural = _("write-off limits")
        ordering = ["currency", "role"]
        constraints = [
            models.UniqueConstraint(fields=["role", "currency"], name="one_limit_a_role_and_currency"),
            models.CheckConstraint(name="limit_not_negative", condition=Q(most__gte=0)),
            models.CheckConstraint(name="limit_role_known", condition=Q(role__in=["clerk", "manager"])),
        ]

    def __str__(self):
        return f"{self.role} {self.currency}"
