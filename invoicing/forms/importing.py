"""What people bring to an import, and what they answer to its questions."""

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from ..einvoice.xml import MAX_BYTES
from ..services.import_plan import known_as
from ..services.importing import LEAVE, MAKE, NEW, Answer

MAX_FILES = 100  # as many as Django takes in one request
MAX_TOGETHER = 50 * 1024 * 1024


class FilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True
    template_name = "django/forms/widgets/file.html"


class FilesField(forms.FileField):
    """One or more uploaded files; cleans to a list."""

    widget = FilesInput

    def clean(self, data, initial=None):
        files = data if isinstance(data, list | tuple) else [data] if data else []
        if not files:
            raise forms.ValidationError(self.error_messages["required"], code="required")
        if sum(file.size for file in files) > MAX_TOGETHER:
            raise forms.ValidationError(
                _("Together the files are larger than %(limit)s MB. Bring them in several imports."),
                params={"limit": MAX_TOGETHER // 1024 // 1024},
            )
        return files


class UploadForm(forms.Form):
    documents = FilesField(
        label=_("Files"),
        help_text=_(
            "UBL 2.1 invoices and credit notes (.xml), up to 100 files. Nothing is made before you have seen what."
        ),
        widget=FilesInput(attrs={"accept": ".xml,application/xml,text/xml"}),
        error_messages={"required": _("Choose one or more .xml files.")},
    )

    def contents(self):
        """(name, bytes) of each file; of one beyond the limit just enough to tell that it is."""
        return [(file.name, file.read(MAX_BYTES + 1)) for file in self.cleaned_data["documents"]]


class AnswersForm(forms.Form):
    """The questions of a dry run, one field each, and whether all files are meant."""

    everything = forms.BooleanField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args, plan, **kwargs):
        super().__init__(*args, **kwargs)
        self.mark_optional = False
        self.plan = plan
        for row in plan.asking:
            if row.asks_lookalike:
                self.fields[f"lookalike_{row.file.pk}"] = _choice(
                    _("%(file)s looks like %(other)s") % {"file": row.file.name, "other": known_as(row.lookalike)},
                    [(MAKE, _("Make it all the same")), (LEAVE, _("Leave it out"))],
                    help_text=_("Same seller, number and date, with other content."),
                )
            if row.asks_customer:
                self.fields[f"customer_{row.file.pk}"] = _choice(
                    _("Customer of %(file)s") % {"file": row.file.name},
                    [(str(each.pk), _use(each)) for each in row.match.options]
                    + [(NEW, _("Make a new customer, %(name)s") % {"name": row.invoice.buyer.name})],
                    help_text=_question(row),
                )

    def clean(self):
        cleaned = super().clean()
        if cleaned.get("everything"):
            for name in self.fields:
                if name != "everything" and not cleaned.get(name) and not self._is_left_out(name, cleaned):
                    self.add_error(name, _("Choose one."))
        return cleaned

    def _is_left_out(self, name, cleaned):
        return cleaned.get(f"lookalike_{name.rpartition('_')[2]}") == LEAVE

    def answers(self) -> dict[int, Answer]:
        given = self.cleaned_data
        return {
            row.file.pk: Answer(given.get(f"customer_{row.file.pk}", ""), given.get(f"lookalike_{row.file.pk}", ""))
            for row in self.plan.asking
        }

    def fields_of(self, row):
        """The questions about one file, bound, in the order they are asked."""
        names = (f"lookalike_{row.file.pk}", f"customer_{row.file.pk}")
        return [self[name] for name in names if name in self.fields]


def _choice(label, choices, help_text):
    return forms.ChoiceField(
        label=label, choices=choices, help_text=help_text, required=False, widget=forms.RadioSelect
    )


def _question(row):
    if row.match.how == "name":
        return ngettext(
            "A customer of that name is here, but nothing else says it is the same.",
            "Customers of that name are here, but nothing else says which is meant.",
            len(row.match.options),
        )
    return _("Several customers here have that VAT id or address.")


def _use(customer):
    known = [customer.number, customer.vat_id]
    return _("%(name)s (%(known)s)") % {"name": customer.name, "known": ", ".join(part for part in known if part)}
