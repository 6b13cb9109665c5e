"""Columns with a meaning of their own."""

from django.db import models


def plain(number) -> str:
    """A decimal without the zeros it does not need: 19.0000 → 19, 7.70 → 7.7."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


class MoneyField(models.BigIntegerField):
    """An amount as a whole number of minor units (cents, fils, yen) of the row's own currency column.

    Integers keep constraints, F() and Sum() exact on SQLite too, whose decimals are floats.
    """

    def __init__(self, *args, **kwargs):
        kwargs.setdefault("default", 0)
        super().__init__(*args, **kwargs)


class RateField(models.DecimalField):
    """A percent, quantity, price or factor: Decimal in Python, never summed or compared in SQL."""

    def __init__(self, *args, **kwargs):
        kwargs.setdefault("max_digits", 20)
        kwargs.setdefault("decimal_places", 8)
        super().__init__(*args, **kwargs)
