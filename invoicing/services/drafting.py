"""Drafts: made, changed, deleted. Nothing here draws a number or leaves the house."""

from datetime import timedelta

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from config.common import audit, roles
from config.common.currency import amount_text, digits
from config.common.errors import DomainError, Stale
from config.common.models import AuditEvent
from customers.models import Organization

from ..models import Adjustment, Invoice, InvoiceTemplate, Line, TaxLine
from ..money import Taxed, Totals, convert, line_net, percentage, totals

DATES = ("issued_on", "due_on", "delivered_on", "period_start", "period_end")
YEARS = range(1900, 2200)  # outside of them it is a slip of the keys, and terms would lead out of the calendar
MOST = 2**63  # minor units: what a column holds
FROM_TAX = {
    "tax_category": "category",
    "tax_percent": "percent",
    "exemption_text": "exemption_text",
    "exemption_code": "exemption_code",
}


@transaction.atomic
def draft_invoice(customer, *, by, lines=(), adjustments=(), **fields) -> Invoice:
    """Make a draft for a customer (None: to be chosen later).

    What is not given comes from the customer: currency, language, terms, cash discount, buyer reference. `lines` and
    `adjustments` as in change_draft. Refused with DomainError for an archived customer.
    """
    roles.require(by, "invoice.draft")
    if customer is not None and customer.is_archived:
        raise DomainError(
            _("%(customer)s is archived and gets no new invoices. Take it out of the archive first.")
            % {"customer": customer}
        )
    invoice = Invoice(customer=customer, **{**_defaults(customer), **fields})
    _derive(invoice)
    invoice.save()
    _write_rows(invoice, lines, adjustments)
    _store_totals(invoice)
    audit.record(
        "invoice.draft",
        invoice,
        by=by,
        after={"customer": invoice.customer_name, "total": invoice.total, "currency": invoice.currency},
    )
    return invoice


@transaction.atomic
def change_draft(invoice, *, by, version: int, fields: dict, lines=None, adjustments=None) -> Invoice:
    """Replace fields, and lines and adjustments where given, of the draft that was seen at `version`.

    lines: dicts of Line's fields, with `tax` (a TaxRate, whose values are copied) or the copied values themselves, and
    `adjustments` of the line. adjustments: the document's, dicts of Adjustment's fields; amounts in minor units, or
    `percent` of `base` (default: the net of the line, or of all lines). Stale when someone else was quicker.
    """
    roles.require(by, "invoice.draft")
    taken = Invoice.objects.filter(pk=invoice.pk, status="draft", version=version).update(version=F("version") + 1)
    if not taken:
        raise Stale(_told(invoice))
    invoice = Invoice.objects.get(pk=invoice.pk)
    before = {name: getattr(invoice, name) for name in [*fields, "total"]}
    rows_before = _rows_in_words(invoice)
    for name, value in fields.items():
        setattr(invoice, name, value)
    _derive(invoice)
    invoice.save()
    if lines is not None:
        invoice.adjustments.all().delete()
        invoice.lines.all().delete()
        _write_rows(invoice, lines, adjustments or ())
    _store_totals(invoice)
    after = {name: getattr(invoice, name) for name in before}
    before, after = audit.changes({**before, "lines": rows_before}, {**after, "lines": _rows_in_words(invoice)})
    audit.record("invoice.change", invoice, by=by, before=before, after=after)
    return invoice


@transaction.atomic
def delete_draft(invoice, *, by, version: int) -> None:
    """Only a draft can be deleted; a file it was imported from may then be imported again.

    Draft credit notes that correct it keep its name as text. Stale when it was changed or opened meanwhile; DomainError
    when an opened credit note points to it.
    """
    roles.require(by, "invoice.draft")
    if note := Invoice.objects.opened().filter(corrects=invoice).first():
        raise DomainError(_("%(number)s corrects this draft, so it stays. Open it instead.") % {"number": note.number})
    for note in Invoice.objects.draft().filter(corrects=invoice):
        note.corrects_text = note.corrects_text or invoice.source_reference or str(invoice)
        note.corrects = None
        note.save(update_fields=["corrects", "corrects_text"])
    audit.record("invoice.delete", invoice, by=by, before={"customer": invoice.customer_name, "total": invoice.total})
    deleted, _rows = Invoice.objects.filter(pk=invoice.pk, status="draft", version=version).delete()
    if not deleted:
        raise Stale(_told(invoice))


