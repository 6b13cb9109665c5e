"""The benchmarks run; what they find is never asserted."""

import pytest
from django.test import override_settings

from invoicing.models import Delivery, Invoice
from tests import factories

from . import batches, opening, pages, scheduling, table, tracking

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nothing_stays_set():
    """A benchmark sets the mail server of its process, which is its own elsewhere; here other tests follow."""
    with override_settings():
        yield


def test_every_way_of_opening_is_measured_and_shown(bell):
    factories.opened()

    found = opening.measure(rounds=1, singles=1, groups=1)

    assert Invoice.objects.opened().count() == 1 + 2 * 2 * 21
    assert all(ms > 0 for way in found.values() for ms in way)
    said = {"BENCH_ROUNDS": "1", "BENCH_INVOICES": "10", "BENCH_SQLITE": "10", "BENCH_SMALL": "1"}
    shown = table.rendered({"machine": "A machine.", "said": said, "SQLite": {"opening": {"small": found}}})
    assert "| open in groups of 20, SQLite, small ledger | " in shown


def test_every_page_that_is_measured_is_there(manager, clerk):
    factories.payment(factories.billed(factories.opened()))

    found = pages.measure(times=1)

    gone = {"one customer", "a customer's profile", "an invoice"}  # these ask for rows of a large ledger
    assert {name: status for name, (_ms, _n, status) in found.items() if name not in gone and status != 200} == {}


def test_the_table_replaces_only_what_stands_between_its_markers(tmp_path):
    target = tmp_path / "performance.md"
    target.write_text(f"# Before\n{table.BEGIN}\nold\n{table.END}\nAfter\n")

    table.write(
        {"machine": "A machine.", "said": {"BENCH_ROUNDS": "3", "BENCH_INVOICES": "1", "BENCH_SQLITE": "1"}}, target
    )

    text = target.read_text()
    assert text.startswith("# Before\n")
    assert text.endswith("\nAfter\n")
    assert "old" not in text
    assert "A machine." in text


def test_a_batch_is_measured_against_its_parts_and_shown(bell):
    factories.opened()

    found = batches.measure(rounds=1, small=2, large=3, sent_small=2, sent_large=3)

    assert found["sizes"] == [2, 3, 2, 3]
    assert all(found[name] > 0 for name in ("open alone", "PDF alone", "mail alone", "open and send, large"))
    shown = table._batches(found)
    assert [row[0] for row in shown][1] == "batch of 2 opened and sent, against its parts alone"
    assert Invoice.objects.draft().count() == 0


def test_what_providers_tell_is_measured_and_shown(bell, manager, settings):
    factories.opened()

    found = tracking.measure(rounds=1, events=60)

    assert all(ms > 0 for name in ("webhook", "page") for ms in found[name])
    assert Delivery.objects.filter(open_count__gt=0).count() == 20
    assert table._tracking(found)[1][0] == "the page of a send with 60 events, against 50"


def test_finding_what_is_due_is_measured_and_shown_and_leaves_nothing(bell):
    factories.opened()

    found = scheduling.measure(rounds=1, small=150, large=200)

    assert found["small"] > 0
    assert found["large"] > 0
    assert table._due(found)[0][0] == "what is due found among 200 scheduled, against 150"
    assert not Delivery.objects.exists()
