"""Credit notes: drafted from the invoice they correct, never more than it, set off against it when opened."""

from decimal import Decimal

from django.db import transaction
from django.db.models import F, Sum
from django.utils.translation import gettext as _

from config.common import audit, roles
from config.common.errors import DomainError, Stale

from .. import formats
from ..models import Allocation, Invoice, Line
from ..money import percentage
from . import allocating, drafting

COPIED = ("name", "details", "unit", "unit_price", "price_base", "period_start", "period_end")
TAXED = ("tax", "tax_category", "tax_percent", "exemption_text", "exemption_code")
MOST_ROUNDED = 10  # minor units: more than that is no rounding
HEAD = (
    "currency", "language", "template", "buyer_reference", "order_number", "delivered_on", "period_start",
    "period_end", "delivery_country", "accounting_currency", "accounting_rate",
)  # fmt: skip


def creditable(invoice) -> dict[int, Decimal]:
    """What of each line is not credited yet by an opened credit note: {line's primary key: quantity}."""
    rows = (
        Line.objects.filter(corrects__invoice=invoice, invoice__status__in=["open", "paid"])
        .values_list("corrects", "quantity")
        .order_by("pk")
    )
    left = {line.pk: line.quantity for line in invoice.lines.all()}
    for pk, quantity in rows:
        left[pk] -= quantity
    return left


@transaction.atomic
def draft_credit_note(invoice, *, by, quantities: dict[int, Decimal] | None = None, reason: str = "") -> Invoice:
    """A draft credit note for an opened invoice: whole (what is not credited yet), or by line.

    `quantities` names lines by primary key and how much of each is credited, of the line's own sign. Allowances and
    charges follow in proportion; the note that takes the last of the lines also takes the cents that rounding left.
    Refused with DomainError for a draft, void or fully credited invoice, another credit note, or more of a line than is
    left.
    """
    roles.require(by, "invoice.credit")
    check_creditable(invoice)
    left = creditable(invoice)
    if not any(left.values()):
        raise DomainError(
            _("Every line of %(number)s is credited; the %(rest)s that rounding left cannot be. Let it go as rounding.")
            % {"number": invoice.number, "rest": formats.told(invoice.total - invoice.credited, invoice.currency)}
        )
    wanted = left if quantities is None else quantities
    _check_quantities(invoice, wanted, left)
    lines = [line for line in invoice.lines.prefetch_related("adjustments") if wanted.get(line.pk)]
    if not lines:
        raise DomainError(_("Choose at least one line, and how much of it is credited."))
    is_last = all(wanted.get(pk, 0) == quantity for pk, quantity in left.items())
    rows = [_row(line, wanted[line.pk]) for line in lines]
    share = _share(invoice, rows)
    whole = invoice.adjustments.filter(line=None)
    note = drafting.draft_invoice(
        invoice.customer,
        by=by,
        lines=rows,
        adjustments=[_scaled(row, share, whole=True) for row in whole],
        **{name: getattr(invoice, name) for name in HEAD},
        kind=Invoice.Kind.CREDIT_NOTE,
        corrects=invoice,
        corrects_text=invoice.number,
        note=reason,
        terms_days=0,
        discount_percent=0,
        discount_days=0,
    )
    note = _evened(note, invoice, rows, whole, share, is_last=is_last, by=by)
    audit.record(
        "invoice.credit_drafted", invoice, by=by, after={"credit_note": note.pk, "total": note.total}, reason=reason
    )
    return note


def check_creditable(invoice):
    """DomainError when no credit note can be made for this document."""
    if invoice.is_credit_note:
        raise DomainError(_("A credit note is not credited itself. Open a new invoice instead."))
    if invoice.is_draft:
        raise DomainError(_("A draft needs no credit note: change it, or delete it."))
    if invoice.status == Invoice.Status.VOID:
        raise DomainError(_("%(number)s is void; nobody owes anything on it.") % {"number": invoice.number})
    if invoice.credited >= invoice.total:
        raise DomainError(_("%(number)s is credited in full already.") % {"number": invoice.number})


def credit_problem(note) -> str:
    """Why a draft credit note cannot be opened as it is, or ""."""
    invoice = note.corrects
    if invoice is None:
        return ""
    if invoice.is_draft or invoice.status == Invoice.Status.VOID:
        return _("It corrects %(invoice)s, which is not open. Open that first, or name another invoice.") % {
            "invoice": invoice
        }
    if invoice.currency != note.currency or invoice.customer_id != note.customer_id:
        return _("It corrects %(invoice)s, which has another customer or currency.") % {"invoice": invoice}
    rest = invoice.total - invoice.credited
    if note.total > rest:
        return _("It credits %(total)s, but only %(rest)s of %(invoice)s is not credited yet. Lower it.") % {
            "total": formats.told(note.total, note.currency),
            "rest": formats.told(rest, note.currency),
            "invoice": invoice,
        }
    left = creditable(invoice)
    for line in note.lines.exclude(corrects=None).select_related("corrects"):
        if line.corrects_id in left and _beyond(line.quantity, left[line.corrects_id]):
            return _("It credits more of “%(line)s” than is left.") % {"line": line.name}
    return ""


