"""The statement of account of one customer: everything that moved the balance, in order. Amounts are minor units.

Invoices and refunds raise what the customer owes; payments, credit notes and differences let go lower it. What was
void, or a payment recorded by mistake, never counted.
"""

from dataclasses import dataclass
from datetime import date

from django.db.models import BigIntegerField, CharField, F, IntegerField, Q, Sum, Value
from django.db.models.functions import Cast
from django.utils.translation import gettext as _

from ..models import Allocation, Invoice, Payment, Refund

ENTRIES_AT_MOST = 2_000  # on one page; a longer span is asked for in parts

# In this order on one day: what is owed, what takes it away, what of that went back.
KINDS = ("invoice", "claim", "credit_note", "payment", "let_go", "refund", "returned")


@dataclass(frozen=True)
class Entry:
    """One movement; `amount` is positive where it is owed to us. `balance` is what stands after it."""

    on: date
    kind: str
    pk: int
    reference: str
    detail: str
    amount: int
    balance: int

    @property
    def label(self) -> str:
        return {
            "invoice": _("Invoice"),
            "claim": _("Claim"),
            "refund": _("Refund"),
            "returned": _("Payment taken back"),
            "credit_note": _("Credit note"),
            "payment": _("Payment"),
            "let_go": _("Difference let go"),
        }[self.kind]


@dataclass(frozen=True)
class Statement:
    """One currency from a day to a day, both included. `closing` is what stands then, also where entries are cut."""

    currency: str
    since: date
    until: date
    opening: int
    entries: list[Entry]
    closing: int
    is_cut: bool


def currencies(customer) -> list[str]:
    """The currencies in which anything ever moved, in alphabetical order."""
    of_invoices = Invoice.objects.opened().filter(customer=customer).order_by().values_list("currency")
    of_payments = Payment.objects.filter(customer=customer).order_by().values_list("currency")
    return sorted(currency for (currency,) in of_invoices.union(of_payments))


def statement(customer, *, currency: str, since: date, until: date, most: int | None = ENTRIES_AT_MOST) -> Statement:
    """Two queries, whatever the number of movements; three where there are more than `most` (None: all are told)."""
    moves = _moves(customer, currency)
    opening = _summed([rows.filter(day__lt=since) for rows in moves])
    columns = ("day", "rank", "kind_", "pk_", "reference_", "detail_", "moved")
    spans = [rows.filter(day__gte=since, day__lte=until).order_by().values_list(*columns) for rows in moves]
    told = spans[0].union(*spans[1:], all=True).order_by("day", "rank", "pk_")
    found = list(told if most is None else told[: most + 1])
    is_cut = most is not None and len(found) > most
    balance, entries = opening, []
    for day, _rank, kind, pk, reference, detail, moved in found[:most]:
        balance += moved
        entries.append(Entry(day, kind, pk, reference, detail, moved, balance))
    if is_cut:
        balance = _summed([rows.filter(day__lte=until) for rows in moves])
    return Statement(currency, since, until, opening, entries, balance, is_cut)


def _summed(moves) -> int:
    sums = [rows.order_by().values(one=Value(1)).annotate(n=Sum("moved")) for rows in moves]
    return sum(row["n"] or 0 for row in sums[0].union(*sums[1:], all=True))


def _moves(customer, currency) -> list:
    documents = Invoice.objects.filter(customer=customer, currency=currency).exclude(status__in=["draft", "void"])
    payments = Payment.objects.filter(customer=customer, currency=currency).exclude(reversal="mistake")
    let_go = Allocation.objects.filter(
        invoice__customer=customer, invoice__currency=currency, kind__in=Allocation.LET_GO
    )
    # What was undone as if it had never been is not told.
    let_go = let_go.exclude(reversed_by__on=F("on")).exclude(reverses__on=F("on"))
    refunds = Refund.objects.filter(customer=customer, currency=currency, reverses=None, reversed_by=None)
    owed = F("total") - F("prepaid")
    return [
        _move(documents.filter(kind="invoice"), "invoice", "issued_on", "number", owed, detail="order_number"),
        _move(documents.filter(kind="claim"), "claim", "issued_on", "number", owed, detail="order_number"),
        _move(documents.filter(kind="credit_note"), "credit_note", "issued_on", "number", -F("total"), "corrects_text"),
        _move(payments, "payment", "received_on", "reference", -F("amount"), detail="method"),
        _move(payments.filter(status="reversed"), "returned", "reversed_on", "reference", F("amount"), "reversal"),
        _move(refunds, "refund", "paid_on", "reference", F("amount"), detail="reason"),
        _move(let_go, "let_go", "on", "invoice__number", -F("amount"), detail="kind"),
    ]


def _move(rows, kind, day, reference, moved, detail):
    text = CharField()
    return rows.filter(Q(**{f"{day}__isnull": False})).annotate(
        day=F(day),
        rank=Value(KINDS.index(kind), output_field=IntegerField()),
        kind_=Value(kind, output_field=text),
        pk_=F("pk"),
        reference_=Cast(F(reference), text),
        detail_=Cast(F(detail), text),
        moved=Cast(moved, BigIntegerField()),
    )
