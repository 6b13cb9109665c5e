"""How forms look and the fields several apps share."""

from copy import copy
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.forms.renderers import TemplatesSetting
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from . import edits, widgets
from .addresses import check_address, mailbox, seen


class Renderer(TemplatesSetting):
    """Renders every form with the components of the house; named by FORM_RENDERER."""

    form_template_name = "components/_form.html"
    field_template_name = "components/_field.html"

    def render(self, template_name, context, request=None):
        quick = widgets.drawn(template_name, context)
        return super().render(template_name, context, request) if quick is None else quick


class DateInput(forms.DateInput):
    input_type = "date"

    def __init__(self, attrs=None):
        super().__init__(attrs, format="%Y-%m-%d")  # the only form a browser's date field takes


class TimeInput(forms.TimeInput):
    input_type = "time"

    def __init__(self, attrs=None):
        super().__init__(attrs, format="%H:%M")


class SwitchInput(forms.CheckboxInput):
    """A checkbox that takes effect like a switch: on or off."""

    def __init__(self, attrs=None, check_test=None):
        super().__init__({"class": "switch", "role": "switch", **(attrs or {})}, check_test)


class MoneyInput(forms.TextInput):
    """A figure typed as text: right-aligned, with the number keys on a phone."""

    def __init__(self, attrs=None):
        super().__init__(
            {
                "class": "num",
                "inputmode": "decimal",
                "autocomplete": "off",
                **(attrs or {}),
            }
        )


class EmailListInput(forms.TextInput):
    """Addresses separated by commas; the page's script shows each as a chip."""

    def __init__(self, attrs=None):
        super().__init__(
            {
                "data-pick": True,
                "autocomplete": "off",
                "spellcheck": "false",
                **(attrs or {}),
            }
        )


class EmailListField(forms.CharField):
    """Email addresses separated by commas, semicolons or line breaks; cleans to a list, each address once.

    Refuses (ValidationError) the first thing that is no address, by name.
    """

    widget = EmailListInput
    default_error_messages: ClassVar = {
        "invalid": _("“%(address)s” is not an email address. Correct it or take it out.")
    }

    def prepare_value(self, value):
        return value if value is None or isinstance(value, str) else ", ".join(value)

    def to_python(self, value):
        text = self.prepare_value(value) or ""
        found = {}
        for address in text.replace(";", ",").replace("\n", ",").split(","):
            if address := seen(address):
                found.setdefault(mailbox(address), address)
        return list(found.values())

    def run_validators(self, value):
        for address in value:
            try:
                check_address(address)
            except ValidationError as error:
                raise ValidationError(
                    self.error_messages["invalid"],
                    code="invalid",
                    params={"address": address},
                ) from error

    def has_changed(self, initial, data):
        return self.to_python(initial) != self.to_python(data)


class VersionedForm(forms.ModelForm):
    """A form that remembers which version of the row its reader saw, so that a colleague's change is not lost.

    It works on a copy of the row: services write. `values()` are the cleaned fields without the version.
    """

    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args, instance, **kwargs):
        super().__init__(*args, instance=copy(instance), **kwargs)
        self.initial["version"] = instance.version

    def values(self) -> dict:
        return {name: value for name, value in self.cleaned_data.items() if name != "version"}

    def catch_up(self, refusal):
        """After its reader was told of a colleague's change: saving again is meant.

        A field the reader had left alone shows the colleague's value from now on, so it is not undone by the way.
        """
        row = type(self.instance)._base_manager.filter(pk=self.instance.pk)
        self.data = self.data.copy()
        for name, (was, now) in refusal.news.items():
            key, field = self.add_prefix(name), self.fields.get(name)
            if field and key in self.data and self._left_alone(field, self.data[key], was):
                self.data[key] = field.prepare_value(now)
        self.data[self.add_prefix("version")] = row.values_list("version", flat=True).get()

    @staticmethod
    def _left_alone(field, typed, was):
        try:
            return field.to_python(typed) == field.to_python(was)
        except ValidationError:
            return False


class SeenForm:
    """Mixed into the form of a row without a version: it remembers how far the row's trail went when it was shown.

    Services take `form.seen` and refuse to undo what others wrote since. Its template, or the dialog's, includes
    components/_marks.html. Each field carries beside it what it showed at first.
    """

    data: Any  # a form's

    def __init__(self, data=None, *args, instance=None, **kwargs):
        if data is None and instance is not None and instance.pk:
            self.seen = edits.seen_of(instance)  # asked first: what is shown is not older
            instance.refresh_from_db()
        super().__init__(data, *args, instance=instance, **kwargs)
        for field in self.fields.values():
            field.show_hidden_initial = True

    @cached_property
    def seen(self) -> int | None:
        """None for a form that was sent without, and for a new row."""
        text = self.data.get("seen", "")
        return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None

    def catch_up(self, refusal):
        """As in VersionedForm: saving again is meant; what the reader had left alone is as the colleague wrote it."""
        self.seen = refusal.seen if refusal.seen is not None else self.seen
        alone = set(self.fields) - set(self.changed_data)
        self.data = self.data.copy()
        for name, (_was, now) in refusal.news.items():
            if name in alone:
                shown = self.fields[name].prepare_value(now)
                self.data[self.add_prefix(name)] = self.data[self.add_initial_prefix(name)] = shown
