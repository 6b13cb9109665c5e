"""What people set for themselves."""

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from .forms_zone import ZoneField
from .models import User


class ProfileForm(forms.ModelForm):
    time_zone = ZoneField(help_text=_("Times are shown in this zone. Type a city to find it."))
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)

    class Meta:
        model = User
        fields = ["name", "time_zone", "language"]
