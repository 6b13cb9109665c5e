"""The form of a draft with all its rows, and what it comes to while it is typed."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from ..models import Invoice
from ..money import Totals
from ..services.drafting import reckon
from .editing import DraftForm
from .lines import MOST, AdjustmentFormSet, LineFormSet
from .palette import Palette, adjustment_initial, line_initial

SPARE = 3  # empty rows a new draft begins with; an old one gets one


@dataclass(frozen=True)
class Sums:
    """What is typed so far comes to, minor units; `nets`: per line, by its place in the form."""

    nets: dict[int, int]
    lines_net: int
    adjusted: int
    totals: Totals
    prepaid: int

    @property
    def due(self) -> int:
        return self.totals.total - self.prepaid


class Editor:
    """DraftForm, lines and adjustments as one. Bound where `data` is given, else filled from the draft or `initial`."""

    def __init__(self, data=None, *, own_currency: str, invoice: Invoice | None = None, initial=None):
        self.own_currency, self.invoice, self.data = own_currency, invoice, data
        self.form = DraftForm(data, invoice=invoice, own_currency=own_currency, initial=initial)
        self.palette = Palette.of(self.form.typed_currency)
        if data is not None:
            self._fill(data=data)
        elif invoice is None:
            self._fill(lines=[{}] * SPARE, adjustments=[])
        else:
            stored = list(invoice.lines.prefetch_related("adjustments"))
            net = sum(line.net for line in stored)
            whole = [part for part in invoice.adjustments.all() if part.line_id is None]
            self._fill(
                lines=[*(line_initial(line, self.palette) for line in stored), *([{}] if stored else [{}] * SPARE)],
                adjustments=[adjustment_initial(part, lines_net=net, palette=self.palette) for part in whole],
            )

    def _fill(self, data=None, lines=None, adjustments=None):
        shared = {"data": data, "form_kwargs": {"palette": self.palette}}
        self.lines = LineFormSet(**shared, prefix="lines", initial=lines)
        self.adjustments = AdjustmentFormSet(**shared, prefix="adjustments", initial=adjustments)

    def is_valid(self) -> bool:
        """All three are looked at, so that everything wrong is told at once."""
        fine = all([self.form.is_valid(), self.lines.is_valid(), self.adjustments.is_valid()])
        if fine and abs(self.sums().totals.total) >= MOST:
            self.form.add_error(None, _("The lines come to more than an invoice can hold."))
        return fine and self.form.is_valid()

    def retyped(self, act: str) -> "Editor":
        """The same typing with a row more or less, and nothing judged yet: add_line, remove_line-3 …"""
        lines, adjustments = _typed(self.lines), _typed(self.adjustments)
        verb, __, place = act.partition("-")
        if verb == "add_line":
            lines.append({})
        elif verb == "add_adjustment":
            adjustments.append({})
        elif verb in ("remove_line", "remove_adjustment") and (gone := _place(place)) is not None:
            rows = lines if verb == "remove_line" else adjustments
            del rows[gone : gone + 1]
        again = Editor.__new__(Editor)
        again.own_currency, again.invoice, again.data = self.own_currency, self.invoice, None
        typed = {name: self.form[name].value() for name in self.form.fields}
        again.form = DraftForm(invoice=self.invoice, own_currency=self.own_currency, initial=typed)
        again.form.once = self.form.once
        again.palette = self.palette
        again._fill(lines=lines or [{}], adjustments=adjustments)
        again.summed = self.sums(without=act)
        return again

    def sums(self, without: str = "") -> Sums:
        """What the complete rows come to; `without` is the act that takes a row away."""
        if not self.lines.is_bound:
            return getattr(self, "summed", None) or self._stored()
        verb, __, place = without.partition("-")
        gone = _place(place)
        numbered = [
            (n, form)
            for n, form in enumerate(form for i, form in enumerate(self.lines) if verb != "remove_line" or i != gone)
            if not form.is_blank and form.is_valid()
        ]
        whole = [
            form.row()
            for i, form in enumerate(self.adjustments)
            if (verb != "remove_adjustment" or i != gone) and not form.is_blank and form.is_valid()
        ]
        lines, parts, totals = reckon(self.form.typed_currency, [form.row() for _n, form in numbered], whole)
        self.form.is_valid()
        return Sums(
            nets={n: line.net for (n, _form), line in zip(numbered, lines, strict=True)},
            lines_net=sum(line.net for line in lines),
            adjusted=sum(part.signed for part in parts),
            totals=totals,
            prepaid=self.form.cleaned_data.get("prepaid") or 0,
        )

    def _stored(self) -> Sums:
        """As the draft was saved."""
        if self.invoice is None:
            return Sums({}, 0, 0, Totals(0, 0, ()), 0)
        stored = list(self.invoice.lines.all())
        lines_net = sum(line.net for line in stored)
        invoice = self.invoice
        totals = Totals(invoice.net_total, invoice.tax_total, tuple(invoice.tax_lines.all()))  # type: ignore[arg-type]
        nets = {n: line.net for n, line in enumerate(stored)}
        return Sums(nets, lines_net, invoice.net_total - lines_net, totals, invoice.prepaid)


def _typed(rows) -> list[dict]:
    return [{name: form[name].value() for name in form.fields} for form in rows]


def _place(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 4 else None
