"""Operations and their invoices as the pages show them: read in a bounded number of queries, whatever their number."""

from dataclasses import dataclass

from django.db.models import Case, CharField, IntegerField, OuterRef, Q, Subquery, Value, When
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Concat
from django.urls import reverse
from django.utils.translation import gettext as _

from config.common import clock
from config.common.models import AuditEvent
from config.common.paging import COUNT_LIMIT, Page
from config.common.reading import CountOf

from ... import progress
from ...models import BatchItem, BatchOperation, Delivery, Invoice
from ...presenting import signed
from ...services.batches import deciding
from ..mending import mend_link

COLUMNS = [
    *("operation", "label", "status", "reason", "mend", "tries", "opened_at", "finished_at"),
    *(f"invoice__{name}" for name in ("number", "kind", "status", "customer", "customer_name", "language", "currency")),
    "invoice__total",
]
PLACE = Case(*(When(status=status, then=n) for n, status in enumerate(progress.ORDER)), default=len(progress.ORDER))
SHOWN = 5  # of what needs somebody, in the list of operations


@dataclass(frozen=True)
class Row:
    """One invoice of an operation."""

    item: BatchItem
    invoice: Invoice | None
    kind: str  # of the dot
    mended: dict  # {"url", "word"}: where the reason is put right; empty where there is none
    delivery: int | None  # the email that decided, or the newest
    amount: int | None  # minor units, negative for a credit note


def operations():
    """What the pages need of an operation, without the selection it was made of."""
    retried = (
        AuditEvent.objects.filter(
            thread=Concat(Value("batchoperation:"), Cast(OuterRef("pk"), CharField())), action="batch.retry"
        )
        .order_by("-seq")
        .values(n=Cast(KeyTextTransform("invoices", "after"), IntegerField()))[:1]
    )
    people = ("asked_by", "acknowledged_by", "cancelled_by")
    return BatchOperation.objects.select_related(*people).defer("rows").annotate(round_of=Subquery(retried))


def needy_rows(operations, *, back: str) -> None:
    """Give each operation as `needy` the first of its invoices that need somebody; one query for all of them.

    `back` is where mending a customer's profile leads afterwards.
    """
    parts = [
        BatchItem.objects.filter(operation=operation.pk, status=status).order_by("pk").values("pk")[:SHOWN]
        for operation in operations
        for status in BatchItem.TROUBLED
        if operation.counts.get(status)
    ]
    found: dict[int, list[Row]] = {}
    for item in _shown(_any_of(parts)).order_by("place", "pk") if parts else ():
        found.setdefault(item.operation_id, []).append(row_of(item, back=back))
    for operation in operations:
        operation.needy = found.get(operation.pk, [])[:SHOWN]


def dress(operations) -> None:
    """Give each operation its words and its progress; no query."""
    now = clock.now()
    for operation in operations:
        operation.title, operation.badge = progress.title(operation), progress.badge(operation)
        operation.switches = progress.switches(operation)
        operation.progress = progress.progress_of(operation, now=now, round_of=operation.round_of)
        operation.running = progress.is_running(operation)
        operation.stoppable = deciding.is_stoppable(operation)
        operation.stopping = operation.running and operation.cancelled_at is not None
        operation.retryable = progress.is_retryable(operation)
        operation.troubled = progress.troubled(operation)
        operation.seen = f"{operation.status}-{operation.troubled}-{operation.stopping:d}"


def row_of(item: BatchItem, *, back: str) -> Row:
    """`item` as one of page_of_items gives it."""
    invoice = item.invoice
    return Row(
        item=item,
        invoice=invoice,
        kind=progress.dot_kind(item.status),
        mended=_mended(item, back=back),
        delivery=item.delivery,
        amount=signed(invoice, invoice.total) if invoice else None,
    )


def _mended(item, *, back):
    if item.mend == "delivery" and item.delivery:
        return {"url": reverse("invoicing:delivery", args=[item.delivery]), "word": _("Put it right")}
    return mend_link(item.mend, item.invoice, back=back)


def page_of_items(items, *, statuses: list, size: int, after: str = "", before: str = "", count: int | None) -> Page:
    """One page of an operation's items: by outcome in the order of `statuses`, then in the order of their keys.

    As fast among 100,000 as among ten: each outcome is a range of an index, read no further than the page is long. One
    query. `count`: how many there are, where that is known; None where the items were searched, and then what the
    search finds is put in order. A cursor that cannot be read means the first page.
    """
    start, pk = _read(before or after, statuses)
    backwards = bool(before) and pk is not None
    if count is None:
        parts = [_found(items.filter(status__in=statuses), statuses, start, pk, size + 1, backwards=backwards)]
    else:
        parts = list(_ranges(items, statuses, start, pk, size + 1, backwards=backwards))
    rows = _shown(_any_of(parts))
    if count is None:
        rows = rows.annotate(counted_along=CountOf(items.filter(status__in=statuses)[: COUNT_LIMIT + 1]))
    found = list(rows.order_by(*_order(backwards))[: size + 1])
    if count is None:
        count = found[0].counted_along if found else 0
    more, found = len(found) > size, found[:size]
    if backwards:
        found.reverse()
    has_next = bool(found) and (backwards or more)
    has_previous = bool(found) and (more if backwards else pk is not None)
    return Page(
        rows=found,
        next=_write(found[-1]) if has_next else "",
        previous=_write(found[0]) if has_previous else "",
        count=count,
    )


def _ranges(items, statuses, start, pk, most, *, backwards):
    """The keys of each outcome from the cursor on, `most` of each: together the page is among them."""
    for n, status in enumerate(statuses[: start + 1][::-1] if backwards else statuses[start:]):
        part = items.filter(status=status)
        if n == 0 and pk is not None:
            part = part.filter(pk__lt=pk) if backwards else part.filter(pk__gt=pk)
        yield part.order_by("-pk" if backwards else "pk").values("pk")[:most]


def _found(items, statuses, start, pk, most, *, backwards):
    """The keys of the page among items that were searched: few enough to be put in order."""
    items = items.annotate(place=PLACE)
    if pk is not None:
        at, step = progress.ORDER.index(statuses[start]), "lt" if backwards else "gt"
        items = items.filter(Q(**{f"place__{step}": at}) | Q(**{"place": at, f"pk__{step}": pk}))
    return items.order_by(*_order(backwards)).values("pk")[:most]


def _order(backwards):
    return ("-place", "-pk") if backwards else ("place", "pk")


def _any_of(parts):
    """The items that any of these limited queries finds; SQLite wants a limit inside a query of its own."""
    first, *rest = (BatchItem.objects.filter(pk__in=part).values("pk") for part in parts)
    return BatchItem.objects.filter(pk__in=first.union(*rest, all=True) if rest else first)


def _shown(items):
    """With the invoice, its place in the order, and the email that decided."""
    to_readers = Delivery.objects.filter(batch_item=OuterRef("pk"), role=Delivery.Role.TO)
    decided = Case(When(status__in=["failed", "unknown", "retrying"], then=0), default=1)
    return (
        items.select_related("invoice")
        .only(*COLUMNS)
        .annotate(delivery=Subquery(to_readers.order_by(decided, "-pk").values("pk")[:1]), place=PLACE)
    )


def _write(item) -> str:
    return f"{item.status}.{item.pk}"


def _read(cursor: str, statuses) -> tuple[int, int | None]:
    """Where in `statuses` the page goes on, and behind which key."""
    status, _dot, pk = cursor.partition(".")
    if status in statuses and pk.isascii() and pk.isdigit() and len(pk) < 19:
        return statuses.index(status), int(pk)
    return 0, None
