"""People, the trail, and the worker's pulse."""

import zoneinfo

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Now
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from .roles import Role


def check_time_zone(name):
    """Refuse with ValidationError what is no IANA time zone."""
    if name not in zoneinfo.available_timezones():
        raise ValidationError(_("%(name)s is no time zone. Use a name such as Europe/Berlin."), params={"name": name})


class UserQuerySet(models.QuerySet):
    def active(self):
        return self.filter(is_active=True)


class UserManager(BaseUserManager.from_queryset(UserQuerySet)):  # type: ignore[misc]
    def create_user(self, email, password=None, **fields):
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save()
        return user

    def create_superuser(self, email, password=None, **fields):
        return self.create_user(email, password, **{**fields, "role": Role.ADMIN})

    def get_by_natural_key(self, email):
        return self.get(email__iexact=email)


class User(AbstractBaseUser):
    """A member of staff. What they may do follows from the role alone (roles.py)."""

    email = models.EmailField(_("email"), unique=True)
    name = models.CharField(_("name"), max_length=120)
    role = models.CharField(_("role"), max_length=10, choices=Role.choices, default=Role.VIEWER)
    time_zone = models.CharField(_("time zone"), max_length=64, default="UTC", validators=[check_time_zone])
    language = models.CharField(_("language"), max_length=10, default="en")
    is_active = models.BooleanField(_("active"), default=True)
    joined_at = models.DateTimeField(_("joined at"), db_default=Now(), editable=False)
    invited_at = models.DateTimeField(null=True, editable=False)  # the invitation that counts; None once accepted
    session_round = models.PositiveIntegerField(default=0, editable=False)  # a higher one ends every session

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["name"]
    objects = UserManager()

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        constraints = [models.CheckConstraint(name="user_role_known", condition=models.Q(role__in=Role.values))]

    def __str__(self):
        return self.name or self.email

    @property
    def initials(self):
        return "".join(word[0] for word in str(self).split()[:2]).upper()

    def get_session_auth_hash(self):
        """Sessions made with another password, or in an earlier round, are over."""
        return self._session_hash()

    def get_session_auth_fallback_hash(self):
        return (self._session_hash(secret) for secret in settings.SECRET_KEY_FALLBACKS)

    def _session_hash(self, secret=None):
        text = f"{self.session_round}:{self.password}"
        return salted_hmac("dunlin.session", text, secret=secret, algorithm="sha256").hexdigest()

    # Django admin asks these; they are the role's, so there is no second table of permissions.
    @property
    def is_staff(self):
        return self.is_active and self.role == Role.ADMIN

    @property
    def is_superuser(self):
        return self.is_staff

    def has_perm(self, perm, obj=None):
        return self.is_staff

    def has_perms(self, perms, obj=None):
        return self.is_staff

    def has_module_perms(self, app_label):
        return self.is_staff


class AuditEventQuerySet(models.QuerySet):
    def for_thread(self, obj):
        """Everything that happened to one thing and what hangs on it, oldest first."""
        return self.filter(thread=thread_of(obj)).order_by("seq")


def thread_of(obj) -> str:
    return f"{obj._meta.model_name}:{obj.pk}"


class AuditEvent(models.Model):
    """One fact of the trail: who did what to which row, when, with what before and after. Append-only by trigger."""

    seq = models.BigAutoField(primary_key=True)
    at = models.DateTimeField(db_default=Now())
    actor_type = models.CharField(max_length=10)  # user, system, contact
    actor_id = models.BigIntegerField(null=True)
    actor_name = models.CharField(max_length=150)
    source = models.CharField(max_length=10)
    request_id = models.CharField(max_length=36, blank=True)
    action = models.CharField(max_length=50)
    object_type = models.CharField(max_length=50)
    object_id = models.BigIntegerField()
    thread = models.CharField(max_length=80)  # whose timeline shows it: "invoice:7", also for its deliveries
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    reason = models.TextField(blank=True)

    objects = AuditEventQuerySet.as_manager()

    class Meta:
        verbose_name = _("audit event")
        verbose_name_plural = _("audit events")
        indexes = [
            models.Index(fields=["thread", "seq"], name="audit_thread"),
            models.Index(fields=["object_type", "object_id"], name="audit_object"),
        ]

    def __str__(self):
        return f"{self.seq} {self.action}"


