"""What is known of chosen invoices without looking into each: read a thousand at a time, one query each."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

from ...models import Invoice

CHUNK = 1000


@dataclass(frozen=True)
class Fact:
    """What is known of a chosen invoice without looking into it."""

    pk: int
    kind: str
    status: str
    billed: bool
    number: str
    customer_name: str
    issued_on: date | None
    template: int | None
    language: str
    version: int
    zone: str | None  # of the customer

    @property
    def label(self) -> str:
        return self.number or _("Draft for %s") % (self.customer_name or "…")


def facts_of(pks: list[int]) -> dict[int, Fact]:
    """What is known of these invoices, by key, in the order of the keys; one query."""
    stored = ("number", "customer_name", "issued_on", "template", "language", "version", "customer__time_zone")
    rows = Invoice.objects.filter(pk__in=pks).order_by("pk").values_list("pk", "kind", "status", "billed_at", *stored)
    return {pk: Fact(pk, kind, status, billed_at is not None, *rest) for pk, kind, status, billed_at, *rest in rows}


def chunks(pks: list[int]) -> Iterator[list[int]]:
    for start in range(0, len(pks), CHUNK):
        yield pks[start : start + CHUNK]
