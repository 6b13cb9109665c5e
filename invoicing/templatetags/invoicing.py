"""How figures of a line look to the reader: quantities, prices and rates, which are Decimals, not money."""

from django import template
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from customers.countries import name_of
from invoicing import formats, presenting
from invoicing.models.tax import Category

register = template.Library()


def _language():
    return get_language() or "en"


@register.filter
def figure(value):
    """A Decimal without idle zeros: 1.25."""
    return "" if value is None else formats.quantity_text(value, _language())


@register.filter
def percent(value):
    """A rate with its sign: 19%."""
    return "" if value is None else formats.percent_text(value, _language())


@register.filter
def price(value, currency):
    """A unit price: the currency's digits at least, more where it has them."""
    return formats.price_text(value, currency, _language())


@register.filter
def measure(line):
    """Quantity and unit: 16 h."""
    return formats.measure_text(line.quantity, line.unit, _language())


@register.filter
def tax_rate(row):
    """The rate of a line or adjustment in a cell: 21%, and for what bears no tax its category."""
    if row.tax_category == Category.STANDARD:
        return percent(row.tax_percent)
    return row.get_tax_category_display()


@register.filter
def tax_group(group):
    """A row of the tax breakdown: Tax 21%, or the category that bears none."""
    if group.category == Category.STANDARD:
        return _("Tax %(rate)s") % {"rate": percent(group.percent)}
    return str(Category(group.category).label)


@register.filter
def country(code):
    return name_of(code)


@register.filter
def negative(minor):
    """Minor units taken away."""
    return -minor


@register.filter
def badges(invoice, today):
    """The state of an invoice as badges (components/_badge.html), the same wherever it is shown."""
    return presenting.badges(invoice, today=today)
