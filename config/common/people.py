"""Members of staff: made, changed and turned off by admins; everybody sets their own zone and language."""

from contextlib import contextmanager

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.utils.translation import gettext as _

from . import audit, edits, roles
from .errors import DomainError
from .models import User
from .roles import Role

ACT = "user.write"
FIELDS = {"email", "name", "role", "time_zone", "language", "is_active"}


def create_person(*, by, email: str, name: str, password: str | None, role: str = Role.VIEWER, **fields) -> User:
    """Make an account; without a password for somebody who is invited to choose one (inviting.py).

    DomainError: the address has one already, or the password is too weak.
    """
    roles.require(by, ACT)
    _known(fields)
    user = edits.fill(User(), {**fields, "email": email.strip().lower(), "name": name.strip(), "role": role})
    if password is not None:
        judge_password(password, user)
    user.set_password(password)
    action = "user.invited" if password is None else "user.created"
    with _once(user):
        user.save(force_insert=True)
        audit.record(action, user, by=by, after={"email": user.email, "name": user.name, "role": user.role})
    return user


def change_person(user: User, *, by, seen: int | None = None, **fields) -> User:
    """Change an account; `seen` as in edits. To turn it off ends its sessions at once.

    DomainError where no active admin would be left, where it is one's own role, or the address is somebody else's.
    """
    roles.require(by, ACT)
    _known(fields)
    if "email" in fields:
        fields["email"] = fields["email"].strip().lower()
    goes_off = not fields.get("is_active", True)
    turned = "is_active" in fields and fields["is_active"] != user.is_active
    action = ("user.deactivated" if goes_off else "user.reactivated") if turned else "user.changed"
    with _once(user):
        _judge_role(user, by, fields.get("role", user.role), goes_off)
        edits.change(user, fields, by=by, action=action, seen=seen)
        EmailAddress.objects.filter(user=user).exclude(email=user.email).delete()  # the old one signs in nobody now
        if turned and goes_off:
            _end_sessions(user)
    return user


def deactivate_person(user: User, *, by) -> User:
    """Nobody signs in with this account any more, and whoever is, is out at once. Refused as `change_person` says."""
    return change_person(user, by=by, is_active=False)


def reactivate_person(user: User, *, by) -> User:
    """The account works again, with the password and the second factor it had."""
    return change_person(user, by=by, is_active=True)


def set_password(user: User, *, by, password: str) -> User:
    """Give an account a new password, which ends its sessions. DomainError if it is too weak."""
    roles.require(by, ACT)
    judge_password(password, user)
    user.set_password(password)
    user.invited_at = None
    with transaction.atomic():
        user.save(update_fields=["password", "invited_at"])
        audit.record("user.password_set", user, by=by)
    return user


def remove_second_factor(user: User, *, by, kind: str = "") -> None:
    """Take away a second factor that somebody has lost, and end their sessions: one of them may be the finder's.

    `kind` as allauth names it (totp, recovery_codes); without it all. DomainError if there is none.
    """
    roles.require(by, ACT)
    with transaction.atomic():
        found = Authenticator.objects.filter(user=user, **({"type": kind} if kind else {}))
        kinds = sorted(found.values_list("type", flat=True))
        if not kinds:
            raise DomainError(_("%(name)s has no second factor, so there is none to remove.") % {"name": user})
        found.delete()
        _end_sessions(user)
        audit.record("user.second_factor_removed", user, by=by, before={"second_factor": ", ".join(kinds)})


def change_own_profile(user: User, *, by: User, name: str, time_zone: str, language: str) -> User:
    """One's own name, time zone and language; nobody else's."""
    roles.require(by, "view")
    if user.pk != by.pk:
        raise DomainError(_("This is somebody else's profile. Admins change it under Users."))
    values = {"name": name.strip(), "time_zone": time_zone, "language": language}
    edits.change(user, values, by=by, action="user.profile_changed")
    return user


def _judge_role(user, by, role, goes_off):
    """The rows of all admins are held while looking, so that two who turn each other off cannot both succeed."""
    admins = set(User.objects.select_for_update().active().filter(role=Role.ADMIN).values_list("pk", flat=True))
    if admins == {user.pk} and (role != Role.ADMIN or goes_off):
        raise DomainError(_("This is the last active admin. Make somebody else an admin first."))
    if user.pk == by.pk and (role != user.role or goes_off):
        raise DomainError(_("Nobody changes their own role or turns their own account off. Ask another admin."))


def _end_sessions(user):
    User.objects.filter(pk=user.pk).update(session_round=models.F("session_round") + 1)
    user.refresh_from_db(fields=["session_round"])


@contextmanager
def _once(user):
    try:
        with transaction.atomic():
            yield
    except IntegrityError:
        raise DomainError(_("%(email)s has an account already.") % {"email": user.email}) from None


def judge_password(password: str, user: User) -> None:
    """DomainError if the password is too short, too common or too much like its person."""
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise DomainError(" ".join(error.messages)) from None


def _known(fields):
    unknown = set(fields) - FIELDS
    if unknown:
        raise TypeError(f"a person has no {sorted(unknown)}")
