"""Django admin, reached through our own sign-in, for admins alone."""

from django.contrib.admin import AdminSite as BaseSite
from django.contrib.admin.apps import AdminConfig as BaseConfig
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

_OURS = {"config", "customers", "invoicing", "dunning", "portal"}


class AdminSite(BaseSite):
    site_header = site_title = _("Dunlin administration")
    index_title = _("Set-up and rescue")
    enable_nav_sidebar = False

    def register(self, model_or_iterable, admin_class=None, **options):
        """Only pages of our own writing. Those that packages bring write past the services: a schedule of the queue
        would run any function, a second factor shows its secret, a second address signs somebody else in.
        """
        if admin_class is not None and admin_class.__module__.split(".")[0] in _OURS:
            super().register(model_or_iterable, admin_class, **options)

    def login(self, request, extra_context=None):
        """To our own sign-in, and from there to the page that was asked for. Forbidden for whoever is in and no admin:
        sending them to sign in would send them in circles.
        """
        from django.contrib.auth.views import redirect_to_login  # needs the apps, this module makes one

        from .common import leading, roles

        wanted = leading.safe_next(request) or reverse("admin:index")
        if not request.user.is_authenticated:
            return redirect_to_login(wanted)
        roles.require(request.user, "user.write")
        return HttpResponseRedirect(wanted)


class AdminConfig(BaseConfig):
    default_site = "config.admin.AdminSite"
