"""Whatever is done to a few invoices in whatever order, the books stay honest.

A machine drafts, opens, pays, credits, moves, refunds, reverses, voids and gives up at random; after each step every
kept sum is what its rows add up to, and the customer's money is where the machine remembers putting it.
"""

import os
import uuid
from collections import Counter as Tally
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from django.db.models import F, Q, Sum
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from config.common.errors import DomainError
from config.common.models import User
from invoicing.models import Allocation, Invoice, Payment, Refund
from invoicing.services import (
    allocating,
    correcting,
    crediting,
    letting_go,
    opening,
    paying,
    proving,
    reallocating,
    refunding,
)
from tests import factories

RUNS, STEPS = (1000, 50) if os.environ.get("TORTURE") else (30, 25)
INVOICES_AT_MOST = 8
ANY = Q()
OWED = Q(status__in=["open", "uncollectible"], kind="invoice")
CREDIT = Q(status="open", kind="credit_note")
ON_ACCOUNT = Q(status="recorded", amount__gt=F("allocated") + F("refunded"))
STANDING = Q(reverses=None, reversed_by=None)
amounts = st.integers(min_value=1, max_value=1_000_000)
days = st.integers(min_value=0, max_value=20).map(lambda n: factories.TODAY + timedelta(days=n))
picks = st.integers(min_value=1, max_value=997)
flags = st.booleans()
differences = st.sampled_from(["", *Allocation.LET_GO])
several = st.tuples(picks, amounts, differences)


class World:
    """A manager, two customers, open invoices in two currencies; made once, every run is rolled back to it."""

    def __init__(self):
        self.by = User.objects.create_user("m@dunlin.example", "a-long-password", name="M", role="manager")
        self.customers = [factories.customer("One"), factories.customer("Two")]
        self.tax = factories.tax()
        one, two = self.customers
        yen = {"currency": "JPY", "accounting_rate": Decimal("0.0061")}
        for buyer, terms in (
            (one, {}),
            (one, {}),
            (one, yen),
            (two, {"discount_percent": Decimal(2), "discount_days": 10}),
        ):
            factories.opened(buyer, lines=[factories.line(quantity=3, unit_price=Decimal("33.33"))], **terms)
        note = crediting.draft_credit_note(Invoice.objects.first(), by=self.by)
        opening.open_invoice(note, by=self.by, on=factories.TODAY)
        paid = factories.payment(Invoice.objects.filter(kind="invoice", status="open").first(), 20_000)
        self.got = {(paid.customer_id, paid.currency): paid.amount}


