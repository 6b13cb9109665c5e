"""Members of staff: made, changed and turned off by admins; everybody sets their own zone and language."""

from contextlib import contextmanager

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from . import audit, edits, roles
from .errors import DomainError
from .models import User
from .roles import Role

ACT = "user.write"
FIELDS = {"email", "name", "role", "time_zone", "language", "is_active"}


def create_person(*, by, email: str, name: str, password: str, role: str = Role.VIEWER, **fields) -> User:
    """Make an account. DomainError: the address has one already, or the password is too weak."""
    roles.require(by, ACT)
    _known(fields)
    user = edits.fill(User(), {**fields, "email": email.strip().lower(), "name": name.strip(), "role": role})
    _judge(password, user)
    user.set_password(password)
    with _once(user):
        user.save(force_insert=True)
        audit.record("user.created", user, by=by, after={"email": user.email, "name": user.name, "role": user.role})
    return user


def change_person(user: User, *, by, **fields) -> User:
    """Change an account. DomainError where no active admin would be left, or the address belongs to somebody else."""
    roles.require(by, ACT)
    _known(fields)
    if "email" in fields:
        fields["email"] = fields["email"].strip().lower()
    stays_admin = fields.get("role", user.role) == Role.ADMIN and fields.get("is_active", user.is_active)
    others = User.objects.active().filter(role=Role.ADMIN).exclude(pk=user.pk)
    was_admin = User.objects.active().filter(pk=user.pk, role=Role.ADMIN).exists()
    if was_admin and not stays_admin and not others.exists():
        raise DomainError(_("This is the last active admin. Make somebody else an admin first."))
    with _once(user):
        edits.change(user, fields, by=by, action="user.changed")
        EmailAddress.objects.filter(user=user).exclude(email=user.email).delete()  # the old one signs in nobody now
    return user


def set_password(user: User, *, by, password: str) -> User:
    """Give an account a new password, which ends its sessions. DomainError if it is too weak."""
    roles.require(by, ACT)
    _judge(password, user)
    user.set_password(password)
    with transaction.atomic():
        user.save(update_fields=["password"])
        audit.record("user.password_set", user, by=by)
    return user


def remove_second_factor(user: User, *, by, kind: str) -> None:
    """Take away a second factor that somebody has lost (`kind` as allauth names it: totp, recovery_codes …)."""
    roles.require(by, ACT)
    with transaction.atomic():
        Authenticator.objects.filter(user=user, type=kind).delete()
        audit.record("user.second_factor_removed", user, by=by, before={"second_factor": kind})


def change_own_profile(user: User, *, by: User, name: str, time_zone: str, language: str) -> User:
    """One's own name, time zone and language; nobody else's."""
    roles.require(by, "view")
    if user.pk != by.pk:
        raise DomainError(_("This is somebody else's profile. Admins change it under Users."))
    values = {"name": name.strip(), "time_zone": time_zone, "language": language}
    edits.change(user, values, by=by, action="user.profile_changed")
    return user


@contextmanager
def _once(user):
    try:
        with transaction.atomic():
            yield
    except IntegrityError:
        raise DomainError(_("%(email)s has an account already.") % {"email": user.email}) from None


def _judge(password, user):
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise DomainError(" ".join(error.messages)) from None


def _known(fields):
    unknown = set(fields) - FIELDS
    if unknown:
        raise TypeError(f"a person has no {sorted(unknown)}")
