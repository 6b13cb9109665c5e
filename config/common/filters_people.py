"""Filters of the list of people."""

import django_filters
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .filters import ListFilter
from .models import User
from .roles import Role


class PeopleFilter(ListFilter):
    q = django_filters.CharFilter(method="search", label=_("Search"))
    role = django_filters.ChoiceFilter(choices=Role.choices, label=_("Role"), empty_label=_("Any role"))
    state = django_filters.ChoiceFilter(
        choices=[("active", _("Active")), ("invited", _("Invited")), ("off", _("Turned off"))],
        method="in_state",
        label=_("State"),
        empty_label=_("Any state"),
    )
    factor = django_filters.ChoiceFilter(
        choices=[("on", _("Second factor on")), ("off", _("Second factor off"))],
        method="with_factor",
        label=_("Second factor"),
        empty_label=_("Second factor or not"),
    )

    class Meta:
        model = User
        fields: list = []

    def search(self, queryset, name, value):
        return queryset.filter(Q(name__icontains=value.strip()) | Q(email__icontains=value.strip()))

    def in_state(self, queryset, name, value):
        waiting = Q(password__startswith=UNUSABLE_PASSWORD_PREFIX)
        if value == "off":
            return queryset.filter(is_active=False)
        return queryset.active().filter(waiting if value == "invited" else ~waiting)

    def with_factor(self, queryset, name, value):
        return queryset.filter(has_factor=value == "on")
