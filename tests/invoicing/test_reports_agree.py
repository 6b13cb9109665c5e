"""Ageing less unallocated credit is the balance of the statement of account, on any day, whatever was done since."""

import os
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import rule, run_state_machine_as_test

from invoicing.models import Allocation, Invoice
from invoicing.reports import ageing, statement, unallocated
from invoicing.services import opening, reallocating
from tests import factories
from tests.invoicing.test_money_machine import STANDING, Money, World, picks

RUNS = 60 if os.environ.get("TORTURE") else 10
TODAY = factories.TODAY + timedelta(days=25)  # after all that the machine does
DAYS = [TODAY - timedelta(days=days) for days in (0, 5, 9, 13, 18, 22, 26)]


class Books(Money):
    """As the machine of money, on more days; without void and uncollectible, which the statement never heard of."""

    @rule(n=picks, days=st.integers(0, 20))
    def open(self, n, days):
        if document := self.pick(Invoice.objects.draft(), n):
            with self.refusable():
                opening.open_invoice(document, by=self.world.by, on=factories.TODAY + timedelta(days=days))

    @rule(n=picks)
    def take_back(self, n):
        """As the page does: as if it had never been."""
        if row := self.pick(Allocation.objects.all(), n, STANDING):
            with self.refusable():
                reallocating.take_back(row, by=self.world.by)

    @rule()
    def side_door(self):
        pass

    @rule()
    def expect_again(self):
        pass

    def teardown(self):
        try:
            self.compare()
        finally:
            super().teardown()

    def compare(self):
        for on in DAYS:
            for currency in ("EUR", "JPY"):
                owed = sum(row.total for row in ageing.by_currency(on, today=TODAY) if row.currency == currency)
                credit = unallocated.sums(on, today=TODAY).get(currency, 0)
                stood = sum(
                    statement.statement(customer, currency=currency, since=on - timedelta(days=60), until=on).closing
                    for customer in self.world.customers
                )
                assert owed - credit == stood, (on, currency)


@pytest.mark.django_db
def test_the_reports_agree_on_every_day_whatever_was_done_in_whatever_order():
    class Run(Books):
        world = World()

    run_state_machine_as_test(
        Run,
        settings=settings(
            max_examples=RUNS,
            stateful_step_count=25,
            phases=[Phase.generate],
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
