"""The PDF of an opened invoice, the only one that is stored: ours (context, template, renderer's process, warnings)
against a bare warm xhtml2pdf of the same page.
"""

import json
import os
import sys

SIZES = (5, 50, 500)


def measure(rounds: int) -> dict:
    """{"5": [bare ms, ours ms], …, "first": [the first of a warmed worker, the same page again]}."""
    from decimal import Decimal

    from config.common import clock, queue
    from config.common.roles import SYSTEM
    from customers.models import Customer, Organization
    from invoicing import documents
    from invoicing.models import Invoice, TaxRate
    from invoicing.paper import drawing, fonts, rendering
    from invoicing.services import drafting, opening

    from .measuring import cost, cpu_of, in_turn

    rate = TaxRate.objects.filter(category="S").order_by("-percent").first()
    row = {"name": "Calibration of a probe", "quantity": Decimal(2), "unit_price": Decimal(100), "tax": rate}
    buyer = Customer.objects.filter(currency="EUR").order_by("pk").first()

    queue._ring = lambda task, *ids: None
    on = clock.today(Organization.objects.current().time_zone)

    def opened(lines):
        draft = drafting.draft_invoice(buyer, by=SYSTEM, lines=[row] * lines)
        return Invoice.objects.get(pk=opening.open_invoice(draft, by=SYSTEM, on=on).pk)

    def drawer():
        return getattr(rendering._press._process, "pid", None)

    def ours(invoice):
        before = cpu_of(drawer())
        return cost(lambda: documents._make(invoice)) + (cpu_of(drawer()) - before) * 1000

    invoices = {lines: opened(lines) for lines in SIZES}
    documents.warm()
    _wait_until_idle(drawer, cpu_of)
    found = {"first": [ours(invoices[5])]}
    found["first"].append(in_turn(lambda: ours(invoices[5]), rounds=rounds)[0])
    pages = {}
    drawn, documents.render = documents.render, lambda html: (pages.setdefault(len(pages), html) and b"", [])
    for invoice in invoices.values():
        documents._make(invoice)
    documents.render = drawn
    bare = dict(zip(SIZES, pages.values(), strict=True))
    draw = lambda lines: drawing.draw(bare[lines], roots=fonts.roots(), seconds=60)  # noqa: E731
    draw(5)
    for lines in SIZES:
        times = max(1, 20 // lines)
        found[str(lines)] = in_turn(
            lambda lines=lines, times=times: cost(lambda: draw(lines), times=times),
            lambda lines=lines: ours(invoices[lines]),
            rounds=rounds,
        )
    return found


def _wait_until_idle(drawer, cpu_of):
    """A worker warms up while nothing is asked of it."""
    import time

    last = -1.0
    for _ in range(100):
        time.sleep(0.3)
        now = cpu_of(drawer())
        if now == last and now > 0.05:
            return
        last = now


if __name__ == "__main__":
    import django

    django.setup()
    sys.stdout.write(json.dumps(measure(int(os.environ["BENCH_ROUNDS"]))))
