"""What people type about Invoice Templates: the look once, the words for each language."""

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.common.forms import EmailListField, VersionedForm
from config.common.once import OnceForm

from .. import merge
from ..models import InvoiceTemplate, InvoiceTemplateText
from ..paper import colours
from ..services.templates import WORDS, is_taken, taken

LONGEST = 4000  # of what is printed
MOST_LINES = 60  # thousands of lines would take half a minute to draw
LONGEST_MESSAGE = 10_000  # what the dialogs take that begin with it


class ColourInput(forms.TextInput):
    input_type = "color"

    def value_from_datadict(self, data, files, name):
        return (super().value_from_datadict(data, files, name) or "").strip().lower()


class TemplateForm(VersionedForm):
    """The fields of a language end in its code: `subject_de`. `values()` is what change_template takes."""

    class Meta:
        model = InvoiceTemplate
        fields = ["name", "layout", "colour"]
        widgets = {"colour": ColourInput}
        help_texts = {"colour": gettext_lazy("For the title, the rules and the amount due.")}

    def __init__(self, data=None, *, instance, **kwargs):
        super().__init__(data, instance=instance, **kwargs)
        texts = {text.language: text for text in instance.texts.all()}
        # A language that a colleague added meanwhile is not on the page that was sent: it stays as it is.
        self.languages = [each for each in texts if data is None or f"subject_{each}" in data]
        for language in self.languages:
            for name, field in _word_fields().items():
                self.fields[f"{name}_{language}"] = field
                self.initial[f"{name}_{language}"] = getattr(texts[language], name)

    def sections(self) -> list[dict]:
        """The fields by language, in the order of the page."""
        names = dict(settings.LANGUAGES)
        return [
            {"code": code, "label": str(names[code]), **{name: self[f"{name}_{code}"] for name in WORDS}}
            for code in self.languages
        ]

    def clean_name(self):
        name = self.cleaned_data["name"].strip()
        if is_taken(name, except_for=self.instance):
            raise ValidationError(taken(name))
        return name

    def clean_colour(self):
        if sentence := colours.refusal(self.cleaned_data["colour"]):
            raise ValidationError(sentence)
        return self.cleaned_data["colour"]

    def clean(self):
        cleaned = super().clean()
        for language in self.languages:
            for part, check in merge.CHECKS.items():
                name = f"{part}_{language}"
                try:
                    check(cleaned.get(name, ""))
                except ValidationError as mistake:
                    self.add_error(name, mistake)
            cleaned[f"cc_{language}"] = ", ".join(cleaned.get(f"cc_{language}") or [])
        subjects = [f"subject_{language}" for language in self.languages]
        if subjects and not any(cleaned.get(name, "x").strip() for name in subjects):
            self.add_error(subjects[0], _("A template needs a subject in at least one language. Type one."))
        return cleaned

    def validate_constraints(self):
        """Said above, in words."""

    def values(self) -> dict:
        texts = {
            language: {name: self.cleaned_data[f"{name}_{language}"] for name in WORDS} for language in self.languages
        }
        return {"texts": texts, **{name: self.cleaned_data[name] for name in ("name", "layout", "colour")}}

    def looks(self, language: str) -> dict:
        """What the paper would take from what is typed, as snapshots.looks_of."""
        typed = self.cleaned_data
        words = {name: typed.get(f"{name}_{language}", "") for name in ("payment_instructions", "footer")}
        return {"layout": typed["layout"], "colour": typed["colour"], **words}


def _word_fields() -> dict[str, forms.Field]:
    """One language's, made anew."""
    fields = forms.fields_for_model(
        InvoiceTemplateText,
        [name for name in WORDS if name != "cc"],
        widgets={
            "message": forms.Textarea(attrs={"rows": 9}),
            "payment_instructions": forms.Textarea(attrs={"rows": 3}),
            "footer": forms.Textarea(attrs={"rows": 3}),
        },
        help_texts={
            "reply_to": _("Where answers go. Empty: to the organization's own email."),
            "payment_instructions": _("Printed beside the bank account."),
            "footer": _("Printed at the foot of each page, after what the law asks for."),
        },
    )
    fields["cc"] = EmailListField(
        label=_("CC Emails"),
        required=False,
        help_text=_("They get a copy of every mail of this template, unless taken out in the dialog."),
    )
    for name, longest in (("message", LONGEST_MESSAGE), ("payment_instructions", LONGEST), ("footer", LONGEST)):
        field = forms.CharField(
            label=fields[name].label,
            help_text=fields[name].help_text,
            widget=fields[name].widget,
            max_length=longest,
            required=False,
            validators=[] if name == "message" else [_check_lines],
        )
        fields[name] = field
    return fields


def _check_lines(text: str) -> None:
    if len(text.splitlines()) > MOST_LINES:
        raise ValidationError(_("At most %(n)d lines can be printed here. Shorten it."), params={"n": MOST_LINES})


class NewTemplateForm(OnceForm, forms.Form):
    name = forms.CharField(label=gettext_lazy("Name"), max_length=80)
    copy_of = forms.ModelChoiceField(
        InvoiceTemplate.objects.all(),
        label=gettext_lazy("Begin with"),
        required=False,
        empty_label=gettext_lazy("Dunlin’s own words and look"),
    )

    def clean_name(self):
        return self.cleaned_data["name"].strip()


class LogoForm(forms.Form):
    """The picture itself is judged by the service, from its own bytes."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    logo = forms.FileField(
        label=gettext_lazy("PNG or JPEG"),
        max_length=200,
        widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg"}),
        help_text=gettext_lazy("At most 2 MB. Without one it shows the organization’s logo."),
    )

    def catch_up(self, _refusal):
        """The page is drawn anew, with the version there is now."""


class CustomerTemplateForm(forms.Form):
    """`was`: what was chosen when the page was shown."""

    mark_optional = False
    template = forms.ModelChoiceField(
        InvoiceTemplate.objects.none(), label=gettext_lazy("Invoice Template"), required=False
    )
    was = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, data=None, *, chosen, default):
        key = chosen.pk if chosen else None
        super().__init__(data, initial={"template": key, "was": key})
        offered = InvoiceTemplate.objects.current()
        self.fields["template"].queryset = offered | InvoiceTemplate.objects.filter(pk=key) if key else offered
        self.fields["template"].empty_label = _("The organization’s default: %(name)s") % {"name": default or "–"}
        self.chosen = chosen

    def catch_up(self, _refusal):
        """Its reader was told who chose what: saving again is meant."""
        self.data = self.data.copy()
        self.data["was"] = self.chosen.pk if self.chosen else ""


class PreviewForm(forms.Form):
    """In which language the template is looked at; with which invoice says the box beside it (views.choosing)."""

    mark_optional = False
    preview_language = forms.ChoiceField(label=gettext_lazy("Language"), required=False)

    def __init__(self, data=None, *, languages):
        super().__init__(data)
        names = dict(settings.LANGUAGES)
        self.fields["preview_language"].choices = [(code, str(names[code])) for code in languages]
