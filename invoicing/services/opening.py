"""Opening: the number is drawn and the paper turns to stone, in one short transaction without network or PDF."""

from dataclasses import dataclass
from datetime import date

from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import formats
from django.utils.translation import gettext as _

from config.common import clock, queue, roles, states
from config.common.errors import DomainError, Stale
from config.common.models import AuditEvent
from customers.models import Organization

from .. import snapshots
from ..models import Counter, Invoice, Series
from ..models.tax import NEEDS_REASON
from .drafting import due_date


@dataclass(frozen=True)
class Problem:
    """Why a draft cannot be opened yet, and which field mends it."""

    sentence: str
    field: str  # name of the form field, "lines", or "customer_profile"


def problems(invoice, *, on: date) -> list[Problem]:
    """Everything that keeps this draft from being opened on that day, in words."""
    lines = list(invoice.lines.all())
    found = [*_of_the_parties(invoice), *_of_the_dates(invoice, on)]
    if not lines:
        found.append(Problem(_("It has no line. Add at least one."), "lines"))
    for line in lines:
        found += _of_a_line(line)
    found += _of_the_tax(invoice)
    if invoice.is_credit_note and not (invoice.corrects_id or invoice.corrects_text):
        found.append(
            Problem(_("It does not say which invoice it corrects. Name the preceding invoice."), "corrects_text")
        )
    if invoice.total < 0:
        found.append(
            Problem(
                _("Its total is negative. An amount you owe the customer is a credit note, not an invoice."), "lines"
            )
        )
    elif invoice.prepaid > invoice.total:
        found.append(Problem(_("More is prepaid than the invoice amounts to."), "prepaid"))
    return found


def open_invoice(invoice, *, by, on: date, version: int | None = None) -> Invoice:
    """draft → open (a total fully prepaid or of 0: → paid). `on` is the day in the organization's time zone.

    Refused with DomainError naming everything that is missing; with Stale when it was opened or changed meanwhile
    (`version`: the draft as it was seen). The number is drawn last, so a rollback anywhere leaves no gap.
    """
    roles.require(by, "invoice.open")
    organization = Organization.objects.current()
    _keep_logo(organization)
    with transaction.atomic():
        # PostgreSQL holds the row; on SQLite the transaction already holds the database.
        invoice = Invoice.objects.select_for_update().get(pk=invoice.pk)
        if not invoice.is_draft:
            raise Stale(_already_open(invoice))
        if version is not None and version != invoice.version:
            raise Stale(_("This draft was changed after you looked at it. Review it and open it again."))
        if found := problems(invoice, on=on):
            raise DomainError(" ".join(problem.sentence for problem in found))
        issued_on = invoice.issued_on or on
        settled = invoice.total == invoice.prepaid
        paper = {
            "seller": snapshots.seller_of(organization),
            "buyer": snapshots.buyer_of(invoice.customer),
            "paper": snapshots.paper_of(invoice, organization),
        }
        counter, seq, number = _draw_number(invoice.kind, issued_on)
        try:
            states.advance(
                invoice,
                "paid" if settled else "open",
                by=by,
                action="invoice.open",
                after={"number": number, "issued_on": issued_on},
                counter=counter,
                seq=seq,
                number=number,
                opened_at=clock.now(),
                issued_on=issued_on,
                due_on=invoice.due_on if invoice.due_typed else due_date(issued_on, invoice.terms_days),
                customer_name=invoice.customer.name,
                **paper,
            )
        except IntegrityError:
            raise DomainError(
                _(
                    "The number %(number)s is taken by another document, because the pattern of the series was "
                    "changed. Choose another pattern in Settings → Number series."
                )
                % {"number": number}
            ) from None
        queue.enqueue("invoicing.tasks.make_pdf", invoice.pk)
    return invoice


def _draw_number(kind, issued_on):
    """The next number of the series, held by its row until the transaction ends."""
    series = Series.objects.filter(kind=kind).first()
    if series is None:
        raise DomainError(
            _("There is no number series for this kind of document. Make one in Settings → Number series.")
        )
    year = issued_on.year if series.restarts_yearly else 0
    counter, _new = Counter.objects.get_or_create(series=series, year=year)
    Counter.objects.filter(pk=counter.pk).update(next_no=F("next_no") + 1)
    counter.refresh_from_db()
    seq = counter.next_no - 1
    return counter, seq, series.text(issued_on.year, seq)


