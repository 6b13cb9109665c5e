"""Every address, wired by dotted string: this file imports no app."""

from django.contrib import admin
from django.contrib.auth.decorators import login_required
from django.urls import include, path
from django.views.generic import RedirectView

handler500 = "config.common.views.server_error"

urlpatterns = [
    path("", include("config.common.urls")),
    path("", include("invoicing.urls_front")),
    path("", include("invoicing.urls_public")),
    path("", include("invoicing.urls")),
    path("", include("customers.urls")),
    path("", include("portal.urls")),
    # Addresses are changed by an admin, through the service and its trail: allauth's own page for that is shut.
    path("accounts/email/", login_required(RedirectView.as_view(pattern_name="profile"))),
    path("accounts/", include("allauth.account.urls")),
    path("accounts/2fa/", include("allauth.mfa.urls")),
    path("admin/", admin.site.urls),
]
