"""A time zone, found by typing: the city, the continent, or how far it is from UTC."""

import zoneinfo
from datetime import datetime

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from . import choices, clock


class ZoneInput(forms.TextInput):
    """A text field with all zones to pick from; the browser narrows them down while one types."""

    template_name = "components/_zone.html"

    def get_context(self, name, value, attrs):
        context = super().get_context(name, value, attrs)
        now = clock.now()
        context["widget"]["attrs"]["list"] = context["widget"]["list"] = f"{attrs.get('id', name)}_zones"
        context["zones"] = [(zone, offset(zone, now)) for zone, _label in choices.time_zones()]
        return context


class ZoneField(forms.CharField):
    """Cleans to an IANA name. "europe/berlin" and "Berlin" mean Europe/Berlin; what is no zone is refused by name."""

    widget = ZoneInput(attrs={"autocomplete": "off", "spellcheck": "false"})
    default_error_messages = {"unknown": _("%(name)s is no time zone. Use a name such as Europe/Berlin.")}

    def __init__(self, **options):
        super().__init__(**{"label": _("Time zone"), "max_length": 64, **options})

    def clean(self, value):
        typed = super().clean(value)
        wanted = typed.replace(" ", "_").casefold()
        names = [name for name, _label in choices.time_zones()]
        cities = [name for name in names if name.casefold().rsplit("/", 1)[-1] == wanted]
        found = [name for name in names if name.casefold() == wanted] or (cities if len(cities) == 1 else [])
        if not found and typed not in zoneinfo.available_timezones():
            raise ValidationError(self.error_messages["unknown"], code="unknown", params={"name": typed})
        return found[0] if found else typed


def offset(zone: str, at: datetime) -> str:
    """How far a zone is from UTC at a moment: "UTC+05:30"."""
    text = at.astimezone(zoneinfo.ZoneInfo(zone)).strftime("%z")
    return f"UTC{text[:3]}:{text[3:5]}"