def _keep_logo(organization):
    """The logo as it is today stays with the paper, under its hash."""
    if organization.logo:
        path = f"logos/{snapshots.logo_hash(organization)}.png"
        if not storages["documents"].exists(path):
            storages["documents"].save(path, ContentFile(bytes(organization.logo)))


def _already_open(invoice) -> str:
    event = AuditEvent.objects.for_thread(invoice).filter(action="invoice.open").last()
    return _("%(who)s already opened it, as %(number)s. Nothing was done twice.") % {
        "who": event.actor_name if event else _("Somebody"),
        "number": invoice.number,
    }


def _of_the_parties(invoice) -> list[Problem]:
    if invoice.customer is None:
        return [Problem(_("It has no customer. Choose one."), "customer")]
    found = []
    if invoice.customer.is_archived:
        found.append(
            Problem(
                _("%(customer)s is archived. Take it out of the archive, or choose another customer.")
                % {"customer": invoice.customer},
                "customer_profile",
            )
        )
    if invoice.template is None:
        found.append(Problem(_("It has no invoice template. Choose one."), "template"))
    return found


def _of_the_dates(invoice, on) -> list[Problem]:
    if invoice.issued_on and invoice.issued_on > on:
        return [
            Problem(
                _("Its issue date, %(date)s, lies in the future. Open it on that day, or set an earlier date.")
                % {"date": formats.date_format(invoice.issued_on)},
                "issued_on",
            )
        ]
    return []


def _of_a_line(line) -> list[Problem]:
    found = []
    if not line.name.strip():
        found.append(Problem(_("Line %(n)s has no description.") % {"n": line.position}, "lines"))
    if line.quantity == 0:
        found.append(Problem(_("Line %(n)s has no quantity.") % {"n": line.position}, "lines"))
    if line.unit_price < 0:
        found.append(
            Problem(
                _("Line %(n)s has a negative price. Use a negative quantity instead.") % {"n": line.position}, "lines"
            )
        )
    return found


def _of_the_tax(invoice) -> list[Problem]:
    found = []
    tax_lines = list(invoice.tax_lines.all())
    for group in tax_lines:
        if group.category in NEEDS_REASON and not (group.exemption_text or group.exemption_code):
            found.append(
                Problem(
                    _("No reason is given why “%(category)s” bears no tax; the law asks for one. Add it to the rate.")
                    % {"category": group.get_category_display()},
                    "lines",
                )
            )
    categories = {group.category for group in tax_lines}
    if "O" in categories and len(categories) > 1:  # BR-O-11 to BR-O-14
        found.append(Problem(_("Lines outside the scope of VAT cannot share an invoice with taxed ones."), "lines"))
    if (
        categories & {"AE", "K"}
        and invoice.customer
        and not (invoice.customer.vat_id or invoice.customer.registration_no)
    ):
        found.append(
            Problem(
                _("Reverse charge and intra-community supply need the customer's VAT id. Add it in their profile."),
                "customer_profile",
            )
        )
    if categories & {"S", "Z", "E", "AE", "K", "G"}:
        seller = Organization.objects.current()
        if not (seller.vat_id or seller.tax_number):  # BR-S-02 and its like
            found.append(
                Problem(
                    _("The organization has neither VAT id nor tax number. Add one in Settings → Organization."),
                    "organization",
                )
            )
    if "K" in categories and not invoice.delivery_country:  # BR-IC-12
        found.append(
            Problem(_("An intra-community supply has to say the country it was delivered to."), "delivery_country")
        )
    if invoice.accounting_currency and invoice.tax_total and not invoice.accounting_rate:
        found.append(
            Problem(
                _("Tax has to be stated in %(own)s too. Type the rate: how many %(own)s one %(currency)s is worth.")
                % {"own": invoice.accounting_currency, "currency": invoice.currency},
                "accounting_rate",
            )
        )
    return found
