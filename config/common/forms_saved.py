"""A saved view, as people name it."""

from django import forms
from django.utils.translation import gettext_lazy as _

from .models import SavedView


class SavedViewForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=SavedView._meta.get_field("name").max_length)
    is_shared = forms.BooleanField(
        label=_("Share with everybody"),
        help_text=_("Others can use it, but only you change it. Without this it is yours alone."),
        required=False,
    )
