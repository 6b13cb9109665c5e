"""Drafts: made, changed, deleted. Nothing here draws a number or leaves the house."""

from datetime import timedelta

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from config.common import audit, edits, roles
from config.common.currency import digits
from config.common.errors import DomainError, Stale
from config.common.models import AuditEvent
from customers.models import Organization

from ..models import BatchItem, Delivery, Invoice, TaxLine
from ..money import convert, totals
from .batches import following
from .draft_rows import check_size, reckon, rows_in_words, taxed_rows, write_rows
from .profiles import template_for

__all__ = ["change_draft", "delete_draft", "draft_invoice", "due_date", "reckon", "write_internal_note"]

DATES = ("issued_on", "due_on", "delivered_on", "period_start", "period_end")
YEARS = range(1900, 2200)  # outside of them it is a slip of the keys, and terms would lead out of the calendar


@transaction.atomic
def draft_invoice(customer, *, by, lines=(), adjustments=(), **fields) -> Invoice:
    """Make a draft for a customer (None: to be chosen later).

    What is not given comes from the customer: currency, language, terms, cash discount, buyer reference. `lines` and
    `adjustments` as in change_draft. Refused with DomainError for an archived customer.
    """
    roles.require(by, "invoice.draft")
    if customer is not None and customer.is_archived and fields.get("kind") != Invoice.Kind.CREDIT_NOTE:
        raise DomainError(
            _("%(customer)s is archived and gets no new invoices. Take it out of the archive first.")
            % {"customer": customer}
        )
    invoice = Invoice(customer=customer, **{**_defaults(customer), **fields})
    _derive(invoice)
    invoice.save()
    write_rows(invoice, lines, adjustments)
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
        raise _quicker(invoice, version)
    invoice = Invoice.objects.get(pk=invoice.pk)
    before = {name: getattr(invoice, name) for name in [*fields, "total"]}
    rows_before = rows_in_words(invoice)
    for name, value in fields.items():
        setattr(invoice, name, value)
    _derive(invoice)
    invoice.save()
    if lines is not None:
        invoice.adjustments.all().delete()
        invoice.lines.all().delete()
        write_rows(invoice, lines, adjustments or ())
    _store_totals(invoice)
    after = {name: getattr(invoice, name) for name in before}
    before, after = audit.changes({**before, "lines": rows_before}, {**after, "lines": rows_in_words(invoice)})
    audit.record("invoice.change", invoice, by=by, before=before, after=after)
    return invoice


@transaction.atomic
def delete_draft(invoice, *, by, version: int) -> None:
    """Only a draft can be deleted; a file it was imported from may then be imported again.

    An email that was scheduled for it goes with it. Draft credit notes that correct it keep its name as text. Stale
    when it was changed or opened meanwhile; DomainError when an opened credit note points to it.
    """
    roles.require(by, "invoice.draft")
    if note := Invoice.objects.opened().filter(corrects=invoice).first():
        raise DomainError(_("%(number)s corrects this draft, so it stays. Open it instead.") % {"number": note.number})
    for note in Invoice.objects.draft().filter(corrects=invoice):
        note.corrects_text = note.corrects_text or invoice.source_reference or str(invoice)
        note.corrects = None
        note.save(update_fields=["corrects", "corrects_text"])
    audit.record("invoice.delete", invoice, by=by, before={"customer": invoice.customer_name, "total": invoice.total})
    list(Invoice.objects.select_for_update().filter(pk=invoice.pk).values_list("pk"))  # before its emails, as firing
    scheduled = list(BatchItem.objects.filter(invoice=invoice, status="scheduled").values_list("pk", flat=True))
    Delivery.objects.filter(documents__invoice=invoice, documents__invoice__status="draft").delete()
    deleted, _rows = Invoice.objects.filter(pk=invoice.pk, status="draft", version=version).delete()
    if not deleted:
        raise _quicker(invoice, version)
    following.follow_items(scheduled)


@transaction.atomic
def write_internal_note(invoice, *, by, text: str) -> None:
    """The note for the back office stays editable after opening; it is on no document."""
    roles.require(by, "invoice.draft")
    before = Invoice.objects.get(pk=invoice.pk).internal_note
    if text == before:
        return
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
        invoice.template = template_for(invoice.customer)
    if not invoice.due_typed:
        invoice.due_on = due_date(invoice.issued_on, invoice.terms_days)
    own = Organization.objects.current().currency
    invoice.accounting_currency = own if invoice.currency != own else ""


def _quicker(invoice, version) -> Stale:
    """Who was quicker, and with what, from the trail: each change of a draft is one version and one event."""
    refusal = Stale(_told(invoice, news := _news(invoice, version)))
    refusal.news = news
    return refusal


def _news(invoice, version) -> dict:
    """What changed since that version: {field: (was, now)} as the trail tells it."""
    rows = Invoice.objects.filter(pk=invoice.pk, status="draft").values_list("version", flat=True)
    since = max(0, (rows.first() or version) - version)
    changes = AuditEvent.objects.filter(object_type="invoice", object_id=invoice.pk, action="invoice.change")
    news: dict[str, tuple] = {}
    for event in reversed(changes.order_by("-seq")[:since]):
        for name, now in event.after.items():
            news[name] = (news[name][0] if name in news else event.before.get(name), now)
    return news


def _told(invoice, news) -> str:
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
    names = {field.name for field in Invoice._meta.fields}
    labels = [edits.label_of(now, name) if name in names else str(_("Lines")) for name in news]
    return _(
        "%(who)s changed this draft while you were editing. Changed: %(fields)s. Your text is kept below: open the "
        "draft in another tab, compare, and save again."
    ) % {"who": who, "fields": ", ".join(labels) or "–"}


def _store_totals(invoice):
    found = totals(taxed_rows(invoice.lines.all(), invoice.adjustments.all()))
    check_size([found.net, found.total, *(figure for group in found.groups for figure in (group.taxable, group.tax))])
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
        check_size([invoice.accounting_tax])
    invoice.save()
