"""Invoices from a spreadsheet: rows of one reference become the lines of one draft."""

from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.utils.translation import ngettext

from config.common import audit
from config.common.errors import DomainError
from config.common.sheets.kinds import Entry, Kind, Record, together
from config.common.sheets.values import read_number
from customers.models import Customer

from ..models import Invoice, TaxRate
from . import drafting
from .draft_rows import MOST
from .sheet_columns import COLUMNS, CUSTOMER, DAYS, OF_LINE, TAX
from .sheet_customers import Buyers

HEADER = (
    "source_reference", "issued_on", "due_on", "currency", "order_number", "buyer_reference", "note", "delivered_on",
)  # fmt: skip
_CHUNK = 500


class Invoices(Kind):
    key = "invoices"
    act = "invoice.import"
    url = "invoicing:detail"
    list_url = "invoicing:list"
    columns = COLUMNS
    day_columns = DAYS
    needs = [("source_reference",), CUSTOMER, ("description",), ("unit_price",), TAX]
    preview = [
        (_lazy("Reference"), ""),
        (_lazy("Customer"), ""),
        (_lazy("Issue date"), ""),
        (_lazy("Due date"), ""),
        (_lazy("Lines"), "num"),
        (_lazy("Total"), "num"),
    ]

    def plan(self, records, options):
        groups: dict[str, list[Record]] = {}
        for record in records:
            groups.setdefault(record.values.get("source_reference") or f"\0{record.row}", []).append(record)
        buyers, taxes = Buyers(records), _Taxes()
        entries = [self._entry(group, buyers, taxes) for group in groups.values()]
        _mark_known(entries)
        return entries

    def _entry(self, group, buyers, taxes) -> Entry:
        values, problems = together(self, group, OF_LINE)
        problems = [*(each for record in group for each in record.problems), *problems]
        first = group[0]
        entry = Entry([record.row for record in group], values.get("source_reference", ""), problems)

        def wrong(key, sentence, record=first):
            problems.append(record.problem(self.column(key), sentence))

        if "source_reference" not in values and "source_reference" not in first.cells:
            wrong("source_reference", _("Each row needs the reference of its invoice."))
        customer = None
        if not any(key in record.cells and key not in record.values for record in group for key in CUSTOMER):
            customer, column, sentence = buyers.find(values)
            if sentence:
                wrong(column, sentence)
        if values.get("due_on") and values.get("issued_on") and values["due_on"] < values["issued_on"]:
            wrong("due_on", _("It is due before it is issued."))
        lines = [self._line(record, taxes, problems) for record in group]
        fields = {name: values[name] for name in HEADER if name in values}
        if "due_on" in fields:
            fields["due_typed"] = True
        currency = values.get("currency") or (customer.currency if customer else "")
        if not problems and customer:
            self._reckon(entry, currency, lines, wrong)
        due_on = values.get("due_on")
        if due_on is None and customer and values.get("issued_on"):
            due_on = drafting.due_date(values["issued_on"], customer.terms_days)
        name = customer.name if customer else next((values[key] for key in CUSTOMER if key in values), "")
        reference, entry.label = entry.label, ", ".join(filter(None, (entry.label, name)))
        entry.cells = (reference, name, values.get("issued_on") or "", due_on or "", len(lines), entry.money or "")
        entry.data = (customer, fields, lines)
        return entry

    @staticmethod
    def _reckon(entry, currency, lines, wrong):
        try:
            total = drafting.reckon(currency, lines)[2].total
        except DomainError as refusal:
            wrong("unit_price", str(refusal))
            return
        if abs(total) >= MOST:
            wrong("unit_price", _("The lines come to more than an invoice can hold."))
        elif total < 0:
            wrong(
                "unit_price",
                _("The invoice comes to less than nothing. Credit notes are not imported from spreadsheets."),
            )
        else:
            entry.money = (currency, total)

    def _line(self, record, taxes, problems) -> dict:
        """As drafting takes it; what is missing or wrong becomes a problem of the row."""
        said = record.values

        def wrong(key, sentence):
            problems.append(record.problem(self.column(key), sentence))

        for key in ("description", "unit_price"):
            if key not in record.cells:
                wrong(key, _("Every line needs this."))
        tax, column, sentence = taxes.find(record)
        if sentence and not any(key in record.cells and key not in said for key in TAX):
            wrong(column, sentence)
        start, end = said.get("period_start"), said.get("period_end")
        if start and end and end < start:
            wrong("period_end", _("The service cannot end before it began."))
        percent = said.get("allowance_percent")
        reason = _("Allowance")
        return {
            "name": said.get("description", ""),
            "details": said.get("details", ""),
            "quantity": said.get("quantity", Decimal(1)),
            "unit": said.get("unit", "C62"),
            "unit_price": said.get("unit_price", Decimal(0)),
            "period_start": start,
            "period_end": end,
            "tax": tax,
            "adjustments": [{"is_charge": False, "percent": percent, "reason": reason}] if percent else [],
        }

    def make(self, entry, *, by, options, source):
        customer, fields, lines = entry.data
        # Two files with the same reference, imported at the same moment, take turns here.
        Customer.objects.select_for_update().get(pk=customer.pk)
        _mark_known([entry])
        if entry.known:
            raise DomainError(entry.known)
        invoice = drafting.draft_invoice(customer, by=by, lines=lines, **fields)
        reference = invoice.source_reference
        audit.record(
            "invoice.import", invoice, by=by, after={"file": source, "rows": entry.rows, "source_reference": reference}
        )
        return invoice


