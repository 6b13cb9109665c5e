"""What waits to be done, counted once a request: the cards, the navigation and the page share it."""

from django.db.models import Count, Exists, F, IntegerField, OuterRef, Q, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from config.common import clock
from customers.models import Contact, Organization
from customers.views.navigation import organization_of

from ..models import Delivery, DeliveryDocument, Invoice

SHOWN_AT_MOST = 99  # in the navigation; beyond it stands "99+"


class _CountOf(Subquery):
    """How many rows a query finds, as a column."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) counted)"
    output_field = IntegerField()


def today_of(request):
    """The organization's day; DomainError before the installation is set up."""
    organization = organization_of(request) or Organization.objects.current()
    return clock.today(organization.time_zone)


def waiting(request) -> dict[str, int]:
    """{"to_be_sent": n, "problems": n}, each counted no further than is shown; one query, none if the cards know."""
    if organization_of(request) is None:
        return {"to_be_sent": 0, "problems": 0}
    if hasattr(request, "work_figures"):
        return {name: sum(row["n"] for row in request.work_figures[name]) for name in ("to_be_sent", "problems")}
    queue = Invoice.objects.to_be_sent(on=today_of(request))
    problems = Delivery.objects.problems()
    counted = Organization.objects.order_by("pk").values(
        to_be_sent=_CountOf(queue.order_by().values("pk")[: SHOWN_AT_MOST + 1]),
        problems=_CountOf(problems.order_by().values("pk")[: SHOWN_AT_MOST + 1]),
    )
    return counted[0]  # type: ignore[return-value]


def work_figures(request) -> dict[str, list[dict]]:
    """For each card its rows, one a currency: {currency, n, sum, today, earlier, no_contact}; one query for all."""
    if not hasattr(request, "work_figures"):
        on = today_of(request)
        rows = _queue_rows(on).union(_ready_rows(on), _overdue_rows(on), _problem_rows(), all=True)
        request.work_figures = {card: [] for card in ("to_be_sent", "ready", "overdue", "problems")}
        for row in rows:
            request.work_figures[row["card"]].append(row)
        for found in request.work_figures.values():
            found.sort(key=lambda row: -row["n"])
    return request.work_figures


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
    return _row(Invoice.objects.ready_to_send(on=on), "ready")


def _overdue_rows(on):
    return _row(Invoice.objects.overdue(on=on), "overdue", minor="amount_due")


def _problem_rows():
    """Counted by delivery, as their list does (`today`: failed, `earlier`: unknown); an invoice's money once."""
    before = DeliveryDocument.objects.filter(
        invoice=OuterRef("documents__invoice"),
        delivery__status__in=["failed", "unknown"],
        delivery__settled_at=None,
        delivery__lt=OuterRef("pk"),
    )
    return (
        Delivery.objects.problems()
        .filter(documents__invoice__isnull=False)
        .order_by()
        .annotate(card=Value("problems"), currency=F("documents__invoice__currency"))
        .values("card", "currency")
        .annotate(
            n=Count("pk"),
            sum=Coalesce(Sum("documents__invoice__total", filter=~Exists(before)), 0),
            today=Count("pk", filter=Q(status="failed")),
            earlier=Count("pk", filter=Q(status="unknown")),
            no_contact=Value(0, output_field=IntegerField()),
        )
        .values("card", "currency", "n", "sum", "today", "earlier", "no_contact")
    )
