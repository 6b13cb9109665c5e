"""How allauth behaves in this house. Accounts are made by an admin; nobody signs up."""

import logging

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from django.utils.translation import gettext_lazy as _

from . import attempts, second_factor, sessions

logger = logging.getLogger("dunlin.accounts")


class Accounts(DefaultAccountAdapter):
    def is_open_for_signup(self, request):
        return False

    def authenticate(self, request, **credentials):
        """Whose password this is. Who tries too often is refused (ValidationError) before it is looked at."""
        attempt = attempts.begin(request, "password", credentials.get("email", ""))
        if attempt is None:
            logger.warning("too many tries at a password")
            raise self.validation_error("too_many_login_attempts")
        user = super().authenticate(request, **credentials)
        if user:
            attempt.forgive()
        return user

    def is_reauthentication_required(self, *, app, **kwargs):
        """Not again from who has just signed in."""
        required = super().is_reauthentication_required(app=app, **kwargs)
        return required and not sessions.confirmed_lately(context.request)

    def post_login(self, request, user, **hook):
        response = super().post_login(request, user, **hook)
        attempts.remember_browser(request, response, user)
        return response

    def send_mail(self, template_prefix, email, mail_context):
        """A mail server that is away must not tell strangers which addresses are known, nor undo what was done."""
        try:
            super().send_mail(template_prefix, email, mail_context)
        except Exception:
            logger.exception("a mail about an account (%s) could not be handed over", template_prefix)


class SecondFactors(DefaultMFAAdapter):
    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "cannot_delete_authenticator": _(
            "Your role needs a second factor, so it stays. A new phone? Ask an admin to remove this one."
        ),
    }

    def can_delete_authenticator(self, authenticator):
        return not second_factor.is_required_of(authenticator.user)