def _mark_known(entries):
    """An invoice of that reference and customer is here already: said, not made again."""
    wanted = sorted({entry.data[1].get("source_reference", "") for entry in entries if entry.data[0]} - {""})
    here: dict[tuple, Invoice] = {}
    for start in range(0, len(wanted), _CHUNK):
        rows = Invoice.objects.filter(source_reference__in=wanted[start : start + _CHUNK], kind=Invoice.Kind.INVOICE)
        for invoice in rows.only("pk", "customer_id", "source_reference", "number", "customer_name").order_by("-pk"):
            here[invoice.customer_id, invoice.source_reference] = invoice
    for entry in entries:
        customer, reference = entry.data[0], entry.data[1].get("source_reference", "")
        if customer and (invoice := here.get((customer.pk, reference))):
            entry.known_pk = invoice.pk
            entry.known = _("%(reference)s of %(customer)s is here already: %(invoice)s.") % {
                "reference": reference,
                "customer": customer.name,
                "invoice": invoice,
            }


class _Taxes:
    """The rates of AR Settings → Tax rates: by name, by percent, or by category and percent."""

    def __init__(self):
        self.rates = list(TaxRate.objects.order_by("-active", "pk"))

    def find(self, record) -> tuple[TaxRate | None, str, str]:
        """(the rate, the column that is wrong, the sentence)"""
        tax, category, percent = (record.values.get(key) for key in TAX)
        if isinstance(tax, str):
            named = [
                rate for rate in self.rates if rate.active and rate.name.casefold().split() == tax.casefold().split()
            ]
            if len(named) == 1 and percent in (None, named[0].percent) and category in (None, named[0].category):
                return named[0], "", ""
            figure = tax.removesuffix("%").strip()
            tax = read_number(figure, comma="," in figure)
            if tax is None:
                names = ", ".join(rate.name for rate in self.rates if rate.active)
                return None, "tax", _("No tax rate has this name. There are: %(names)s.") % {"names": names}
        if tax is not None and percent is not None and tax != percent:
            return None, "tax_percent", _("The row names two percents.")
        percent = tax if percent is None else percent
        if percent is None and category is None:
            return None, next((key for key in TAX if key in record.cells), "tax"), _("Every line needs its tax.")
        if percent is None:
            if category == "S":
                return None, "tax_percent", _("Which percent?")
            percent = Decimal(0)
        return self._of(category, percent)

    def _of(self, category, percent):
        column = "tax" if category is None else "tax_category"
        fits = [rate for rate in self.rates if rate.percent == percent and category in (None, rate.category)]
        fits = [rate for rate in fits if rate.active] or fits
        if len(fits) == 1:
            return fits[0], "", ""
        if not fits:
            sentence = _(
                "There is no tax rate of %(percent)s percent here. Add it in AR Settings → Tax rates, or correct it."
            )
            return None, column, sentence % {"percent": f"{percent.normalize():f}"}
        names = ", ".join(rate.name for rate in fits)
        sentence = ngettext(
            "%(n)s tax rate fits: %(names)s. Name the one that is meant.",
            "%(n)s tax rates fit: %(names)s. Name the one that is meant.",
            len(fits),
        )
        return None, column, sentence % {"n": len(fits), "names": names}
