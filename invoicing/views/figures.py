"""What waits to be done, counted once a request: the cards, the navigation and the page share it."""

from django.db.models import BigIntegerField, Case, Count, Exists, F, IntegerField, OuterRef, Q, Sum, Value, When
from django.db.models.functions import Coalesce

from config.common import clock
from config.common.reading import CountOf, ListOf
from customers.models import Contact, Organization
from customers.views.navigation import organization_of

from ..models import BatchOperation, ChannelState, Delivery, DeliveryDocument, Invoice, follow_up

CARDS = ("to_be_sent", "ready", "scheduled", "overdue", "problems", "batches", "follow_up")
SHOWN_AT_MOST = 99  # in the navigation; beyond it stands "99+"


def today_of(request):
    """The organization's day; DomainError before the installation is set up."""
    organization = organization_of(request) or Organization.objects.current()
    return clock.today(organization.time_zone)


def reads(today) -> dict:
    """What the shell of every page shows of this app, read along with the organization's row."""
    queue = Invoice.objects.to_be_sent(on=today)
    paused = ChannelState.objects.exclude(paused_at=None).order_by("pk").values("key", "reason")
    return {
        "to_be_sent": CountOf(queue[: SHOWN_AT_MOST + 1]),
        "scheduled": CountOf(DeliveryDocument.objects.scheduled()[: SHOWN_AT_MOST + 1]),
        "problems": CountOf(Delivery.objects.problems()[: SHOWN_AT_MOST + 1]),
        "batches": CountOf(BatchOperation.objects.needing_attention()[: SHOWN_AT_MOST + 1]),
        "batches_running": CountOf(BatchOperation.objects.running()[: SHOWN_AT_MOST + 1]),
        "paused": ListOf(paused, "key", "reason"),
    }


def waiting(request) -> dict[str, int]:
    """How much waits in each place of work, counted no further than is shown."""
    organization = organization_of(request)
    names = ("to_be_sent", "scheduled", "problems", "batches", "batches_running")
    return {name: getattr(organization, name) if organization else 0 for name in names}


def work_figures(request) -> dict[str, list[dict]]:
    """For each card its rows, one a currency: {currency, n, sum, today, earlier, no_contact}; one query for all."""
    if not hasattr(request, "work_figures"):
        on = today_of(request)
        others = (
            _ready_rows(on),
            _scheduled_rows(),
            _overdue_rows(on),
            _problem_rows(),
            _batch_rows(),
            _follow_up_rows(clock.now()),
        )
        rows = _queue_rows(on).union(*others, all=True)
        request.work_figures = {card: [] for card in CARDS}
        for row in rows:
            request.work_figures[row["card"]].append(row)
        for found in request.work_figures.values():
            found.sort(key=lambda row: -row["n"])
    return request.work_figures


def _as_counted(kind, total):
    """The total as it counts for us: of a credit note it is taken away."""
    return Case(When(**{kind: "credit_note"}, then=-F(total)), default=F(total), output_field=BigIntegerField())


def _row(rows, card, *, minor="total", today=None, earlier=None, no_contact=None):
    nothing = Value(0, output_field=IntegerField())
    count = lambda condition: Count("pk", filter=condition) if condition is not None else nothing  # noqa: E731
    return (
        rows.order_by()
        .annotate(card=Value(card))
        .values("card", "currency")
        .annotate(
            n=Count("pk"),
            sum=Coalesce(Sum(minor), 0),
            today=count(today),
            earlier=count(earlier),
            no_contact=count(no_contact),
        )
        .values("card", "currency", "n", "sum", "today", "earlier", "no_contact")
    )


def _queue_rows(on):
    mailable = Exists(Contact.objects.mailable().filter(customer=OuterRef("customer")))
    return _row(
        Invoice.objects.to_be_sent(on=on),
        "to_be_sent",
        today=Q(due_on=on) | Q(due_on=None),
        earlier=Q(due_on__lt=on),
        no_contact=~mailable,
    )


def _ready_rows(on):
    return _row(Invoice.objects.ready_to_send(on=on), "ready", minor=_as_counted("kind", "total"))


def _scheduled_rows():
    return _row(Invoice.objects.scheduled(), "scheduled", minor=_as_counted("kind", "total"), today=Q(status="draft"))


def _overdue_rows(on):
    return _row(Invoice.objects.overdue(on=on), "overdue", minor="amount_due")


def _follow_up_rows(at):
    """`today`: not opened in a week, `earlier`: opened often, `no_contact`: clicked, not paid; one may be several."""
    return _row(
        follow_up.needs_follow_up(Invoice.objects.all(), at=at),
        "follow_up",
        minor="amount_due",
        today=follow_up.unopened(at=at),
        earlier=follow_up.opened_often(),
        no_contact=follow_up.clicked(),
    )


def _problem_rows():
    """Counted by delivery, as their list does (`today`: failed, `earlier`: unknown, `no_contact`: came back or
    complained about); an invoice's money once."""
    before = Delivery.objects.problems().filter(
        documents__invoice=OuterRef("documents__invoice"), pk__lt=OuterRef("pk")
    )
    return (
        Delivery.objects.problems()
        .filter(documents__invoice__isnull=False)
        .order_by()
        .annotate(card=Value("problems"), currency=F("documents__invoice__currency"))
        .values("card", "currency")
        .annotate(
            n=Count("pk"),
            sum=Coalesce(
                Sum(_as_counted("documents__invoice__kind", "documents__invoice__total"), filter=~Exists(before)), 0
            ),
            today=Count("pk", filter=Q(status="failed")),
            earlier=Count("pk", filter=Q(status="unknown")),
            no_contact=Count("pk", filter=~Q(status__in=["failed", "unknown"])),
        )
        .values("card", "currency", "n", "sum", "today", "earlier", "no_contact")
    )


def _batch_rows():
    """Operations that need somebody, and those that run (`today`); they have no money of their own."""
    troubled = Q(status="failed", acknowledged_at=None)
    nothing = Value(0, output_field=IntegerField())
    return (
        BatchOperation.objects.filter(troubled | Q(status__in=BatchOperation.RUNNING))
        .order_by()
        .annotate(card=Value("batches"), currency=Value(""))
        .values("card", "currency")
        .annotate(
            n=Count("pk", filter=troubled),
            sum=nothing,
            today=Count("pk", filter=~troubled),
            earlier=nothing,
            no_contact=nothing,
        )
        .values("card", "currency", "n", "sum", "today", "earlier", "no_contact")
    )
