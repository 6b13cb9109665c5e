"""The two addresses that belong to the whole house: they have no namespace."""

from django.urls import path

from .views import searching, snapshot

urlpatterns = [
    path("", snapshot.home, name="home"),
    path("search/", searching.search, name="search"),
]
