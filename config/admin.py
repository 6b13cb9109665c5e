"""Django admin, reached through our own sign-in, for admins alone."""

from django.contrib.admin import AdminSite as BaseSite
from django.contrib.admin.apps import AdminConfig as BaseConfig
from django.utils.translation import gettext_lazy as _


class AdminSite(BaseSite):
    site_header = site_title = _("Dunlin administration")
    index_title = _("Set-up and rescue")
    enable_nav_sidebar = False

    def login(self, request, extra_context=None):
        from django.contrib.auth.views import redirect_to_login  # needs the apps, this module makes one

        return redirect_to_login(request.get_full_path())


class AdminConfig(BaseConfig):
    default_site = "config.admin.AdminSite"
