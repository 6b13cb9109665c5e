"""Short payments: the rest is named for what it is, within the limit of the role."""

from datetime import timedelta
from decimal import Decimal

import pytest

from config.common.errors import DomainError, Forbidden, Stale
from config.common.models import AuditEvent
from invoicing.models import Allocation, Invoice, Payment, WriteOffLimit
from invoicing.services import letting_go, paying, proving
from tests import factories

pytestmark = pytest.mark.django_db
TODAY = factories.TODAY


def short(invoice, by, amount, kind="bank_charge", reason="Correspondent bank", **details):
    return factories.payment(invoice, amount, by=by, close_as=kind, reason=reason, **details)


def fresh(thing):
    return type(thing).objects.get(pk=thing.pk)


def test_clerks_may_let_five_go_in_our_own_currency_from_the_first_day():
    factories.organization()

    assert letting_go.limit_of("clerk", "EUR") == 500
    assert letting_go.limit_of("clerk", "USD") == 0
    assert letting_go.limit_of("manager", "EUR") is None
    assert letting_go.limit_of("admin", "EUR") is None


@pytest.mark.parametrize("kind", ["bank_charge", "discount", "rounding", "write_off"])
def test_a_small_rest_is_closed_as_what_it_is(clerk, kind):
    invoice = factories.opened()

    payment = short(invoice, clerk, 23700, kind)

    assert (fresh(invoice).status, fresh(invoice).amount_due) == ("paid", 0)
    assert (payment.allocated, payment.on_account) == (23700, 0), "what is let go is none of the money"
    row = Allocation.objects.get(kind=kind)
    assert (row.amount, row.payment, row.reason) == (500, payment, "Correspondent bank")
    assert AuditEvent.objects.get(action="invoice.paid").after["by"] == kind
    assert list(proving.differences()) == []


def test_above_the_limit_a_clerk_is_told_whom_to_ask_and_nothing_is_recorded(clerk):
    invoice = factories.opened()

    with pytest.raises(Forbidden, match=r"EUR.5\.01 is more than your role may let go \(EUR.5\.00\).*ask a manager"):
        short(invoice, clerk, 23699)

    assert not Payment.objects.exists()
    assert fresh(invoice).settled == 0


def test_bit_by_bit_no_more_is_let_go_than_at_once(clerk):
    invoice = factories.opened()
    first = factories.payment(invoice, 20000, by=clerk)
    short(fresh(invoice), clerk, 3700)
    paying.reverse_payment(first, by=clerk, because="mistake", on=TODAY, reason="It never came")

    with pytest.raises(Forbidden, match=r"EUR.5\.00 was let go on this invoice already; with EUR.1\.00 it is more"):
        short(fresh(invoice), clerk, 19900, "discount")

    assert fresh(invoice).amount_due == 20000
    assert Allocation.objects.filter(kind__in=Allocation.LET_GO).count() == 1


def test_without_a_limit_in_that_currency_a_clerk_lets_nothing_go(clerk):
    invoice = factories.opened(currency="USD", accounting_rate=Decimal("0.92"))

    with pytest.raises(Forbidden, match=r"may not let anything go in USD"):
        short(invoice, clerk, 24199)


def test_the_cash_discount_of_the_invoice_needs_no_limit_while_it_is_granted(clerk):
    terms = {"discount_percent": "2", "discount_days": 10}
    in_time, late = factories.opened(**terms), factories.opened(**terms)
    last = TODAY + timedelta(days=10)

    short(in_time, clerk, 23716, "discount", paid_on=last, received_on=last + timedelta(days=3))
    with pytest.raises(Forbidden, match="more than your role"):
        short(late, clerk, 23600, "discount")
    day_after = last + timedelta(days=1)
    late_by_a_day = factories.opened(lines=[factories.line(unit_price="1000")], **terms)
    with pytest.raises(Forbidden, match="more than your role"):
        short(late_by_a_day, clerk, 237160, "discount", paid_on=day_after, received_on=day_after)

    assert fresh(in_time).status == "paid"


def test_a_manager_lets_any_amount_go_until_a_limit_is_set(manager, admin):
    short(factories.opened(), manager, 100, "write_off")

    letting_go.set_limit(by=admin, role="manager", currency="EUR", most=1000)

    with pytest.raises(Forbidden):
        short(factories.opened(), manager, 100, "write_off")
    short(factories.opened(), admin, 100, "write_off")


def test_a_rest_is_let_go_without_a_payment(manager):
    invoice = factories.opened()

    letting_go.let_go(invoice, by=manager, kind="write_off", on=TODAY, reason="Not worth a letter")

    assert fresh(invoice).status == "paid"
    assert Allocation.objects.get().payment is None


@pytest.mark.parametrize(
    ("kind", "reason", "sentence"),
    [("payment", "x", "what the difference is"), ("rounding", " ", "why the difference")],
)
def test_it_needs_a_name_and_a_reason(manager, kind, reason, sentence):
    with pytest.raises(DomainError, match=sentence):
        letting_go.let_go(factories.opened(), by=manager, kind=kind, on=TODAY, reason=reason)

    assert not Allocation.objects.exists()


def test_what_is_settled_already_says_so(manager):
    invoice = factories.opened()
    factories.payment(invoice)

    with pytest.raises(Stale, match="already paid"):
        letting_go.let_go(invoice, by=manager, kind="rounding", on=TODAY, reason="x")


def test_nothing_is_let_go_where_nothing_is_short(clerk):
    invoice = factories.opened()

    short(invoice, clerk, 24200)

    assert Allocation.objects.count() == 1


def test_only_an_admin_sets_limits_and_each_change_is_told(admin, manager):
    factories.organization()
    with pytest.raises(Forbidden):
        letting_go.set_limit(by=manager, role="clerk", currency="EUR", most=100_000)

    letting_go.set_limit(by=admin, role="clerk", currency="EUR", most=1000)
    letting_go.set_limit(by=admin, role="clerk", currency="EUR", most=None)
    letting_go.set_limit(by=admin, role="clerk", currency="EUR", most=None)

    assert not WriteOffLimit.objects.exists()
    assert letting_go.limit_of("clerk", "EUR") == 0
    events = AuditEvent.objects.filter(action__startswith="limit.").order_by("seq")
    assert [(event.action, event.before.get("most")) for event in events] == [
        ("limit.set", None),
        ("limit.set", 500),
        ("limit.removed", 1000),
    ]


def test_a_limit_is_not_negative(admin):
    with pytest.raises(DomainError, match="zero or more"):
        letting_go.set_limit(by=admin, role="clerk", currency="EUR", most=-1)

    assert not WriteOffLimit.objects.exists()


def test_a_viewer_lets_nothing_go(viewer):
    invoice = factories.opened()

    with pytest.raises(Forbidden):
        letting_go.let_go(invoice, by=viewer, kind="rounding", on=TODAY, reason="x")

    assert Invoice.objects.get().settled == 0
