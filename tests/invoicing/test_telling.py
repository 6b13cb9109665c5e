"""The trail is told in words, whatever service left it."""

import re

import pytest

from config.common.models import AuditEvent
from invoicing import telling
from tests.house.source import ROOT

OWN_PAGES = (
    "template.",
    "email_template.",
    "tax_rate.",
    "series.",
    "channel.",
    "import",
    "organization.",
    "bank_account.",
    "limit.",
)
SILENT = {"invoice.delete", "batch.prepared"}  # no page is left; said by what follows


def actions() -> set[str]:
    """Every action that a service of invoicing leaves in the trail, as it stands in the source."""
    found = set()
    for module in (ROOT / "invoicing" / "services").rglob("*.py"):
        found |= set(re.findall(r"""(?:audit\.record\(\s*|action=)"([a-z_]+\.[a-z_]+)\"""", module.read_text()))
    return {action for action in found if not action.startswith(OWN_PAGES)} - SILENT


def told(action, **fields):
    event = AuditEvent(seq=1, action=action, actor_name="Femke", object_type="payment", **{"before": {}, **fields})
    [item] = telling.items([event], currency="EUR", recipients={})
    return item["text"], item["detail"].replace("\N{NO-BREAK SPACE}", " ")


def test_every_action_has_its_words():
    assert len(actions()) > 15
    assert actions() - set(telling.WORDS) == set()


@pytest.mark.parametrize(
    ("action", "after", "detail"),
    [
        ("invoice.paid", {"settled": 24200, "by": "discount"}, "By: Discount taken; Settled: EUR 242.00"),
        ("invoice.paid", {"settled": 100, "invoice": "INV-1"}, "Invoice: INV-1; Settled: EUR 1.00"),
        ("invoice.taken_back", {"taken_back": 250}, "Taken back: EUR 2.50"),
        ("payment.allocated", {"amount": 100, "invoice": "INV-1"}, "Amount: EUR 1.00; Invoice: INV-1"),
        ("payment.reversed", {"status": "reversed", "why": "chargeback"}, "Because: Charged back"),
        (
            "payment.refunded",
            {"amount": 100, "currency": "EUR", "paid_on": "2026-11-20", "reference": "R-1"},
            "Amount: EUR 1.00; Paid on: 20 Nov 2026; Reference: R-1",
        ),
        ("invoice.credit_drafted", {"credit_note": 7, "total": 100}, "Total: EUR 1.00"),
        ("invoice.credited", {"credit_note": "CN-1", "total": 100}, "Credit note: CN-1; Total: EUR 1.00"),
    ],
)
def test_money_is_told_with_its_currency_and_choices_by_their_word(action, after, detail):
    assert told(action, after=after)[1] == detail


def test_a_reason_stands_last():
    assert told("payment.reversed", after={"why": "mistake"}, reason="Typed twice")[1] == (
        "Because: Recorded by mistake; Typed twice"
    )


def test_a_limit_is_told_for_whom_and_how_much():
    text, detail = told("limit.set", before={"most": 500}, after={"most": 1000, "currency": "USD", "role": "clerk"})

    assert text == "set a write-off limit"
    assert detail == "At most: USD 5.00 → USD 10.00; Role: Clerk"
