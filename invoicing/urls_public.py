"""Addresses that nobody signs in for: the pixel in mails, and the doors of mail providers."""

from anymail import urls as anymail_urls
from django.urls import include, path

from .views import pixel, webhooks

urlpatterns = [
    path("o/<str:key>.gif", pixel.pixel, name="pixel"),
    path("webhooks/anymail/", include((webhooks.guarded(anymail_urls.urlpatterns), "anymail"))),
]