def book_credit(note, *, by):
    """A credit note was opened: its invoice, locked, counts it; what is due there is set off against it at once."""
    if note.corrects_id is None:
        return
    rows = Invoice.objects.filter(pk=note.corrects_id, total__gte=F("credited") + note.total)
    if not rows.exclude(status__in=["draft", "void"]).update(credited=F("credited") + note.total):
        raise Stale(_("Somebody credited the invoice at the same moment. Look at what is left of it."))
    invoice = Invoice.objects.get(pk=note.corrects_id)
    audit.record("invoice.credited", invoice, by=by, after={"credit_note": note.number, "total": note.total})
    amount = min(note.amount_due, invoice.amount_due)
    if amount > 0 and invoice.status in ("open", "uncollectible"):
        allocating.settle(
            invoice, by=by, kind=Allocation.Kind.CREDIT, amount=amount, on=note.issued_on, credit_note=note
        )


def unbook_credit(note):
    """A credit note becomes void: its invoice, locked, does not count it any more."""
    if note.corrects_id:
        Invoice.objects.filter(pk=note.corrects_id).update(credited=F("credited") - note.total)


def _row(line, quantity) -> dict:
    part = quantity / line.quantity
    return {
        **{name: getattr(line, name) for name in (*COPIED, *TAXED)},
        "quantity": quantity,
        "corrects": line,
        "adjustments": [_scaled(row, part) for row in line.adjustments.all()],
    }


def _scaled(row, part: Decimal, *, whole=False) -> dict:
    """An allowance or charge in proportion; a percentage is reckoned anew from what is credited."""
    kept = {"is_charge": row.is_charge, "reason": row.reason, "reason_code": row.reason_code}
    if whole:
        kept |= {name: getattr(row, name) for name in TAXED}
    if part == 1:
        return {**kept, "percent": row.percent, "base": row.base, "amount": row.amount}
    return {**kept, "amount": _half_up(row.amount * part)}


def _half_up(value: Decimal) -> int:
    return int(value.quantize(Decimal(1), rounding="ROUND_HALF_UP"))


def _share(invoice, rows) -> Decimal:
    """Which part of the invoice's lines is credited, by value."""
    net = invoice.lines.aggregate(net=Sum("net"))["net"] or 0
    made, _whole, _totals = drafting.reckon(invoice.currency, rows)
    return Decimal(sum(line.net for line in made)) / Decimal(net) if net else Decimal(1)


def _evened(note, invoice, rows, whole, share, *, is_last, by):
    """Tax is rounded on each note by itself, so several come to some cents more or less than the invoice: more is taken
    off here, and what is less is added to the last of them, as else nothing could ever credit it.
    """
    off = invoice.total - invoice.credited - note.total
    if off == 0 or abs(off) > MOST_ROUNDED or (off > 0 and not is_last):
        return note
    found = _smoothing(list(note.tax_lines.order_by("-taxable", "pk")), off)
    if found is None:
        return note
    group, amount = found
    smoothing = {
        "amount": abs(amount),
        "is_charge": amount > 0,
        "reason": _("Rounding"),
        "tax_category": group.category,
        "tax_percent": group.percent,
        "exemption_text": group.exemption_text,
        "exemption_code": group.exemption_code,
    }
    return drafting.change_draft(
        note,
        by=by,
        version=note.version,
        fields={},
        lines=rows,
        adjustments=[*(_scaled(row, share, whole=True) for row in whole), smoothing],
    )


def _smoothing(groups, off):
    """(group of tax, net amount with its sign) that changes the total by `off`, or as nearly as can be without coming
    to more than that; None where nothing does. An amount moves its tax along, so that not every cent can be reached.
    """
    sign = 1 if off > 0 else -1
    best = None
    for group in groups:
        for amount in range(sign, off + sign, sign):
            tax = percentage(group.taxable + amount, group.percent) - percentage(group.taxable, group.percent)
            if amount + tax <= off and (best is None or amount + tax > best[0]):
                best = amount + tax, group, amount
    return best and best[1:]


def _check_quantities(invoice, wanted, left):
    names = {line.pk: line.name for line in invoice.lines.all()}
    for pk, quantity in wanted.items():
        if pk not in left:
            raise DomainError(_("That line is not one of this invoice. Reload the page."))
        if _beyond(quantity, left[pk]):
            raise DomainError(
                _("Of “%(line)s” only %(left)s is left to credit.")
                % {"line": names[pk], "left": f"{left[pk].normalize():f}"}
            )


def _beyond(quantity, left) -> bool:
    """More than is left; lines with a negative quantity are credited downwards."""
    return quantity * left < 0 or abs(quantity) > abs(left)
