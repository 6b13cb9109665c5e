"""What a draft still lacks before it can be opened, in words, with the field that mends it."""

from dataclasses import dataclass
from datetime import date

from django.utils import formats
from django.utils.translation import gettext as _

from customers.models import Organization

from ..models import Line, TaxLine
from ..models.tax import NEEDS_REASON
from .crediting import credit_problem


@dataclass(frozen=True)
class Problem:
    """Why a draft cannot be opened yet, and which field mends it."""

    sentence: str
    field: str  # name of the form field, "lines", or "customer_profile"


@dataclass(frozen=True)
class Rows:
    """What is looked at of the lines and of the tax breakdown of a draft."""

    lines: list  # position, name, quantity, unit_price
    tax_lines: list[TaxLine]


def rows_of(pks) -> dict[int, Rows]:
    """The rows of several drafts in two questions, without a model's work for each of their lines."""
    found = {pk: Rows([], []) for pk in pks}
    looked_at = ("invoice_id", "position", "name", "quantity", "unit_price")
    for line in Line.objects.filter(invoice__in=pks).values_list(*looked_at, named=True):
        found[line.invoice_id].lines.append(line)
    for row in TaxLine.objects.filter(invoice__in=pks):
        found[row.invoice_id].tax_lines.append(row)
    return found


def problems(invoice, *, on: date, seller: Organization | None = None, rows: Rows | None = None) -> list[Problem]:
    """Everything that keeps this draft from being opened on that day, in words.

    `seller`: us, and `rows`: its rows, where they are read already.
    """
    lines = list(invoice.lines.all()) if rows is None else rows.lines
    tax_lines = list(invoice.tax_lines.all()) if rows is None else rows.tax_lines
    found = [*_of_the_parties(invoice), *_of_the_dates(invoice, on)]
    if not lines:
        found.append(Problem(_("It has no line. Add at least one."), "lines"))
    for line in lines:
        found += _of_a_line(line)
    found += _of_the_tax(invoice, tax_lines, seller)
    if invoice.is_credit_note and not (invoice.corrects_id or invoice.corrects_text):
        found.append(
            Problem(_("It does not say which invoice it corrects. Name the preceding invoice."), "corrects_text")
        )
    if invoice.is_credit_note and (sentence := credit_problem(invoice)):
        found.append(Problem(sentence, "lines"))
    if invoice.total < 0:
        found.append(
            Problem(
                _("Its total is negative. An amount you owe the customer is a credit note, not an invoice."), "lines"
            )
        )
    elif invoice.prepaid > invoice.total:
        found.append(Problem(_("More is prepaid than the invoice amounts to."), "prepaid"))
    return found


def _of_the_parties(invoice) -> list[Problem]:
    if invoice.customer is None:
        return [Problem(_("It has no customer. Choose one."), "customer")]
    found = []
    if invoice.customer.is_archived and not invoice.is_credit_note:
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
                _("Its issue date, %(date)s, lies in the future. Schedule it for that day, or set an earlier date.")
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


def _of_the_tax(invoice, tax_lines, seller) -> list[Problem]:
    found = []
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
        seller = seller or Organization.objects.current()
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
