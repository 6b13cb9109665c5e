"""Who: the parties, ours and theirs."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower, Now
from django.utils.translation import gettext_lazy as _

from config.common.errors import DomainError
from config.common.fields import RateField
from config.common.models import check_time_zone

from .parts import PostalAddress, Reach, Tracking, TrackingOrOurs


class Party(models.Model):
    """What an invoice must say of either side (EN 16931: BG-4 seller, BG-7 buyer)."""

    vat_id = models.CharField(_("VAT id"), max_length=30, blank=True)
    tax_number = models.CharField(_("tax number"), max_length=40, blank=True)
    registration_no = models.CharField(_("registration number"), max_length=60, blank=True)
    registration_scheme = models.CharField(_("registration scheme (ISO 6523)"), max_length=4, blank=True)
    endpoint_scheme = models.CharField(_("e-invoice address scheme (EAS)"), max_length=4, blank=True)
    endpoint_id = models.CharField(_("e-invoice address"), max_length=80, blank=True)
    language = models.CharField(_("language"), max_length=10, choices=settings.LANGUAGES, default="en")
    time_zone = models.CharField(_("time zone"), max_length=64, default="UTC", validators=[check_time_zone])
    currency = models.CharField(_("currency"), max_length=3, default="EUR")
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        abstract = True


class OrganizationQuerySet(models.QuerySet):
    def current(self):
        """The one row; DomainError where the installation has not been set up."""
        found = self.order_by("pk").first()
        if found is None:
            raise DomainError(_("Nobody has said yet whose invoices these are. Fill in Settings → Organization first."))
        return found


class Organization(Party, PostalAddress, Tracking):
    """Us: one row an installation."""

    legal_name = models.CharField(_("legal name"), max_length=160)
    trade_name = models.CharField(_("trading name"), max_length=160, blank=True)
    email = models.EmailField(_("email"), blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    website = models.URLField(_("website"), blank=True)
    portal_link_in_emails = models.BooleanField(_("put a portal link in emails"), default=True)
    logo = models.BinaryField(_("logo"), null=True, blank=True, editable=False)  # PNG, re-encoded by us

    objects = OrganizationQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = _("organization")

    def __str__(self):
        return self.trade_name or self.legal_name


class OrganizationEmail(models.Model):
    """One of our own addresses that gets copies."""

    organization = models.ForeignKey(Organization, models.CASCADE, related_name="emails")
    email = models.EmailField(_("email"))
    label = models.CharField(_("label"), max_length=80, blank=True)
    preselected = models.BooleanField(_("preselected when sending"), default=True)

    class Meta:
        verbose_name = _("organization email")
        verbose_name_plural = _("organization emails")
        constraints = [models.UniqueConstraint("organization", Lower("email"), name="organization_email_once")]
        ordering = ["pk"]

    def __str__(self):
        return self.email


class BankAccount(models.Model):
    """Where customers pay to, for one currency or for all. Its numbers never change: a change is another row."""

    organization = models.ForeignKey(Organization, models.CASCADE, related_name="bank_accounts")
    holder = models.CharField(_("account holder"), max_length=140)
    bank_name = models.CharField(_("bank"), max_length=120, blank=True)
    iban = models.CharField(_("IBAN"), max_length=34, blank=True)
    bic = models.CharField(_("BIC"), max_length=11, blank=True)
    account_no = models.CharField(_("account number (where there is no IBAN)"), max_length=40, blank=True)
    routing = models.CharField(_("routing, sort or branch code"), max_length=40, blank=True)
    currency = models.CharField(_("currency"), max_length=3, blank=True)  # blank = any
    active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("bank account")
        verbose_name_plural = _("bank accounts")
        ordering = ["pk"]
        constraints = [models.CheckConstraint(name="bank_account_has_a_number", condition=~Q(iban="", account_no=""))]

    def __str__(self):
        return self.iban or self.account_no


class BankAccountChange(models.Model):
    """A change of where customers pay to: proposed by one person, confirmed by another."""

    class Kind(models.TextChoices):
        NEW = "new", _("New account")
        CHANGED = "changed", _("Changed account")
        REMOVED = "removed", _("Account no longer offered")
        RESTORED = "restored", _("Account offered again")

    class Status(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        APPLIED = "applied", _("In effect")
        REJECTED = "rejected", _("Rejected")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    TRANSITIONS = {Status.WAITING: {Status.APPLIED, Status.REJECTED, Status.WITHDRAWN}}

    organization = models.ForeignKey(Organization, models.PROTECT, related_name="bank_account_changes")
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    status = models.CharField(_("status"), max_length=10, choices=Status.choices, default=Status.WAITING)
    account = models.ForeignKey(BankAccount, models.PROTECT, null=True, related_name="changes")  # none for a new one
    made = models.ForeignKey(BankAccount, models.PROTECT, null=True, related_name="+")
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    proposed_at = models.DateTimeField(_("proposed at"))
    effective_at = models.DateTimeField(_("takes effect at"), null=True)  # by itself; none: when somebody confirms it
    told_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(_("decided at"), null=True)
    reason = models.TextField(_("reason"), blank=True)

    class Meta:
        verbose_name = _("change of a bank account")
        verbose_name_plural = _("changes of bank accounts")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                name="bank_change_kind_known", condition=Q(kind__in=["new", "changed", "removed", "restored"])
            ),
            models.CheckConstraint(
                name="bank_change_status_known",
                condition=Q(status__in=["waiting", "applied", "rejected", "withdrawn"]),
            ),
            models.CheckConstraint(
                name="bank_change_of_something",
                condition=Q(kind="new", account=None) | Q(~Q(kind="new"), account__isnull=False),
            ),
            models.UniqueConstraint(fields=["account"], condition=Q(status="waiting"), name="one_waiting_bank_change"),
        ]
        indexes = [models.Index(fields=["status"], name="bank_change_waiting", condition=Q(status="waiting"))]

    def __str__(self):
        return str(_("The change of a bank account"))


class CustomerQuerySet(models.QuerySet):
    def current(self):
        return self.filter(archived_at=None)

    def archived(self):
        return self.exclude(archived_at=None)


class Customer(Party, TrackingOrOurs):
    """A business or a person who owes us."""

    class Kind(models.TextChoices):
        BUSINESS = "business", _("Business")
        CONSUMER = "consumer", _("Consumer")

    number = models.CharField(_("customer number"), max_length=30, unique=True)
    name = models.CharField(_("name"), max_length=160)
    latin_name = models.CharField(_("name in Latin letters"), max_length=160, blank=True)
    kind = models.CharField(_("business or consumer"), max_length=10, choices=Kind.choices, default=Kind.BUSINESS)
    terms_days = models.PositiveSmallIntegerField(_("payment terms, days net"), default=30)
    discount_percent = RateField(_("cash discount, percent"), max_digits=5, decimal_places=2, default=0)
    discount_days = models.PositiveSmallIntegerField(_("cash discount within days"), default=0)
    buyer_reference = models.CharField(_("buyer reference"), max_length=120, blank=True)
    notes = models.TextField(_("notes"), blank=True)
    archived_at = models.DateTimeField(_("archived at"), null=True, blank=True, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = CustomerQuerySet.as_manager()

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        indexes = [
            models.Index("name", "id", name="customer_by_name"),
            models.Index(fields=["vat_id"], name="customer_by_vat", condition=~Q(vat_id="")),
            models.Index(
                fields=["endpoint_scheme", "endpoint_id"], name="customer_by_endpoint", condition=~Q(endpoint_id="")
            ),
        ]
        constraints = [
            models.CheckConstraint(name="customer_kind_known", condition=Q(kind__in=["business", "consumer"])),
        ]

    def __str__(self):
        return self.name

    @property
    def is_archived(self):
        return self.archived_at is not None


class Address(PostalAddress):
    class Kind(models.TextChoices):
        BILLING = "billing", _("Billing")
        DELIVERY = "delivery", _("Delivery")

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="addresses")
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices, default=Kind.BILLING)
    attention = models.CharField(_("attention of"), max_length=120, blank=True)

    class Meta:
        verbose_name = _("address")
        verbose_name_plural = _("addresses")
        constraints = [
            models.UniqueConstraint(fields=["customer"], condition=Q(kind="billing"), name="one_billing_address")
        ]
        ordering = ["kind", "pk"]

    def __str__(self):
        return ", ".join(part for part in (self.street, f"{self.postcode} {self.city}".strip(), self.country) if part)


class ContactQuerySet(models.QuerySet):
    def mailable(self):
        return self.exclude(email="")

    def troubled(self):
        """Mail to them came back, or they complained: somebody looks before the next is sent."""
        return self.exclude(email="").exclude(bounced_at=None, complained_at=None)


class Contact(Reach):
    class Role(models.TextChoices):
        PRIMARY = "primary", _("Primary contact")
        FINANCE = "finance", _("Finance contact")
        OTHER = "other", _("Other")

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="contacts")
    name = models.CharField(_("name"), max_length=120, blank=True)
    email = models.EmailField(_("email"), blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    role = models.CharField(_("role"), max_length=10, choices=Role.choices, default=Role.PRIMARY)
    gets_invoices = models.BooleanField(_("gets invoices by email"), default=True)

    objects = ContactQuerySet.as_manager()

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        constraints = [
            models.UniqueConstraint(
                "customer", Lower("email"), condition=~Q(email=""), name="contact_email_once_a_customer"
            ),
            models.CheckConstraint(name="contact_role_known", condition=Q(role__in=["primary", "finance", "other"])),
        ]
        ordering = ["pk"]

    def __str__(self):
        return self.name or self.email
