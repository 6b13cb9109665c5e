"""Every address, wired by dotted string: this file imports no app."""

from django.contrib import admin
from django.urls import include, path

handler500 = "config.common.views.server_error"

urlpatterns = [
    path("", include("config.common.urls")),
    path("", include("invoicing.urls_front")),
    path("", include("invoicing.urls")),
    path("", include("customers.urls")),
    path("accounts/", include("allauth.account.urls")),
    path("accounts/2fa/", include("allauth.mfa.urls")),
    path("admin/", admin.site.urls),
]
