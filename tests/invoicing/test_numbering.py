"""Numbers and the dates that must rise with them."""

from datetime import date, timedelta

import pytest

from config.common.errors import DomainError, Forbidden
from invoicing.models import Invoice, Series
from invoicing.services import numbering
from tests import factories

pytestmark = pytest.mark.django_db
TODAY = factories.TODAY


@pytest.fixture
def rising(admin):
    factories.organization()
    return numbering.let_dates_rise(Series.objects.get(kind="invoice"), by=admin, on=True)


def test_without_the_option_an_earlier_date_may_follow_a_later_one():
    factories.opened()

    assert factories.opened(issued_on=date(2026, 3, 1)).issued_on == date(2026, 3, 1)


def test_a_too_early_date_is_moved_up_to_the_last_one_given(rising):
    factories.opened(issued_on=TODAY - timedelta(days=3))

    invoice = factories.opened(issued_on=TODAY - timedelta(days=9))

    assert invoice.issued_on == TODAY - timedelta(days=3)
    assert invoice.due_on == invoice.issued_on + timedelta(days=30)


def test_dates_rise_over_the_turn_of_the_year_too(rising):
    first = factories.opened(on=date(2027, 1, 2))

    late = factories.opened(issued_on=date(2026, 12, 30), on=date(2027, 1, 3))

    assert (first.number, late.number) == ("INV-2027-00001", "INV-2027-00002")
    assert late.issued_on == date(2027, 1, 2)


def test_the_option_begins_at_the_latest_day_given_out(admin):
    factories.opened(issued_on=TODAY - timedelta(days=2))
    series = numbering.let_dates_rise(Series.objects.get(kind="invoice"), by=admin, on=True)

    assert series.last_issued_on == TODAY - timedelta(days=2)
    assert numbering.issue_date("invoice", TODAY - timedelta(days=5), on=TODAY) == TODAY - timedelta(days=2)
    assert numbering.issue_date("invoice", None, on=TODAY) == TODAY


def test_numbers_and_dates_rise_together(rising):
    for days in (5, 1, 9, 0, 3):
        factories.opened(issued_on=TODAY - timedelta(days=days))

    dates = list(Invoice.objects.order_by("seq").values_list("issued_on", flat=True))
    assert dates == sorted(dates)


def test_a_group_is_drawn_in_the_order_of_its_dates_so_that_none_is_moved_up_for_another(rising):
    earlier = TODAY - timedelta(days=2)

    drawn = numbering.draw_block("invoice", [None, earlier], on=TODAY)

    assert [issued_on for _counter, _seq, _number, issued_on in drawn] == [TODAY, earlier]
    assert drawn[0][1] > drawn[1][1]


def test_only_an_admin_turns_it_on(manager):
    factories.organization()

    with pytest.raises(Forbidden):
        numbering.let_dates_rise(Series.objects.get(kind="invoice"), by=manager, on=True)


def test_a_kind_without_a_series_is_told_where_to_make_one():
    with pytest.raises(DomainError, match="Settings → Number series"):
        numbering.draw_number("claim", None, on=TODAY)