@transaction.atomic
def write_internal_note(invoice, *, by, text: str) -> None:
    """The note for the back office stays editable after opening; it is on no document."""
    roles.require(by, "invoice.draft")
    before = Invoice.objects.get(pk=invoice.pk).internal_note
    Invoice.objects.filter(pk=invoice.pk).update(internal_note=text)
    audit.record("invoice.note", invoice, by=by, before={"internal_note": before}, after={"internal_note": text})


def due_date(issued_on, terms_days):
    """The terms count from the issue date; None while there is none."""
    return issued_on + timedelta(days=terms_days) if issued_on else None


def _defaults(customer) -> dict:
    if customer is None:
        organization = Organization.objects.current()
        return {"currency": organization.currency, "language": organization.language}
    names = ("currency", "language", "terms_days", "discount_percent", "discount_days", "buyer_reference")
    return {name: getattr(customer, name) for name in names}


def _derive(invoice):
    """What follows from other fields."""
    for day in filter(None, (getattr(invoice, name) for name in DATES)):
        if day.year not in YEARS:
            raise DomainError(_("%(date)s cannot be right. Check the year.") % {"date": day.isoformat()})
    invoice.customer_name = invoice.customer.name if invoice.customer else ""
    if invoice.template is None:
        invoice.template = InvoiceTemplate.objects.for_language(invoice.language)
    if not invoice.due_typed:
        invoice.due_on = due_date(invoice.issued_on, invoice.terms_days)
    own = Organization.objects.current().currency
    invoice.accounting_currency = own if invoice.currency != own else ""


def _told(invoice) -> str:
    """Who was quicker, from the trail."""
    now = Invoice.objects.filter(pk=invoice.pk).first()
    if now is None:
        return _("This draft was deleted meanwhile. What you typed is still in the form.")
    event = AuditEvent.objects.for_thread(invoice).last()
    who = event.actor_name if event else _("Somebody")
    if not now.is_draft:
        return _("%(who)s opened it meanwhile as %(number)s; an open invoice cannot be edited.") % {
            "who": who,
            "number": now.number,
        }
    return _(
        "%(who)s changed this draft while you were editing. Your text is kept below: open the draft in another tab, "
        "compare, and save again."
    ) % {"who": who}


def _copied_tax(row: dict) -> dict:
    tax = row.get("tax")
    copied = {name: getattr(tax, source) for name, source in FROM_TAX.items()} if tax else {}
    return {**copied, **{name: row[name] for name in FROM_TAX if name in row}, "tax": tax}


def _adjustment(row: dict, *, invoice, position, default_base: int, line=None) -> Adjustment:
    percent, base, amount = row.get("percent"), row.get("base"), row.get("amount")
    if amount is None:
        if percent is None:
            raise DomainError(_("An allowance or charge needs an amount or a percentage."))
        base = default_base if base is None else base
        amount = percentage(base, percent)
    taxed = {} if line is not None else _copied_tax(row)
    return Adjustment(
        invoice=invoice,
        line=line,
        position=position,
        is_charge=row.get("is_charge", False),
        reason=row.get("reason", ""),
        reason_code=row.get("reason_code", ""),
        percent=percent,
        base=base,
        amount=amount,
        **taxed,
    )


