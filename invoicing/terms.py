"""What the terms of payment promise: cash discount. Pure; amounts are minor units of the invoice's currency."""

from datetime import date, timedelta

from .money import percentage


def discount_until(invoice) -> date | None:
    """The last day on which the cash discount is granted; None where there is none."""
    if not invoice.discount_percent or not invoice.issued_on:
        return None
    return invoice.issued_on + timedelta(days=invoice.discount_days)


def promised_discount(invoice) -> int:
    """What the document itself promises to who pays in time; 0 where nothing."""
    return percentage(invoice.total - invoice.prepaid, invoice.discount_percent)


def cash_discount(invoice, *, paid_on: date) -> int:
    """What the customer may take off when paying on that day; 0 where nothing, or too late.

    What was credited since is not paid, so it earns none.
    """
    until = discount_until(invoice)
    if until is None or paid_on > until:
        return 0
    return percentage(invoice.total - invoice.prepaid - invoice.credited, invoice.discount_percent)
