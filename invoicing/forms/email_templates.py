"""What people type about the templates of reminders and receipts."""

from functools import partial

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.common import edits
from config.common.addresses import LONGEST
from config.common.forms import EmailListField, VersionedForm
from config.common.once import OnceForm

from .. import merge
from ..models import EmailTemplate, EmailTemplateText
from ..services import email_templates as service

LANGUAGES = dict(settings.LANGUAGES)


class NewTemplateForm(OnceForm, forms.Form):
    """Kind and name; `like` is another one of the kind whose words it begins with."""

    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=EmailTemplate.Kind.choices)
    name = forms.CharField(label=gettext_lazy("Name"), max_length=80)
    like = forms.ModelChoiceField(
        EmailTemplate.objects.prefetch_related("texts"),
        label=gettext_lazy("Copy the words of"),
        required=False,
        empty_label=gettext_lazy("None: begin with the standard words"),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["like"].label_from_instance = lambda row: f"{row.get_kind_display()}: {row}"

    def clean(self):
        cleaned = super().clean()
        like, kind = cleaned.get("like"), cleaned.get("kind")
        if like and kind and like.kind != kind:
            self.add_error("like", _("That one is of the other kind. Choose one of the same kind, or none."))
        return cleaned

    def add_error(self, field, error):
        """That a name is taken is the service's to say, so that a double click is none; it stands at the name."""
        is_about_name = field is None and str(error) == service.taken(self.cleaned_data.get("name", ""))
        super().add_error("name" if is_about_name else field, error)

    def texts(self, language) -> dict:
        """What it begins with; `language` where nothing is copied."""
        like = self.cleaned_data["like"]
        return service.texts_of(like) if like else service.standard_texts(self.cleaned_data["kind"], language)


class EmailTemplateForm(VersionedForm):
    """The name, and for each of `languages` the words: fields such as subject_en.

    Which languages there are is typed too: `typed` is a page on which one was just added or taken away, shown again
    without being judged.
    """

    languages_typed = forms.CharField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = EmailTemplate
        fields = ["name"]

    def __init__(self, data=None, *, instance, typed=None):
        super().__init__(data, instance=instance)
        self.kind = instance.kind
        texts = service.texts_of(instance)
        source = data if typed is None else typed
        self.languages = [code for code in LANGUAGES if code in texts]
        if source is not None:
            asked = source.get("languages_typed", "").split(",")
            self.languages = [code for code in LANGUAGES if code in asked]
        for language in self.languages:
            self._offer(language)
            for name, value in texts.get(language, {}).items():
                self.initial[f"{name}_{language}"] = value
        if typed is not None:
            self.initial |= {name: typed[name] for name in self.fields if name in typed}
        self.initial["languages_typed"] = ",".join(self.languages)

    def _offer(self, language):
        fields = merge.FIELDS_OF[self.kind]
        checks = {name: partial(check, fields=fields) for name, check in merge.CHECKS.items()}
        label = partial(self._label, language)
        spoken = {"lang": language}
        self.fields |= {
            f"subject_{language}": forms.CharField(
                label=label("subject"),
                max_length=200,
                validators=[checks["subject"]],
                widget=forms.TextInput(attrs=spoken),
            ),
            f"message_{language}": forms.CharField(
                label=label("message"),
                max_length=10_000,
                required=False,
                validators=[checks["message"]],
                widget=forms.Textarea(attrs={"rows": 11, **spoken}),
            ),
            f"reply_to_{language}": forms.EmailField(
                max_length=LONGEST,
                label=label("reply_to"),
                required=False,
                help_text=_("Where answers go. Empty: to the organization's own email."),
            ),
            f"cc_{language}": EmailListField(
                label=label("cc"), required=False, help_text=_("They get a copy of every email of this template.")
            ),
        }

    def _label(self, language, name) -> str:
        if len(self.languages) > 1:
            return service.label_of(name, language)
        return edits.label_of(EmailTemplateText(), name)

    def sections(self) -> list[dict]:
        """The fields by language."""
        return [
            {
                "language": language,
                "label": LANGUAGES[language],
                **{name: self[f"{name}_{language}"] for name in service.TEXT_FIELDS},
            }
            for language in self.languages
        ]

    def missing(self) -> list[tuple[str, str]]:
        """The languages it could have as well."""
        return [(code, str(label)) for code, label in LANGUAGES.items() if code not in self.languages]

    def clean(self):
        cleaned = super().clean()
        if not self.languages:
            self.add_error(None, _("A template needs its words in one language at least. Add one."))
        name = cleaned.get("name")
        if name and service.is_taken(self.kind, name, except_pk=self.instance.pk):
            self.add_error("name", service.taken(name))
        return cleaned

    def values(self) -> dict:
        typed = self.cleaned_data
        texts = {
            language: {
                **{name: typed[f"{name}_{language}"] for name in ("subject", "message", "reply_to")},
                "cc": ", ".join(typed[f"cc_{language}"]),
            }
            for language in self.languages
        }
        return {"name": typed["name"], "texts": texts}

    def catch_up(self, refusal):
        """As ever; and a language that a colleague added is there, one they took away goes unless it was written in."""
        news = dict(refusal.news)
        was, now = (set(filter(None, (text or "").split(", "))) for text in news.pop("languages", ("", "")))
        self.data = self.data.copy()
        for language in was - now:
            mine = {name: values for name, values in news.items() if name.endswith(f"_{language}")}
            if language in self.languages and all(
                self._is_untouched(name, said) for name, (said, _now) in mine.items()
            ):
                self.languages.remove(language)
            for name in mine:
                news.pop(name)
                if language not in self.languages:
                    self.fields.pop(name, None)
        for language in now - was - set(self.languages):
            self.languages = [code for code in LANGUAGES if code in {*self.languages, language}]
            self._offer(language)
            for name in service.TEXT_FIELDS:
                self.data[f"{name}_{language}"] = news.get(f"{name}_{language}", ("", ""))[1]
        refusal.news = news
        super().catch_up(refusal)
        self.data["languages_typed"] = ",".join(self.languages)

    def _is_untouched(self, name, said) -> bool:
        field = self.fields.get(name)
        return field is not None and self._left_alone(field, self.data.get(name, ""), said or "")
