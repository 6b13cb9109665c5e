"""What happens to money in the demo beside plain payments: too much, too little, for two at once, and taken back."""

import uuid
from datetime import timedelta

from config.common import clock

from .. import terms
from ..models import Invoice, Payment
from ..services import paying


def tell(customers, clerk, today, *, morning) -> None:
    """On top of the invoices of the story. `morning`: the moment of a day at which things happen."""
    days = lambda n: today - timedelta(days=n)  # noqa: E731
    _short_with_discount(_sent(customers["wattwerk"])[0], clerk, morning)
    _two_at_once(_sent(customers["devries"]), clerk, days(31), morning)
    _too_much(_sent(customers["obidos"])[0], clerk, days(3), morning)
    _returned(_sent(customers["glaronisi"])[0], clerk, days(9), days(4), morning)


def _sent(customer) -> list[Invoice]:
    return list(Invoice.objects.open().invoices().filter(customer=customer, billed_at__isnull=False).order_by("pk"))


def _money(day, reference, **details) -> dict:
    return {
        "paid_on": day,
        "received_on": day,
        "method": Payment.Method.TRANSFER,
        "reference": reference,
        "occasion": uuid.uuid4().hex,
        **details,
    }


def _short_with_discount(invoice, clerk, morning):
    """Paid in time for the cash discount; the difference is what the terms promise."""
    day = invoice.issued_on + timedelta(days=invoice.discount_days - 1)
    discount = terms.cash_discount(invoice, paid_on=day)
    with clock.at(morning(day)):
        paying.pay_invoice(
            invoice,
            by=clerk,
            amount=invoice.amount_due - discount,
            close_as="discount",
            reason="2 % Skonto",
            **_money(day, f"{invoice.number} abzgl. Skonto"),
        )


def _two_at_once(invoices, clerk, day, morning):
    with clock.at(morning(day)):
        shares = [paying.Share(invoice, invoice.amount_due) for invoice in invoices]
        paying.record_payment(
            invoices[0].customer,
            by=clerk,
            currency=invoices[0].currency,
            amount=sum(share.amount for share in shares),
            shares=shares,
            **_money(day, " ".join(invoice.number for invoice in invoices)),
        )


def _too_much(invoice, clerk, day, morning):
    """Rounded up by the customer: the rest is credit on account."""
    with clock.at(morning(day)):
        paying.pay_invoice(invoice, by=clerk, amount=invoice.amount_due + 30000, **_money(day, invoice.number))


def _returned(invoice, clerk, day, back_on, morning):
    """A debit that the customer's bank took back: the invoice is owed again."""
    with clock.at(morning(day)):
        details = _money(day, invoice.number, method=Payment.Method.DEBIT)
        payment = paying.pay_invoice(invoice, by=clerk, amount=invoice.amount_due, **details)
    with clock.at(morning(back_on)):
        because = Payment.Reversal.RETURNED
        paying.reverse_payment(payment, by=clerk, because=because, on=back_on, reason="Account without cover")
