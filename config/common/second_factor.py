"""The second factor: a code from an app on one's phone. Everybody may have one, admins and managers must."""

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db.models import Exists, OuterRef
from django.urls import reverse

from .leading import go
from .roles import Role

REQUIRED_OF = {Role.MANAGER, Role.ADMIN}
# All that somebody can reach who must have one and has none. A password is typed once more before it is set up.
OPEN_WITHOUT = {
    "mfa_activate_totp",
    "account_reauthenticate",
    "account_logout",
    "admin:logout",
    "healthz_live",
    "healthz_ready",
    "pixel",  # a picture in a mail
}


def is_required_of(user) -> bool:
    return settings.REQUIRE_MFA and user.role in REQUIRED_OF


def is_set_up(user) -> bool:
    return _of(user.pk).exists()


def on_or_off():
    """For a queryset of people: whether each has one."""
    return Exists(_of(OuterRef("pk")))


def _of(user_pk):
    return Authenticator.objects.filter(user=user_pk, type=Authenticator.Type.TOTP)


class SecondFactorMiddleware:
    """Lead whoever must have a second factor and has none to the page that sets one up, from wherever they go."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_view(self, request, view, args, kwargs):
        user = request.user
        if not user.is_authenticated or request.resolver_match.view_name in OPEN_WITHOUT:
            return None
        if not is_required_of(user) or is_set_up(user):
            return None
        return go(request, reverse("mfa_activate_totp"))
