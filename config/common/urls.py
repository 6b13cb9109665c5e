from django.urls import path

from . import views_health, views_profile

urlpatterns = [
    path("me/", views_profile.profile, name="profile"),
    path("healthz/live", views_health.live, name="healthz_live"),
    path("healthz/ready", views_health.ready, name="healthz_ready"),
]