class Money(RuleBasedStateMachine):
    world: World

    def __init__(self):
        super().__init__()
        self.run = transaction.atomic()
        self.run.__enter__()
        self.got, self.given_back = Tally(self.world.got), Tally()

    def teardown(self):
        transaction.set_rollback(True)
        self.run.__exit__(None, None, None)

    # --- Finding something to do it to ------------------------------------------------------------------------

    @staticmethod
    def pick(rows, n, likely=ANY):
        """One of the rows; seven times of eight one that the act will probably take."""
        found = list((rows.filter(likely) if n % 8 else rows).order_by("pk"))
        return found[n % len(found)] if found else None

    @staticmethod
    @contextmanager
    def refusable():
        """A rule may say no; then nothing at all may have happened."""
        before = _state()
        try:
            with transaction.atomic():
                yield
        except DomainError:
            assert _state() == before

    @staticmethod
    def some(amount, limit):
        """Mostly up to the limit, now and then a little beyond."""
        return amount % (limit + limit // 5 + 2)

    # --- What people do ---------------------------------------------------------------------------------------

    @precondition(lambda self: Invoice.objects.filter(kind="invoice").count() < INVOICES_AT_MOST)
    @rule(
        who=picks, quantity=st.integers(1, 3), price=st.integers(1, 300), foreign=st.booleans(), discount=st.booleans()
    )
    def draft(self, who, quantity, price, foreign, discount):
        buyer = self.world.customers[who % 2]
        line = factories.line(quantity=quantity, unit_price=Decimal(price), tax=self.world.tax)
        terms = {"discount_percent": Decimal(2), "discount_days": 10} if discount else {}
        currency = "JPY" if foreign else "EUR"
        rate = {} if currency == "EUR" else {"accounting_rate": Decimal("0.0061")}
        factories.draft(buyer, lines=[line], currency=currency, **terms, **rate)

    @rule(n=picks)
    def open(self, n):
        if document := self.pick(Invoice.objects.draft(), n):
            with self.refusable():
                opening.open_invoice(document, by=self.world.by, on=factories.TODAY)

    @rule(n=picks, amount=amounts, day=days, close_as=differences)
    def pay_one(self, n, amount, day, close_as):
        if invoice := self.pick(Invoice.objects.opened(), n, OWED):
            with self.refusable():
                amount = self.some(amount, invoice.amount_due)
                paid = paying.pay_invoice(
                    invoice, by=self.world.by, amount=amount, close_as=close_as, reason="Why", **_details(day)
                )
                self.got[paid.customer_id, paid.currency] += amount

    @rule(n=picks, day=days)
    def pay_exactly(self, n, day):
        if invoice := self.pick(Invoice.objects.open().invoices(), n):
            with self.refusable():
                paid = paying.pay_invoice(invoice, by=self.world.by, amount=invoice.amount_due, **_details(day))
                self.got[paid.customer_id, paid.currency] += paid.amount

    @rule(
        n=picks, parts=st.lists(st.tuples(picks, amounts, differences), min_size=2, max_size=3), over=amounts, day=days
    )
    def pay_several(self, n, parts, over, day):
        first = self.pick(Invoice.objects.open().invoices(), n)
        if first is None:
            return
        candidates = Invoice.objects.open().filter(customer=first.customer, currency=first.currency)
        found = {self.pick(candidates, m): (amount, close_as) for m, amount, close_as in parts}
        shares = [
            paying.Share(invoice, self.some(amount, invoice.amount_due), close_as, "Why")
            for invoice, (amount, close_as) in found.items()
        ]
        total = sum(share.amount for share in shares) + over % 500
        with self.refusable():
            paying.record_payment(
                first.customer,
                by=self.world.by,
                currency=first.currency,
                amount=total,
                shares=shares,
                **_details(day),
            )
            self.got[first.customer_id, first.currency] += total

    @rule(n=picks, part=st.integers(1, 3), opens=st.booleans())
    def credit(self, n, part, opens):
        invoice = self.pick(Invoice.objects.opened(), n, Q(kind="invoice", credited__lt=F("total")))
        if invoice is None or Invoice.objects.filter(kind="credit_note").count() >= INVOICES_AT_MOST:
            return
        with self.refusable():
            left = crediting.creditable(invoice)
            quantities = {pk: min(left[pk], Decimal(part)) for pk in left if left[pk]}
            note = crediting.draft_credit_note(invoice, by=self.world.by, quantities=quantities)
            if opens:
                opening.open_invoice(note, by=self.world.by, on=factories.TODAY)

    @rule(n=picks, m=picks, amount=amounts, day=days)
    def allocate_payment(self, n, m, amount, day):
        payment, invoice = self.pick(Payment.objects.all(), n, ON_ACCOUNT), self.pick(Invoice.objects.all(), m, OWED)
        if payment and invoice:
            with self.refusable():
                amount = self.some(amount, min(payment.on_account, invoice.amount_due))
                allocating.allocate_payment(payment, invoice, by=self.world.by, amount=amount, on=day)

    @rule(n=picks, m=picks, amount=amounts, day=days)
    def allocate_credit(self, n, m, amount, day):
        note = self.pick(Invoice.objects.filter(kind="credit_note"), n, CREDIT)
        invoice = self.pick(Invoice.objects.all(), m, OWED)
        if note and invoice and note != invoice:
            with self.refusable():
                amount = self.some(amount, min(note.amount_due, invoice.amount_due))
                allocating.allocate_credit(note, invoice, by=self.world.by, amount=amount, on=day)

    @rule(n=picks, ms=st.lists(picks, min_size=1, max_size=3, unique=True), amount=amounts, of_note=st.booleans())
    def spread(self, n, ms, amount, of_note):
        notes, payments = Invoice.objects.filter(kind="credit_note"), Payment.objects.all()
        source = self.pick(notes, n, CREDIT) if of_note else self.pick(payments, n, ON_ACCOUNT)
        if source:
            found = {self.pick(Invoice.objects.opened(), m, OWED) for m in ms} - {None, source}
            invoices = sorted(found, key=lambda each: each.pk)
            with self.refusable():
                spread = [
                    (invoice, self.some(amount, invoice.amount_due))
                    for invoice in sorted(invoices, key=lambda each: each.pk)
                ]
                reallocating.spread(source, by=self.world.by, amounts=spread, on=factories.TODAY)

    @rule(n=picks, day=st.none() | days)
    def take_back(self, n, day):
        if row := self.pick(Allocation.objects.all(), n, STANDING):
            with self.refusable():
                reallocating.take_back(row, by=self.world.by, on=day)

    @rule(n=picks, m=picks)
    def move(self, n, m):
        row, invoice = self.pick(Allocation.objects.all(), n, STANDING), self.pick(Invoice.objects.opened(), m, OWED)
        if row and invoice:
            with self.refusable():
                reallocating.move_allocation(row, to=invoice, by=self.world.by)

    @rule(n=picks, kind=st.sampled_from(Allocation.LET_GO), day=days)
    def let_go_of_the_rest(self, n, kind, day):
        if invoice := self.pick(Invoice.objects.opened(), n, OWED):
            with self.refusable():
                letting_go.let_go(invoice, by=self.world.by, kind=kind, on=day, reason="Why")

    @rule(n=picks, amount=amounts, day=days)
    def refund(self, n, amount, day):
        if payment := self.pick(Payment.objects.all(), n, ON_ACCOUNT):
            with self.refusable():
                amount = self.some(amount, payment.on_account)
                back = refunding.refund_payment(payment, by=self.world.by, amount=amount, **_back(day))
                self.given_back[back.customer_id, back.currency] += amount

    @rule(n=picks, amount=amounts, day=days)
    def refund_credit(self, n, amount, day):
        if note := self.pick(Invoice.objects.filter(kind="credit_note"), n, CREDIT):
            with self.refusable():
                amount = self.some(amount, note.amount_due)
                back = refunding.refund_credit(note, by=self.world.by, amount=amount, **_back(day))
                self.given_back[back.customer_id, back.currency] += amount

    @rule(n=picks)
    def take_back_refund(self, n):
        if refund := self.pick(Refund.objects.all(), n, STANDING):
            with self.refusable():
                refunding.take_back_refund(refund, by=self.world.by)
                self.given_back[refund.customer_id, refund.currency] -= refund.amount

    @rule(n=picks, because=st.sampled_from(Payment.Reversal.values), day=days)
    def reverse(self, n, because, day):
        if payment := self.pick(Payment.objects.all(), n, Q(status="recorded", refunded=0)):
            with self.refusable():
                paying.reverse_payment(payment, by=self.world.by, because=because, on=day)
                self.got[payment.customer_id, payment.currency] -= payment.amount

    @rule(n=picks, act=st.sampled_from(["void_invoice", "write_off_invoice"]))
    def side_door(self, n, act):
        if document := self.pick(Invoice.objects.opened(), n, Q(status="open", settled=0)):
            with self.refusable():
                getattr(correcting, act)(document, by=self.world.by, on=factories.TODAY, reason="Why")

    @rule(n=picks)
    def expect_again(self, n):
        if document := self.pick(Invoice.objects.filter(status="uncollectible"), n):
            with self.refusable():
                correcting.take_back_write_off(document, by=self.world.by, reason="Why")

    # --- What must hold ---------------------------------------------------------------------------------------

    @invariant()
    def every_kept_sum_is_what_its_rows_add_up_to(self):
        assert [str(difference) for difference in proving.differences()] == []

    @invariant()
    def amounts_and_states_agree(self):
        for document in Invoice.objects.all():
            assert document.amount_due == document.total - document.prepaid - document.settled
            assert min(document.amount_due, document.settled, document.credited, document.settled_by_credit) >= 0
            assert document.settled_by_credit <= document.settled
            assert document.credited <= document.total
            if document.status not in ("draft", "void"):
                assert (document.status == "paid") == (document.amount_due == 0)
            assert (document.settled_on is not None) == (document.status == "paid")

    @invariant()
    def no_payment_is_overspent(self):
        for payment in Payment.objects.all():
            assert min(payment.on_account, payment.allocated, payment.refunded) >= 0
            assert payment.status == "recorded" or not (payment.allocated or payment.refunded)

    @invariant()
    def what_a_customer_gave_is_settled_on_account_or_given_back(self):
        for customer in self.world.customers:
            for currency in ("EUR", "JPY"):
                payments = Payment.objects.filter(customer=customer, currency=currency, status="recorded")
                on_account = sum(payment.on_account for payment in payments)
                rows = Allocation.objects.filter(invoice__customer=customer, invoice__currency=currency)
                by_kind = dict(rows.order_by().values_list("kind").annotate(Sum("amount")))
                notes = Invoice.objects.filter(
                    customer=customer, currency=currency, kind="credit_note", status__in=["open", "paid"]
                )
                credit_given = sum(note.settled for note in notes) - by_kind.get(
                    "credit", 0
                )  # to the customer, as money
                settled_by_money = by_kind.get("payment", 0)
                assert self.got[customer.pk, currency] == settled_by_money + on_account + (
                    self.given_back[customer.pk, currency] - credit_given
                )


def _details(day):
    return {"paid_on": day, "received_on": day, "method": "transfer", "occasion": uuid.uuid4().hex}


def _back(day):
    return {"paid_on": day, "method": "transfer", "reason": "Why", "occasion": uuid.uuid4().hex}


def _state():
    return (
        list(Invoice.objects.order_by("pk").values_list("pk", "status", "settled", "credited", "settled_on")),
        list(Payment.objects.order_by("pk").values_list("pk", "status", "allocated", "refunded")),
        Allocation.objects.count(),
        Refund.objects.count(),
    )


@pytest.mark.django_db
def test_the_books_stay_honest_whatever_is_done_in_whatever_order():
    class Run(Money):
        world = World()

    run_state_machine_as_test(
        Run,
        settings=settings(
            max_examples=RUNS,
            stateful_step_count=STEPS,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
