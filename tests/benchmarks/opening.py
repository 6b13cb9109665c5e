"""Opening and numbering, singly and in groups of 20, against the bare loop of the same writes (PERFORMANCE: ≤ 3×).

Bare: per invoice one UPDATE of the counter, one of the invoice with all its frozen columns, one INSERT of the event;
in groups one of each for 20. Triggers and constraints are in force in both; the bell is not rung in either.
"""

import json
import os
import sys
from datetime import UTC, datetime


def measure(rounds: int, singles: int, groups: int) -> dict:
    """{"single": [bare ms, ours ms], "group": [bare ms, ours ms]}: CPU for each invoice."""
    from config.common import clock, queue
    from config.common.roles import SYSTEM
    from customers.models import Organization
    from invoicing.services import opening, opening_groups

    from .measuring import cost, in_turn

    queue._ring = lambda task, *ids: None
    on = clock.today(Organization.objects.current().time_zone)
    drafts = iter(_drafts((rounds + 1) * (2 * singles + 2 * groups * 20)))
    take = lambda n: [next(drafts) for _ in range(n)]  # noqa: E731

    def single(way):
        batch = iter(take(singles))
        return cost(lambda: way(next(batch)), times=singles)

    def group(way):
        batches = iter([take(20) for _ in range(groups)])
        return cost(lambda: way(next(batches)), times=groups) / 20

    ways = [
        lambda: single(lambda draft: _bare([draft], on)),
        lambda: single(lambda draft: opening.open_invoice(draft, by=SYSTEM, on=on)),
        lambda: group(lambda batch: _bare(batch, on)),
        lambda: group(lambda batch: opening_groups.open_invoices(batch, by=SYSTEM, on=on)),
    ]
    for way in ways:
        way()  # once unmeasured: caches and plans
    found = in_turn(*ways, rounds=rounds)
    return {"single": found[:2], "group": found[2:]}


def _drafts(count):
    """Drafts with 5 lines, for customers in turn."""
    from decimal import Decimal

    from config.common.roles import SYSTEM
    from customers.models import Customer
    from invoicing.models import TaxRate
    from invoicing.services import drafting

    rate = TaxRate.objects.filter(category="S").order_by("-percent").first()
    row = {"name": "Calibration", "quantity": Decimal(2), "unit_price": Decimal(100), "tax": rate}
    buyers = list(Customer.objects.filter(currency="EUR").order_by("pk")[:40])
    made = [drafting.draft_invoice(buyers[n % len(buyers)], by=SYSTEM, lines=[row] * 5).pk for n in range(count)]
    from invoicing.models import Invoice

    rows = Invoice.objects.in_bulk(made)
    return [rows[pk] for pk in made]


def _bare(drafts, on):
    """The same rows, written by hand."""
    from django.db import connection, transaction

    now, count = datetime.now(UTC), len(drafts)
    party = json.dumps({"name": "x" * 60, "street": "y" * 40, "vat_id": "z" * 14, "more": "w" * 250})
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE invoicing_counter SET next_no = next_no + %s WHERE year = %s AND series_id = "
            "(SELECT id FROM invoicing_series WHERE kind = 'invoice') RETURNING id, next_no",
            [count, on.year],
        )
        counter, following = cursor.fetchone()
        first = following - count
        rows = [(pk.pk, first + n, f"INV-{on.year}-{first + n:05}") for n, pk in enumerate(drafts)]
        if connection.vendor == "postgresql":
            cursor.execute(
                "UPDATE invoicing_invoice SET status = 'open', counter_id = %s, seq = new.seq, number = new.number, "
                "opened_at = %s, issued_on = %s, due_on = %s, customer_name = customer_name, seller = %s, buyer = %s, "
                "paper = %s FROM unnest(%s::bigint[], %s::int[], %s::text[]) AS new(id, seq, number) "
                "WHERE invoicing_invoice.id = new.id AND status = 'draft'",
                [counter, now, on, on, party, party, party, *map(list, zip(*rows, strict=True))],
            )
        else:
            cursor.executemany(
                "UPDATE invoicing_invoice SET status = 'open', counter_id = %s, seq = %s, number = %s, "
                "opened_at = %s, issued_on = %s, due_on = %s, customer_name = customer_name, seller = %s, buyer = %s, "
                "paper = %s WHERE id = %s AND status = 'draft'",
                [
                    (counter, seq, number, str(now)[:26], str(on), str(on), party, party, party, pk)
                    for pk, seq, number in rows
                ],
            )
        cursor.executemany(
            "INSERT INTO common_auditevent (at, actor_type, actor_name, source, request_id, action, object_type, "
            "object_id, thread, before, after, reason) VALUES (%s, 'system', 'Dunlin', 'command', '', 'invoice.open', "
            "'invoice', %s, %s, %s, %s, '')",
            [
                (str(now)[:26], pk, f"invoice:{pk}", '{"status": "draft"}', json.dumps({"number": number}))
                for pk, _seq, number in rows
            ],
        )


if __name__ == "__main__":
    import django

    django.setup()
    sys.stdout.write(
        json.dumps(measure(*(int(os.environ[name]) for name in ("BENCH_ROUNDS", "BENCH_SINGLES", "BENCH_GROUPS"))))
    )
