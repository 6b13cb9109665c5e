import datetime as dt
import zoneinfo

import pytest
from django.template import engines
from django.utils import timezone, translation

TODAY = dt.date(2026, 11, 19)


def shown(source, request=None, **context):
    return engines["django"].from_string("{% load dunlin %}" + source).render(context, request)


def test_money_is_a_quiet_code_and_a_figure_on_one_line():
    html = shown("{{ minor|money:code }}", minor=-1824050, code="EUR")

    assert html == '<span class="money"><span class="cur">EUR</span>&nbsp;\N{MINUS SIGN}18,240.50</span>'


def test_money_speaks_the_readers_language():
    with translation.override("de"):
        assert shown("{{ minor|amount:code }}", minor=1824050, code="EUR") == "18.240,50"


def test_no_amount_shows_nothing_but_zero_shows():
    assert shown("{{ minor|money:'EUR' }}", minor=None) == ""
    assert "0.00" in shown("{{ minor|money:'EUR' }}", minor=0)


def test_a_currency_out_of_a_file_cannot_bring_markup():
    assert "<b>" not in shown("{{ 1|money:code }}", code="<b>")


def test_a_moment_is_shown_in_the_viewers_zone_and_says_which():
    moment = dt.datetime(2026, 11, 13, 8, 0, 5, tzinfo=dt.UTC)

    with timezone.override(zoneinfo.ZoneInfo("Europe/Amsterdam")):
        html = shown("{{ at|when }}", at=moment)
        short = shown("{{ at|when:'short' }}", at=moment)
        exact = shown("{{ at|when:'time' }}", at=moment)

    assert html == ('<time datetime="2026-11-13T09:00:05+01:00" title="Europe/Amsterdam">13 Nov 2026, 09:00</time>')
    assert ">13 Nov 09:00<" in short
    assert ">09:00:05<" in exact


@pytest.mark.parametrize("part", ["when", "day", "grouped"])
def test_nothing_is_shown_as_nothing(part):
    assert shown("{{ value|" + part + " }}", value=None) == ""


@pytest.mark.parametrize(
    ("date", "words"),
    [
        (dt.date(2026, 11, 7), '7 Nov</time> <span class="late">12 days late</span>'),
        (dt.date(2026, 11, 18), '18 Nov</time> <span class="late">1 day late</span>'),
        (TODAY, "Today</time>"),
        (dt.date(2026, 12, 3), "3 Dec</time>"),
        (dt.date(2027, 1, 3), "3 Jan 2027</time>"),
    ],
)
def test_a_due_date_says_how_late_it_is(date, words):
    assert words in shown("{{ date|due:today }}", date=date, today=TODAY)


def test_an_icon_is_silent_beside_a_word_and_speaks_alone():
    assert shown('{% icon "send" %}') == (
        '<svg class="i" viewBox="0 0 16 16" aria-hidden="true"><use href="#i-send"/></svg>'
    )
    assert 'role="img" aria-label="E-invoice"' in shown('{% icon "layers" label="E-invoice" %}')


def test_a_sorted_head_says_so_and_forgets_the_page_one_was_on(rf):
    column = {"label": "Due", "ask": "-due", "state": "ascending"}
    request = rf.get("/?q=weir&sort=due&after=abc")

    html = shown("{% sort_header column num=True %}", request=request, column=column)

    assert html == '<th scope="col" class="num" aria-sort="ascending"><a href="?q=weir&amp;sort=-due">Due ↑</a></th>'


def test_a_dialog_link_is_a_link_without_script():
    assert shown('{% opens_dialog "account_login" %}') == (
        'href="/accounts/login/" hx-get="/accounts/login/" hx-target="#dialog"'
    )
