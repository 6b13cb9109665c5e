"""What Django and allauth say about signing in becomes events of the trail."""

from allauth.account import signals as account
from allauth.mfa import signals as mfa
from django.contrib.auth import signals as auth
from django.dispatch import receiver

from . import audit, limits, sessions
from .models import User
from .roles import System

NOBODY = System("Somebody not signed in")


@receiver(auth.user_logged_in)
def _session_begins(sender, request, user, **kwargs):
    if hasattr(request, "session"):
        sessions.begin(request)


@receiver(account.user_logged_in)
def _signed_in(sender, user, **kwargs):
    audit.record("user.signed_in", user, by=user)


@receiver(auth.user_logged_out)
def _signed_out(sender, user, **kwargs):
    if user is not None:
        audit.record("user.signed_out", user, by=user)


@receiver(auth.user_login_failed)
def _refused(sender, credentials, **kwargs):
    """A wrong password. The address of an account that does not exist enters the trail as a hash."""
    email = str(credentials.get("email") or credentials.get("username") or "").strip().lower()
    known = User.objects.filter(email=email).first()
    after = {"step": "password"} if known else {"step": "password", "address": limits.fingerprint("address", email)}
    audit.record("user.sign_in_failed", known or User(pk=0), by=NOBODY, after=after)


@receiver(mfa.authentication_failed)
def _wrong_code(sender, user, **kwargs):
    audit.record("user.sign_in_failed", user, by=NOBODY, after={"step": "second factor"})


@receiver(account.password_changed)
def _password_changed(sender, user, **kwargs):
    audit.record("user.password_changed", user, by=user)


@receiver(account.password_set)
@receiver(account.password_reset)
def _password_reset(sender, user, **kwargs):
    audit.record("user.password_reset", user, by=user)


@receiver(mfa.authenticator_added)
def _second_factor_added(sender, user, authenticator, **kwargs):
    audit.record("user.second_factor_added", user, by=user, after={"second_factor": authenticator.type})


@receiver(mfa.authenticator_removed)
def _second_factor_removed(sender, user, authenticator, **kwargs):
    audit.record("user.second_factor_removed", user, by=user, before={"second_factor": authenticator.type})


@receiver(mfa.authenticator_reset)
def _second_factor_reset(sender, user, authenticator, **kwargs):
    audit.record("user.second_factor_renewed", user, by=user, after={"second_factor": authenticator.type})
