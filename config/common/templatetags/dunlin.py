"""The only places in templates that know how money, dates, icons and sorting look."""

import datetime as dt
from urllib.parse import urlencode

from babel.numbers import format_decimal
from django import template
from django.template.loader_tags import BLOCK_CONTEXT_KEY
from django.urls import reverse
from django.utils import timezone
from django.utils.dateformat import format as format_date
from django.utils.dateformat import time_format
from django.utils.html import format_html, strip_tags
from django.utils.safestring import mark_safe
from django.utils.translation import get_language, ngettext, pgettext
from django.utils.translation import gettext as _

from config.common import roles
from config.common.currency import amount_text, locale_of
from config.common.currency import digits as digits_of

register = template.Library()


@register.filter
def amount(minor, currency):
    """An integer of minor units as a bare figure in the reader's language; nothing for None."""
    return "" if minor is None else amount_text(minor, currency, get_language() or "en")


@register.filter
def money(minor, currency):
    """An integer of minor units with its currency code, kept on one line; nothing for None."""
    if minor is None:
        return ""
    return format_html(
        '<span class="money"><span class="cur">{}</span>&nbsp;{}</span>', currency, amount(minor, currency)
    )


@register.filter
def digits(currency):
    """How many of a currency's minor digits an amount has: 2, for yen 0."""
    return digits_of(currency)


@register.filter
def grouped(number):
    """A count in the reader's way of grouping: 12,345."""
    return "" if number is None else format_decimal(number, locale=locale_of(get_language()))


@register.simple_tag
def icon(name, label=""):
    """An icon of components/_icons.html; silent beside a word, or speaking with `label`."""
    if label:
        return format_html(
            '<span class="mark" role="img" aria-label="{0}" title="{0}">'
            '<svg class="i" viewBox="0 0 16 16" aria-hidden="true"><use href="#i-{1}"/></svg></span>',
            label,
            name,
        )
    return format_html('<svg class="i" viewBox="0 0 16 16" aria-hidden="true"><use href="#i-{}"/></svg>', name)


def _date_text(value, short):
    # Translators: date formats in Django's letters, e.g. "13 Nov 2026" and "13 Nov".
    pattern = pgettext("date format", "j M") if short else pgettext("date format", "j M Y")
    return format_date(value, pattern)


@register.filter
def when(value, style=""):
    """A moment in the viewer's zone, named in the title. Styles: "short" without the year, "time" to the second."""
    if not value:
        return ""
    local = timezone.localtime(value)
    if style == "time":
        text = time_format(local.time(), "H:i:s")
    else:
        day_text, time_text = (
            _date_text(local, style == "short"),
            time_format(local.time(), "H:i"),
        )
        text = f"{day_text} {time_text}" if style == "short" else f"{day_text}, {time_text}"
    zone = timezone.get_current_timezone_name()
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        local.isoformat(timespec="seconds"),
        zone,
        text,
    )


@register.filter
def day(value, style=""):
    """A calendar day, which has no zone. Styles: "" full, "short" without the year."""
    if not value:
        return ""
    return format_html(
        '<time datetime="{}">{}</time>',
        f"{value:%Y-%m-%d}",
        _date_text(value, style == "short"),
    )


@register.filter
def due(value: dt.date | None, today: dt.date):
    """A due date and how late that is on `today`, in words; the year only where it is another."""
    if not value:
        return ""
    if value == today:
        return format_html('<span><time datetime="{}">{}</time></span>', value.isoformat(), _("Today"))
    date = day(value, "short" if value.year == today.year else "")
    late = (today - value).days
    if late < 0:
        return format_html("<span>{}</span>", date)
    words = ngettext("%(n)d day late", "%(n)d days late", late) % {"n": late}
    return format_html('<span>{} <span class="late">{}</span></span>', date, words)


@register.simple_tag
def opens_dialog(view_name, *args, **kwargs):
    """Attributes of a link whose page opens as a dialog where HTMX runs, and as a page where it does not."""
    url = reverse(view_name, args=args, kwargs=kwargs)
    return format_html('href="{0}" hx-get="{0}" hx-target="#dialog"', url)


@register.simple_tag
def querystring_of(**values):
    """The values as a query string of their own, from `?` on; `querystring` changes the one of the page."""
    return "?" + urlencode(values)


@register.simple_tag(takes_context=True)
def sort_header(context, column, num=False):
    """A column head that sorts; `column` as FilteredListView.columns makes it. Forgets the page one was on."""
    query = context["request"].GET.copy()
    for key in ("after", "before"):
        query.pop(key, None)
    query["sort"] = column["ask"]
    state = column["state"]
    return format_html(
        '<th scope="col"{}{}><a href="?{}">{}{}</a></th>',
        mark_safe(' class="num"') if num else "",
        format_html(' aria-sort="{}"', state) if state else "",
        query.urlencode(),
        column["label"],
        {"ascending": " ↑", "descending": " ↓"}.get(state, ""),
    )


@register.simple_tag(takes_context=True)
def may(context, act):
    """Whether the reader's role may do `act`: {% may "channel.resume" as may_resume %}."""
    return roles.may(context["request"].user, act)


@register.simple_tag
def error_links(form, formset=None):
    """The fields with errors, each with the id to jump to and what to call it; a formset's with their line."""
    links = [_link(field) for field in _visible(form) if field.errors]
    for number, line in enumerate(getattr(formset, "forms", ()), start=1):
        links += [_link(field, number) for field in _visible(line) if field.errors]
    return links


def _visible(form):
    return form.visible_fields() if form else ()


def _link(field, line=None):
    label = _("%(field)s in line %(n)d") % {"field": field.label, "n": line} if line else field.label
    return {"id": field.id_for_label or field.auto_id, "label": label}


@register.simple_tag(takes_context=True)
def block_text(context, name):
    """The words of another block of this page, a second time and without tags: for <title>."""
    block = context.render_context[BLOCK_CONTEXT_KEY].get_block(name)
    return mark_safe(strip_tags(block.render(context)).strip())  # escaped where it was rendered
