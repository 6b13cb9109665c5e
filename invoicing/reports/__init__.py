"""Queries across tables, per currency and never mixed. Amounts are minor units."""

from .owing import on_account, owed, owed_by

__all__ = ["on_account", "owed", "owed_by"]
