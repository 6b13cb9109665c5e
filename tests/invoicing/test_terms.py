"""Cash discount: what may be taken off, until when."""

from datetime import date
from decimal import Decimal

import pytest

from invoicing.models import Invoice
from invoicing.terms import cash_discount, discount_until, promised_discount

ISSUED = date(2026, 11, 1)


def invoice(**fields):
    return Invoice(
        **{"issued_on": ISSUED, "total": 24_205, "discount_percent": Decimal(2), "discount_days": 10, **fields}
    )


@pytest.mark.parametrize(
    ("paid_on", "minor"), [(date(2026, 11, 11), 484), (date(2026, 11, 12), 0), (date(2026, 11, 1), 484)]
)
def test_the_discount_is_granted_to_its_last_day(paid_on, minor):
    assert cash_discount(invoice(), paid_on=paid_on) == minor


def test_what_was_prepaid_earns_no_discount():
    assert cash_discount(invoice(prepaid=4_205), paid_on=ISSUED) == 400


def test_what_was_credited_since_earns_none_though_the_document_promised_it():
    credited = invoice(credited=14_205)

    assert cash_discount(credited, paid_on=ISSUED) == 200
    assert promised_discount(credited) == 484


def test_without_terms_there_is_none():
    assert discount_until(invoice(discount_percent=Decimal(0))) is None
    assert cash_discount(invoice(discount_percent=Decimal(0)), paid_on=ISSUED) == 0