def reckon(currency: str, lines, adjustments=()) -> tuple[list[Line], list[Adjustment], Totals]:
    """What rows (as in change_draft) come to, written nowhere: lines, the document's adjustments, and the totals."""
    made, _of_lines, whole = _built_rows(Invoice(currency=currency), lines, adjustments)
    return made, whole, totals(taxed_rows(made, whole))


def _write_rows(invoice, lines, adjustments):
    made, of_lines, whole = _built_rows(invoice, lines, adjustments)
    parts = [*of_lines, *whole]
    _check_size([*(line.net for line in made), *(n for part in parts for n in (part.amount, part.base or 0))])
    Line.objects.bulk_create(made)
    Adjustment.objects.bulk_create(parts)


def _check_size(figures):
    if any(abs(figure) >= MOST for figure in figures):
        raise DomainError(_("The lines come to more than an invoice can hold."))


def _built_rows(invoice, lines, adjustments):
    """(lines, their adjustments, the document's), unsaved."""
    places = digits(invoice.currency)
    made, of_lines = [], []
    for position, row in enumerate(lines, start=1):
        own = {name: value for name, value in row.items() if name not in ("adjustments", *FROM_TAX, "tax")}
        line = Line(invoice=invoice, position=position, **own, **_copied_tax(row))
        gross = line_net(line.quantity, line.unit_price, places, price_base=line.price_base)
        parts = [
            _adjustment(part, invoice=invoice, position=n, default_base=gross, line=line)
            for n, part in enumerate(row.get("adjustments", ()), start=1)
        ]
        line.net = gross + sum(part.signed for part in parts)
        made.append(line)
        of_lines += parts
    all_lines = sum(line.net for line in made)
    whole = [
        _adjustment(row, invoice=invoice, position=n, default_base=all_lines)
        for n, row in enumerate(adjustments, start=1)
    ]
    return made, of_lines, whole


def _rows_in_words(invoice) -> list[str]:
    """The lines and the document's adjustments, each as a short text: what the trail keeps of them."""
    plain = lambda value: f"{value.normalize():f}"  # noqa: E731
    taxed = lambda row: f"({row.tax_category} {plain(row.tax_percent)}%)"  # noqa: E731
    lines = [
        f"{plain(row.quantity)} {row.unit} × {plain(row.unit_price)} {row.name} {taxed(row)} = "
        f"{amount_text(row.net, invoice.currency)}"
        for row in invoice.lines.all()
    ]
    whole = [
        f"{row.reason} {taxed(row)} = {amount_text(row.signed, invoice.currency)}"
        for row in invoice.adjustments.filter(line=None)
    ]
    return [*lines, *whole]


def taxed_rows(lines, adjustments) -> list[Taxed]:
    """The rows tax is reckoned on: lines (their own allowances within), and the document's adjustments."""
    pairs = [(line.net, line) for line in lines] + [(a.signed, a) for a in adjustments if a.line_id is None]
    return [Taxed(net, row.tax_category, row.tax_percent, row.exemption_text, row.exemption_code) for net, row in pairs]


def _store_totals(invoice):
    found = totals(taxed_rows(invoice.lines.all(), invoice.adjustments.all()))
    _check_size([found.net, found.total, *(figure for group in found.groups for figure in (group.taxable, group.tax))])
    invoice.tax_lines.all().delete()
    TaxLine.objects.bulk_create(
        TaxLine(
            invoice=invoice,
            category=group.category,
            percent=group.percent,
            taxable=group.taxable,
            tax=group.tax,
            exemption_text=group.exemption_text,
            exemption_code=group.exemption_code,
        )
        for group in found.groups
    )
    invoice.net_total, invoice.tax_total, invoice.total = found.net, found.tax, found.total
    invoice.accounting_tax = None
    if invoice.accounting_currency and invoice.accounting_rate:
        invoice.accounting_tax = convert(
            found.tax, invoice.accounting_rate, digits(invoice.currency), digits(invoice.accounting_currency)
        )
        _check_size([invoice.accounting_tax])
    invoice.save()
