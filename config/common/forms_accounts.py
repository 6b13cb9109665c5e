"""allauth's forms, with the house's counting of tries; named by ACCOUNT_FORMS and MFA_FORMS."""

from allauth.account import forms as account
from allauth.account.adapter import get_adapter
from allauth.core import context
from allauth.core.internal.cryptokit import normalize_user_code
from allauth.mfa import app_settings
from allauth.mfa.base import forms as mfa
from allauth.mfa.models import Authenticator

from . import attempts, limits


class ResetPasswordForm(account.ResetPasswordForm):
    def save(self, request, **kwargs):
        """Too many mails asked for: none goes, and the answer is the same."""
        if attempts.may_mail(request, self.cleaned_data["email"]):
            return super().save(request, **kwargs)
        return self.cleaned_data["email"]


class ChangePasswordForm(account.ChangePasswordForm):
    def clean_oldpassword(self):
        """The present password is guessed here no faster than at the door."""
        attempt = _begin("password", self.user)
        typed = super().clean_oldpassword()
        attempt.forgive()
        return typed


class _CountedCode:
    def clean_code(self):
        attempt = _begin("code", self.user)
        code = super().clean_code()
        if self.authenticator.type == Authenticator.Type.TOTP:
            seconds = app_settings.TOTP_PERIOD * (2 * app_settings.TOTP_TOLERANCE + 1)
            if not limits.once("code used", self.user.pk, normalize_user_code(code), seconds=seconds):
                raise get_adapter().validation_error("incorrect_code")
        attempt.forgive()
        return code


class AuthenticateForm(_CountedCode, mfa.AuthenticateForm):
    """The second step of signing in."""


class ReauthenticateForm(_CountedCode, mfa.ReauthenticateForm):
    """A code once more before a change."""


def _begin(what, user):
    attempt = attempts.begin(context.request, what, user.email)
    if attempt is None:
        raise get_adapter().validation_error("too_many_login_attempts")
    return attempt
