"""What a batch is made of: the ticked rows, or all that match a filter, frozen with the version that was seen."""

from collections import Counter
from datetime import timedelta

from django.db.models import Sum
from django.utils.translation import gettext as _

from config.common import clock, roles
from config.common.errors import DomainError, Stale

from ...models import Invoice, Selection
from .checking import chunks

KEPT = timedelta(days=1)
MOST = 200_000  # one operation; beyond it the filter is to be narrowed


def select_invoices(invoices, *, by, page: str, every: bool = False, query: str = "") -> Selection:
    """Freeze the rows of a queryset of invoices as they are now.

    `page`: "list" or "queue", where they were chosen; "scheduled" is of scheduling_many.
    Refused with DomainError where there is none, or more than 200,000.
    """
    roles.require(by, "batch.run")
    rows = sorted(invoices.order_by().values_list("pk", "version")[: MOST + 1])
    if not rows:
        raise DomainError(_("No invoice is chosen. Tick at least one, or Select All."))
    if len(rows) > MOST:
        raise DomainError(
            _("These are more than %(most)s invoices. Narrow the filter, and run the rest in a second operation.")
            % {"most": f"{MOST:,}"}
        )
    return Selection.objects.create(
        person_id=by.pk, page=page, every=every, query=query, rows=rows, count=len(rows), sums=sums_of(invoices)
    )


def catch_up(selection: Selection, *, by) -> None:
    """Take the chosen invoices as they are now: who chose them has seen what was changed since.

    What was deleted is no longer among them. Stale where the selection was used or has gone.
    """
    roles.require(by, "batch.run")
    rows: list[tuple[int, int]] = []
    sums: Counter[str] = Counter()
    for pks in chunks([pk for pk, _version in selection.rows]):
        invoices = Invoice.objects.filter(pk__in=pks)
        rows += invoices.order_by("pk").values_list("pk", "version")
        sums.update(sums_of(invoices))
    kept = Selection.objects.filter(pk=selection.pk, person_id=by.pk)
    if not kept.update(rows=rows, count=len(rows), sums=sums):
        raise Stale(_("This selection was used already, or is too old. Choose the invoices once more."))


def sums_of(invoices) -> dict[str, int]:
    """What they add up to: {currency: minor units}, credit notes taken away."""
    found: dict[str, int] = {}
    rows = Invoice.objects.filter(pk__in=invoices.order_by().values("pk"))
    for code, kind, total in rows.values_list("currency", "kind").annotate(total=Sum("total")).order_by("currency"):
        found[code] = found.get(code, 0) + (-total if kind == Invoice.Kind.CREDIT_NOTE else total)
    return found


def forget_selections() -> int:
    """Let go of what nobody made an operation of within a day; how many."""
    gone, _models = Selection.objects.filter(created_at__lt=clock.database_now() - KEPT).delete()
    return gone
