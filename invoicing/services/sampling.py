"""How a template would look on paper while it is being typed. Nothing here writes, and no number is drawn."""

from datetime import date, timedelta
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import override

from customers.models import Organization

from .. import documents, snapshots
from ..models import Invoice, InvoiceTemplate, TaxLine
from .draft_rows import reckon

NUMBER, TERMS = "INV-0000", timedelta(days=30)  # of the invented one


def draw_sample(template: InvoiceTemplate, *, looks: dict, language: str, invoice: Invoice | None, on: date) -> bytes:
    """The PDF of an invoice (None: an invented one) with `looks` (as snapshots.looks_of) in place of what is stored.

    RenderFailure where no page could be made.
    """
    organization = Organization.objects.current()
    invoice = invoice or invented_invoice(organization, language=language, due_on=on + TERMS)
    seller, buyer, _paper = snapshots.parties(invoice)
    invoice.template, invoice.language = template, language  # of this copy in memory alone
    paper = {**snapshots.paper_of(invoice, organization), **looks}
    return documents.sample_pdf(invoice, seller=seller, buyer=buyer, paper=paper)


def invented_invoice(organization: Organization, *, language: str, due_on: date) -> Invoice:
    """An opened invoice of three lines that is in no table, in the words of that language; for pages and for mails."""
    with override(language):
        rows = [
            (_("Calibration of a pressure sensor"), "4", "120.00"),
            (_("Travel to the site"), "1", "85.50"),
            (_("Report with measured values, by post"), "2", "19.90"),
        ]
        buyer = {"name": _("Example & Sons"), "attention": _("Accounts payable"), "number": "10042"}
        place = {"street": _("Harbour Street 7"), "postcode": "20457", "city": "Hamburg", "country": "DE"}
    tax = {"tax_category": "S", "tax_percent": Decimal(19), "exemption_text": "", "exemption_code": ""}
    wanted = [
        {"name": name, "quantity": Decimal(quantity), "unit_price": Decimal(price), **tax}
        for name, quantity, price in rows
    ]
    lines, _whole, sums = reckon(organization.currency, wanted)
    invoice = Invoice(
        pk=0,
        status=Invoice.Status.OPEN,
        number=NUMBER,
        customer_name=buyer["name"],
        currency=organization.currency,
        language=language,
        issued_on=due_on - TERMS,
        due_on=due_on,
        terms_days=TERMS.days,
        order_number="PO-1",
        net_total=sums.net,
        tax_total=sums.tax,
        total=sums.total,
        seller=snapshots.seller_of(organization),
        buyer={**buyer, **place},
    )
    taxed = [
        TaxLine(category=each.category, percent=each.percent, taxable=each.taxable, tax=each.tax)
        for each in sums.groups
    ]
    for line in lines:
        line.pk = line.position
        vars(line)["_prefetched_objects_cache"] = {"adjustments": []}
    # What a query would have found: pages and mails are made from it as from any other invoice.
    vars(invoice)["_prefetched_objects_cache"] = {"lines": lines, "adjustments": [], "tax_lines": taxed}
    return invoice
