"""The one table of invoices, credit notes and claims."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from config.common.fields import MoneyField, RateField

from .queryset import InvoiceQuerySet

# What two indexes carry, so that reports, cards and counts need not read the table.
_OWED = ["currency", "due_on", "kind", "status", "issued_on", "billed_at", "amount_due", "customer", "id"]
_UNSENT = [
    "due_on",
    "id",
    "kind",
    "status",
    "issued_on",
    "terms_days",
    "currency",
    "total",
    "customer",
    "customer_name",
]


class Invoice(models.Model):
    """A document about money owed. All amounts are minor units of `currency`, credit notes included (stored positive).

    `status` is the legal life alone. Billed, overdue, in flight are facts beside it or derived by QuerySet.
    """

    class Kind(models.TextChoices):
        INVOICE = "invoice", _("Invoice")
        CREDIT_NOTE = "credit_note", _("Credit note")
        CLAIM = "claim", _("Claim")

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        OPEN = "open", _("Open")
        PAID = "paid", _("Paid")
        VOID = "void", _("Void")
        UNCOLLECTIBLE = "uncollectible", _("Uncollectible")

    # draft → paid: a total of 0 settles on opening.
    TRANSITIONS = {
        "draft": {"open", "paid"},
        "open": {"paid", "void", "uncollectible"},
        "uncollectible": {"open", "paid"},
        "paid": {"open"},
    }

    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices, default=Kind.INVOICE)
    status = models.CharField(_("status"), max_length=13, choices=Status.choices, default=Status.DRAFT)
    customer = models.ForeignKey("customers.Customer", models.PROTECT, null=True, related_name="invoices")
    customer_name = models.CharField(_("customer name"), max_length=160, blank=True)  # copied, so lists can sort by it
    template = models.ForeignKey("invoicing.InvoiceTemplate", models.PROTECT, null=True, related_name="+")
    language = models.CharField(_("language"), max_length=10, choices=settings.LANGUAGES, default="en")
    currency = models.CharField(_("currency"), max_length=3, default="EUR")

    # Number: drawn by opening, never before.
    counter = models.ForeignKey("invoicing.Counter", models.PROTECT, null=True, related_name="+")
    seq = models.PositiveIntegerField(null=True)
    number = models.CharField(_("number"), max_length=60, blank=True)
    opened_at = models.DateTimeField(_("opened at"), null=True)

    # Dates.
    issued_on = models.DateField(_("issue date"), null=True, blank=True)
    due_on = models.DateField(_("due date"), null=True, blank=True)
    due_typed = models.BooleanField(default=False)  # a person typed the due date; else the terms decide
    terms_days = models.PositiveSmallIntegerField(_("payment terms, days net"), default=30)
    discount_percent = RateField(_("cash discount, percent"), max_digits=5, decimal_places=2, default=0)
    discount_days = models.PositiveSmallIntegerField(_("cash discount within days"), default=0)
    delivered_on = models.DateField(_("delivery date"), null=True, blank=True)
    period_start = models.DateField(_("service period from"), null=True, blank=True)
    period_end = models.DateField(_("service period to"), null=True, blank=True)
    delivery_country = models.CharField(_("country of delivery"), max_length=2, blank=True)

    # References.
    buyer_reference = models.CharField(_("buyer reference"), max_length=120, blank=True)
    order_number = models.CharField(_("purchase order"), max_length=80, blank=True)
    source_reference = models.CharField(_("source reference"), max_length=80, blank=True)
    corrects = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="corrections", db_index=False
    )
    corrects_text = models.CharField(_("preceding invoice"), max_length=120, blank=True)
    note = models.TextField(_("note on the document"), blank=True)
    internal_note = models.TextField(_("internal note"), blank=True)

    # Money. Net and tax are sums of lines and tax lines; amount due is the database's own arithmetic.
    net_total = MoneyField(_("net"))
    tax_total = MoneyField(_("tax"))
    total = MoneyField(_("total"))
    prepaid = MoneyField(_("prepaid"))
    settled = MoneyField(_("settled"))
    amount_due = models.GeneratedField(
        verbose_name=_("amount due"),
        expression=F("total") - F("prepaid") - F("settled"),
        output_field=models.BigIntegerField(),
        db_persist=True,
    )
    accounting_currency = models.CharField(max_length=3, blank=True)  # set where it differs from `currency`
    accounting_rate = RateField(
        _("rate: 1 unit of the invoice's currency in the accounting currency"), null=True, blank=True
    )
    accounting_tax = MoneyField(_("tax in the accounting currency"), null=True, default=None, blank=True)

    # Frozen by opening: what the paper says of both sides, whatever becomes of them.
    seller = models.JSONField(default=dict, blank=True)
    buyer = models.JSONField(default=dict, blank=True)
    paper = models.JSONField(default=dict, blank=True)  # template texts and version, bank account

    # What corrections made of it: credit notes opened against it, and how much of `settled` is credit, not money.
    credited = MoneyField(_("credited"))
    settled_by_credit = MoneyField(_("settled by credit"))

    # Facts beside the status. The days are the organization's.
    settled_on = models.DateField(_("settled on"), null=True)
    voided_on = models.DateField(_("void since"), null=True)
    uncollectible_on = models.DateField(_("uncollectible since"), null=True)
    billed_at = models.DateTimeField(_("billed at"), null=True)
    marked_sent_at = models.DateTimeField(_("marked as sent at"), null=True)

    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(_("created at"), db_default=Now())

    objects = InvoiceQuerySet.as_manager()

    # What stays editable once opened; everything else is stone, here and in the trigger.
    MUTABLE = {
        "status",
        "settled",
        "settled_by_credit",
        "settled_on",
        "credited",
        "voided_on",
        "uncollectible_on",
        "amount_due",
        "billed_at",
        "marked_sent_at",
        "internal_note",
        "version",
    }

    class Meta:
        verbose_name = _("invoice")
        verbose_name_plural = _("invoices")
        indexes = [
            # Nine of ten invoices are paid. The others, by state: each sort of the list is the order of an index.
            *(
                models.Index(
                    fields=["status", *sort, "id"], name=f"invoice_unpaid_by_{name}", condition=~Q(status="paid")
                )
                for name, sort in {
                    "newest": [],
                    "number": ["number"],
                    "name": ["customer_name"],
                    "issue": ["issued_on"],
                    "due": ["due_on"],
                    "total": ["total"],
                }.items()
            ),
            models.Index(
                fields=_OWED,
                name="invoice_owed",
                condition=Q(status__in=["open", "uncollectible"]),
            ),
            models.Index(
                fields=["due_on", "id", "kind"],
                name="invoice_partly_paid",
                condition=Q(status="open", settled__gt=0),
            ),
            models.Index(fields=["currency", "id"], name="invoice_by_currency"),
            models.Index(fields=["kind", "id"], name="invoice_of_other_kind", condition=~Q(kind="invoice")),
            models.Index(fields=["customer", "status", "id"], name="invoice_by_customer"),
            models.Index(fields=["due_on", "id"], name="invoice_by_due"),
            models.Index(fields=["issued_on", "id"], name="invoice_by_issue"),
            models.Index(fields=["number", "id"], name="invoice_by_number"),
            models.Index(fields=["customer_name", "id"], name="invoice_by_customer_name"),
            models.Index(fields=["total", "id"], name="invoice_by_total"),
            models.Index(fields=["opened_at"], name="invoice_by_opened"),
            models.Index(fields=["source_reference"], name="invoice_by_source", condition=~Q(source_reference="")),
            models.Index(fields=["settled_on"], name="invoice_by_settled", condition=Q(settled_on__isnull=False)),
            models.Index(fields=["corrects"], name="invoice_by_corrected", condition=Q(corrects__isnull=False)),
            models.Index(
                fields=_UNSENT,
                name="invoice_unsent",
                condition=Q(billed_at=None),
            ),
            *(
                models.Index(fields=[*sort, "id"], name=f"invoice_unsent_by_{name}", condition=Q(billed_at=None))
                for name, sort in {
                    "newest": [],
                    "number": ["number"],
                    "name": ["customer_name"],
                    "total": ["total"],
                }.items()
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="invoice_kind_known", condition=Q(kind__in=["invoice", "credit_note", "claim"])
            ),
            models.CheckConstraint(
                name="invoice_status_known", condition=Q(status__in=["draft", "open", "paid", "void", "uncollectible"])
            ),
            models.CheckConstraint(
                name="invoice_number_iff_opened",
                condition=Q(status="draft", seq=None, counter=None, opened_at=None, number="")
                | (
                    ~Q(status="draft")
                    & Q(seq__isnull=False, counter__isnull=False, opened_at__isnull=False, issued_on__isnull=False)
                    & ~Q(number="")
                ),
            ),
            models.UniqueConstraint(fields=["counter", "seq"], name="invoice_seq_once", condition=Q(seq__isnull=False)),
            models.UniqueConstraint(fields=["number"], name="invoice_number_once", condition=~Q(number="")),
            models.CheckConstraint(
                name="invoice_settled_within",
                condition=Q(settled=0, status="draft")
                | (Q(settled__gte=0, prepaid__gte=0, total__gte=F("prepaid") + F("settled")) & ~Q(status="draft")),
            ),
            models.CheckConstraint(
                name="invoice_paid_iff_settled",
                condition=Q(status__in=["draft", "void"])
                | Q(status="paid", total=F("prepaid") + F("settled"))
                | Q(status__in=["open", "uncollectible"], total__gt=F("prepaid") + F("settled")),
            ),
            models.CheckConstraint(
                name="invoice_credited_within",  # total < 0 only in a draft, which nothing credits
                condition=Q(credited=0) | Q(credited__gt=0, total__gte=F("credited"), kind__in=["invoice", "claim"]),
            ),
            models.CheckConstraint(
                name="invoice_credit_within_settled",
                condition=Q(settled_by_credit__gte=0, settled__gte=F("settled_by_credit")),
            ),
            models.CheckConstraint(
                name="invoice_settled_on_iff_paid",
                condition=Q(status="paid", settled_on__isnull=False) | (~Q(status="paid") & Q(settled_on=None)),
            ),
            models.CheckConstraint(
                name="invoice_voided_on_iff_void",
                condition=Q(status="void", voided_on__isnull=False) | (~Q(status="void") & Q(voided_on=None)),
            ),
            models.CheckConstraint(
                name="invoice_uncollectible_on_iff",
                condition=Q(status="uncollectible", uncollectible_on__isnull=False)
                | (~Q(status="uncollectible") & Q(uncollectible_on=None)),
            ),
            models.CheckConstraint(
                name="invoice_period_forward",
                condition=Q(period_start=None) | Q(period_end=None) | Q(period_end__gte=F("period_start")),
            ),
        ]

    def __str__(self):
        return self.number or str(_("Draft for %s") % (self.customer_name or "…"))

    @property
    def is_draft(self):
        return self.status == self.Status.DRAFT

    @property
    def is_credit_note(self):
        return self.kind == self.Kind.CREDIT_NOTE

    def days_late(self, today) -> int:
        """Whole days after the due date; 0 unless open with a balance and late."""
        if self.status != self.Status.OPEN or self.is_credit_note or not self.due_on:
            return 0
        return max((today - self.due_on).days, 0)
