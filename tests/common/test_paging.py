"""Keyset paging: every row once, in order, there and back."""

import base64
from datetime import timedelta
from itertools import chain

import pytest
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from config.common.models import Heartbeat, User
from config.common.paging import page_of

pytestmark = pytest.mark.django_db


def people(*names):
    for n, name in enumerate(names):
        User.objects.create_user(f"p{n}@dunlin.example", name=name)
    return User.objects.all()


def walk(rows, *, order, size):
    """All pages from the first to the last, then back again."""
    there, back, after = [], [], ""
    for _ in range(20):
        page = page_of(rows, order=order, size=size, after=after)
        there.append([row.pk for row in page.rows])
        if not page.next:
            break
        after = page.next
        assert len(there) <= 100, "pages without end"
    before = page.previous
    while before and len(back) < 20:
        page = page_of(rows, order=order, size=size, before=before)
        back.insert(0, [row.pk for row in page.rows])
        before = page.previous
    return there, [*back, there[-1]]


@pytest.mark.parametrize("order", ["name", "-name", "pk", "-pk"])
def test_every_row_comes_once_in_order_there_and_back(order):
    rows = people("Bo", "Al", "Cy", "Al", "Bo", "Al", "Di")

    there, back = walk(rows, order=order, size=2)

    sign = "-" if order.startswith("-") else ""
    assert list(chain(*there)) == list(rows.order_by(order, f"{sign}pk").values_list("pk", flat=True))
    assert back == there


def test_rows_without_a_value_stand_last_in_either_direction():
    rows = people("Al", "Bo", "Cy", "Di")
    seen = timezone.now()
    User.objects.filter(name="Bo").update(last_login=seen)
    User.objects.filter(name="Di").update(last_login=seen + timedelta(hours=1))

    def names(order):
        there, back = walk(rows, order=order, size=1)
        assert back == there
        return [User.objects.get(pk=pk).name for (pk,) in there]

    assert names("last_login") == ["Bo", "Di", "Al", "Cy"]
    assert names("-last_login") == ["Di", "Bo", "Cy", "Al"]


def test_a_row_that_comes_in_between_repeats_nothing():
    rows = people("Al", "Cy", "Di")
    first = page_of(rows, order="name", size=1)

    User.objects.create_user("new@dunlin.example", name="Aa")
    second = page_of(rows, order="name", size=1, after=first.next)

    assert [row.name for row in (*first.rows, *second.rows)] == ["Al", "Cy"]


def test_the_only_page_leads_nowhere():
    page = page_of(people("Al"), order="name", size=50)

    assert (page.next, page.previous, page.count, page.count_is_capped) == ("", "", 1, False)


def test_an_empty_list_is_a_page_too():
    page = page_of(User.objects.none(), order="name", size=50)

    assert (page.rows, page.next, page.previous, page.count) == ([], "", "", 0)


@pytest.mark.parametrize("cursor", ["!", "x" * 7, base64.urlsafe_b64encode(b'{"a": 1}').decode(), "WzEsIng"])
def test_a_cursor_that_cannot_be_read_is_the_first_page(cursor):
    rows = people("Al", "Bo")

    assert [row.name for row in page_of(rows, order="name", size=1, after=cursor).rows] == ["Al"]


def test_a_page_costs_one_question_wherever_it_is(django_assert_num_queries):
    rows = people("Al", "Bo", "Cy")
    last = page_of(rows, order="name", size=1, after=page_of(rows, order="name", size=1).next)

    with django_assert_num_queries(1):
        page_of(rows, order="name", size=1, after=last.next)


def test_the_count_is_right_even_where_a_cursor_leads_past_the_last_row():
    rows = people("Al", "Bo")
    beyond = page_of(rows, order="name", size=1).next
    rows.filter(name="Bo").delete()

    page = page_of(rows, order="name", size=1, after=beyond)

    assert page.rows == []
    assert page.count == 1


class Any(TestCase):
    @given(names=st.lists(st.text("abc", max_size=2), max_size=12), size=st.integers(1, 5), down=st.booleans())
    @settings(max_examples=40, deadline=None)
    def test_whatever_is_in_it_every_row_comes_once(self, names, size, down):
        now = timezone.now()
        for n, detail in enumerate(names):
            Heartbeat.objects.create(name=f"h{n:02}", beat_at=now, started_at=now, detail=detail)
        rows = Heartbeat.objects.all()

        there, back = walk(rows, order="-detail" if down else "detail", size=size)

        assert sorted(chain(*there)) == sorted(row.pk for row in rows)
        assert back == there
