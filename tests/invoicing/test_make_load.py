"""The large ledger is believable and right: every sum agrees, and the same seed tells the same again."""

from datetime import date

import pytest
from django.core.management import CommandError, call_command
from django.db.models import F, Sum

from config.common.errors import DomainError
from customers.models import Customer
from invoicing.demo import load
from invoicing.demo.ledger import Teller, buyers
from invoicing.models import Allocation, Counter, Invoice, Line, TaxLine
from invoicing.services.proving import differences
from tests import factories

pytestmark = pytest.mark.django_db
DAY = date(2026, 11, 20)


@pytest.fixture
def ledger(db, monkeypatch):
    monkeypatch.setattr(load, "_tidy", lambda: None)  # a test is one transaction
    monkeypatch.setattr(load, "BATCH", 300)
    return lambda count=900, seed=1: load.make(count, seed=seed, today=DAY)


def test_nothing_in_it_contradicts_itself(ledger):
    ledger()

    assert list(differences()) == []
    assert Invoice.objects.count() == 900
    assert Customer.objects.count() == 50
    assert {"draft", "open", "paid"} <= set(Invoice.objects.values_list("status", flat=True))
    assert Invoice.objects.exclude(total=F("net_total") + F("tax_total")).count() == 0
    lines = dict(Line.objects.order_by().values_list("invoice").annotate(net=Sum("net")))
    assert lines == dict(Invoice.objects.values_list("pk", "net_total"))
    assert TaxLine.objects.aggregate(n=Sum("tax"))["n"] == Invoice.objects.aggregate(n=Sum("tax_total"))["n"]
    assert Allocation.objects.filter(kind="credit").exists()


def test_numbers_are_gapless_and_rise_with_the_dates(ledger):
    ledger()

    for counter in Counter.objects.all():
        drawn = Invoice.objects.filter(counter=counter).order_by("seq").values_list("seq", "issued_on")
        assert [seq for seq, _day in drawn] == list(range(1, counter.next_no))
        assert [day for _seq, day in drawn] == sorted(day for _seq, day in drawn)


def test_work_goes_on_behind_it(ledger, clerk):
    ledger(60)

    opened = factories.opened(by=clerk)

    assert opened.seq == Counter.objects.get(pk=opened.counter_id).next_no - 1


def test_the_same_seed_tells_the_same_story(ledger):
    tell = lambda seed: Teller(200, buyers(50, seed), seed=seed, today=DAY, percent_at_home=21).batch(0, 200)  # noqa: E731

    assert tell(7) == tell(7)
    assert tell(7) != tell(8)


def test_a_database_with_invoices_of_its_own_is_left_alone(ledger):
    factories.draft()

    with pytest.raises(DomainError, match="invoices of its own"):
        ledger()

    assert Invoice.objects.count() == 1


def test_outside_demo_mode_it_asks_to_be_told_twice(settings):
    settings.DEMO = False

    with pytest.raises(CommandError, match="--yes-really"):
        call_command("make_load", invoices=10)

    assert not Invoice.objects.exists()
