"""What people answer to an import: which file, which column is what, all or the good ones."""

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from openpyxl.utils import get_column_letter

from .cells import MAX_BYTES, MAX_ROWS
from .importing import asks_for_days
from .kinds import guess, missing, shown
from .values import day_orders, decimal_signs

_SAMPLES = 3
_WIDEST = 60


class SheetForm(forms.Form):
    sheet = forms.FileField(
        label=gettext_lazy("File"),
        widget=forms.FileInput(attrs={"accept": ".csv,.xlsx,text/csv"}),
        error_messages={
            "required": gettext_lazy("Choose a .csv or .xlsx file."),
            "empty": gettext_lazy("The file is empty."),
        },
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["sheet"].help_text = _(
            "CSV or Excel (.xlsx), up to %(mb)s MB and %(rows)s rows. Nothing is made before you have seen what."
        ) % {"mb": MAX_BYTES // 1024 // 1024, "rows": f"{MAX_ROWS:,}"}

    def content(self) -> bytes:
        """The bytes; of a file beyond the limit just enough to tell that it is."""
        return self.cleaned_data["sheet"].read(MAX_BYTES + 1)


class ColumnsForm(forms.Form):
    """A select of the file's columns for each of ours, and what the file leaves open."""

    def __init__(self, data, *, kind, table, mapping):
        super().__init__(data)
        self.kind, self.table, self.mark_optional = kind, table, False
        before, options = mapping.get("columns"), mapping.get("options", {})
        guessed = guess(kind, table.header) if before is None else before
        offered = [("", "—"), *((str(place), self._head(place)) for place in range(len(table.header)))]
        for column in kind.columns:
            self.fields[f"column_{column.key}"] = forms.ChoiceField(
                label=column.label,
                choices=offered,
                required=False,
                initial=str(guessed[column.key]) if column.key in guessed else "",
                help_text=column.hint,
            )
        for name, field in {**self._open_questions(), **kind.option_fields()}.items():
            field.initial = options.get(name) or field.initial
            self.fields[f"option_{name}"] = field

    def _head(self, place) -> str:
        """B · City: Hamburg, Bremen"""
        samples = list(dict.fromkeys(shown(row.cells[place]) for row in self.table.rows[:50] if row.cells[place] != ""))
        words = {
            "letter": get_column_letter(place + 1),
            "head": self.table.header[place] or _("(no head)"),
            "samples": ", ".join(samples[:_SAMPLES]),
        }
        text = _("%(letter)s · %(head)s: %(samples)s") if samples else _("%(letter)s · %(head)s (empty)")
        text = " ".join((text % words).split())
        return text if len(text) <= _WIDEST else text[: _WIDEST - 1] + "…"

    def _open_questions(self) -> dict:
        fields: dict[str, forms.Field] = {}
        doubtful, day_first = day_orders(self.table.rows)
        if doubtful:
            fields["days"] = forms.ChoiceField(
                label=_("Dates such as 03/04/2026"),
                choices=[("day", _("Day first: 3 April")), ("month", _("Month first: 4 March"))],
                required=False,
                initial="" if day_first is None else "day" if day_first else "month",
                widget=forms.RadioSelect,
                help_text=_("The file has dates that can be read in two ways."),
            )
        written, comma = decimal_signs(self.table.rows)
        if written:
            fields["decimals"] = forms.ChoiceField(
                label=_("Figures are written"),
                choices=[("point", "1,234.50"), ("comma", "1.234,50")],
                initial="comma" if comma else "point",
                widget=forms.RadioSelect,
            )
        return fields

    def clean(self):
        cleaned = super().clean()
        taken: dict[str, str] = {}
        for column in self.kind.columns:
            name = f"column_{column.key}"
            place = cleaned.get(name)
            if place and place in taken:
                self.add_error(name, _("This column is chosen for “%(other)s” already.") % {"other": taken[place]})
            elif place:
                taken[place] = str(column.label)
        for sentence in missing(self.kind, self.columns()):
            self.add_error(None, sentence)
        unsaid = "option_days" in self.fields and not cleaned.get("option_days")
        if unsaid and asks_for_days(self.kind, self.table, self.columns()):
            self.add_error("option_days", _("Say whether the day or the month comes first."))
        return cleaned

    def columns(self) -> dict[str, int]:
        return {
            column.key: int(self.cleaned_data[f"column_{column.key}"])
            for column in self.kind.columns
            if self.cleaned_data.get(f"column_{column.key}")
        }

    def options(self) -> dict[str, str]:
        return {
            name.removeprefix("option_"): self.cleaned_data.get(name) or ""
            for name in self.fields
            if name.startswith("option_")
        }

    @property
    def column_rows(self):
        """(bound field, whether it is needed) for the page."""
        needed = {keys[0] for keys in self.kind.needs if len(keys) == 1}
        return [(self[f"column_{column.key}"], column.key in needed) for column in self.kind.columns]

    @property
    def option_rows(self):
        return [self[name] for name in self.fields if name.startswith("option_")]


class StartForm(forms.Form):
    everything = forms.BooleanField(required=False, widget=forms.HiddenInput)