class Heartbeat(models.Model):
    """The last sign of life of a background process, by name. Database time."""

    name = models.CharField(max_length=50, primary_key=True)
    beat_at = models.DateTimeField()
    started_at = models.DateTimeField()
    detail = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name = _("heartbeat")
        verbose_name_plural = _("heartbeats")

    def __str__(self):
        return self.name


class SavedView(models.Model):
    """A list as somebody likes it: filters, sort and columns under a name; shared ones are everybody's to use."""

    owner = models.ForeignKey(User, models.CASCADE, related_name="saved_views")
    page = models.CharField(max_length=80)  # the list's URL name
    name = models.CharField(_("name"), max_length=60)
    query = models.TextField(blank=True)  # a query string, without the place in the list
    is_shared = models.BooleanField(_("shared with everybody"), default=False)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("saved view")
        verbose_name_plural = _("saved views")
        ordering = ["name", "pk"]
        constraints = [models.UniqueConstraint(fields=["owner", "page", "name"], name="saved_view_once")]
        indexes = [models.Index(fields=["page", "name"], name="saved_view_by_page")]

    def __str__(self):
        return self.name


class RateLimit(models.Model):
    """How often something was tried in a span of time: rows, so that all processes and hosts count together."""

    key = models.CharField(max_length=120)  # what is counted and for whom; addresses and names only as a hash
    since = models.DateTimeField()  # beginning of the span, database time
    tries = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("rate limit")
        verbose_name_plural = _("rate limits")
        constraints = [models.UniqueConstraint(fields=["key", "since"], name="rate_limit_once_a_span")]
        indexes = [models.Index(fields=["since"], name="rate_limit_by_age")]

    def __str__(self):
        return self.key


class SheetImport(models.Model):
    """One CSV or XLSX file brought in: kept as it came, mapped, looked at, then made (all rows, or the good ones)."""

    kind = models.CharField(max_length=20)  # a key of settings.SHEET_IMPORTS
    name = models.CharField(_("file name"), max_length=200)
    content = models.BinaryField()
    table = models.BinaryField(default=bytes)  # as it was read, see sheets/keeping.py
    mapping = models.JSONField(default=dict)  # {"columns": {field: place of the file's column}, "options": {…}}
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")  # who brought it; then who imports it
    created_at = models.DateTimeField(db_default=Now())
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    outcome = models.JSONField(default=dict)  # after it was made: how many, which rows were left out and why

    class Meta:
        verbose_name = _("spreadsheet import")
        verbose_name_plural = _("spreadsheet imports")

    def __str__(self):
        return self.name


class SheetItemQuerySet(models.QuerySet):
    def waiting(self):
        return self.filter(made_at=None, reason="")


class SheetItem(models.Model):
    """One thing that an import makes of one row or of several that belong together, once."""

    sheet = models.ForeignKey(SheetImport, models.CASCADE, related_name="items")
    first_row = models.PositiveIntegerField()
    rows = models.JSONField(default=list)  # numbers, as the spreadsheet shows them
    label = models.CharField(max_length=200, blank=True)
    object_id = models.BigIntegerField(null=True)  # of what was made; its kind is the sheet's
    made_at = models.DateTimeField(null=True)
    reason = models.TextField(blank=True)  # why it could not be made after all

    objects = SheetItemQuerySet.as_manager()

    class Meta:
        verbose_name = _("row of a spreadsheet import")
        verbose_name_plural = _("rows of spreadsheet imports")
        ordering = ["sheet", "first_row"]
        constraints = [models.UniqueConstraint(fields=["sheet", "first_row"], name="sheet_item_once_a_row")]

    def __str__(self):
        return self.label


class Submission(models.Model):
    """A form that made something, by the token it carried, so that it makes no second one (once.py)."""

    token = models.CharField(max_length=64, unique=True)  # a hash
    content = models.CharField(max_length=64)  # a hash of what was typed
    path = models.CharField(max_length=200, blank=True)  # where what it made is seen
    name = models.CharField(max_length=200, blank=True)  # what that is called
    made_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("form sent")
        verbose_name_plural = _("forms sent")
        indexes = [models.Index(fields=["made_at"], name="submission_by_age")]

    def __str__(self):
        return self.name
