"""People, the trail, and the worker's pulse."""

import zoneinfo

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Now
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
