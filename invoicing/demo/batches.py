"""Batch operations of the demo's last days: one that everybody has seen, one to look at, one that partly failed."""

import uuid
from datetime import timedelta

from config.common import clock

from ..models import Invoice
from ..services import carrying
from ..services.batches import deciding, running, selecting, starting
from ..services.batches.wishes import Wishes
from . import cast


def tell(customers, clerk, today, *, morning, draft) -> None:
    """`morning`: the moment of a day at which things happen; `draft(customer, day, terms, lines, tax)` makes one."""
    days = lambda n: today - timedelta(days=n)  # noqa: E731

    def drafts(day, *asked):
        return [draft(customers[key], day, 30, lines, tax) for key, lines, tax in asked]

    with clock.at(morning(days(4))):
        sent = drafts(days(4), ("obidos", [cast.KIT], "reverse"), ("harrow", [cast.SERVICE], "export"))
        seen = _run(sent, clerk, Wishes("send", opens_drafts=True, send_email=True, portal_link=True), page="queue")
        deciding.acknowledge_operation(seen, by=clerk)
    with clock.at(morning(days(1))):
        posted = drafts(days(1), ("glaronisi", [cast.KIT], "reverse"), ("hautlanguedoc", [cast.SENSOR], "reverse"))
        _run(posted, clerk, Wishes("mark", how="Post", sent_on=days(1), note="With the delivery"), page="list")
    with clock.at(morning(today)):
        silent = Invoice.objects.draft().get(customer=customers["natsumi"])
        mixed = drafts(today, ("tuefenbach", [], "export"), ("brightwater", [cast.CALIBRATION], "out"))
        _run(
            [silent, *mixed],
            clerk,
            Wishes("open", send_email=True, submit_einvoice=True, portal_link=True),
            page="list",
        )


def _run(invoices, clerk, wishes, *, page):
    """From the choice to the last email, as the worker does it."""
    chosen = Invoice.objects.filter(pk__in=[invoice.pk for invoice in invoices])
    selection = selecting.select_invoices(chosen, by=clerk, page=page)
    operation = starting.start_operation(selection, by=clerk, wishes=wishes, request_id=uuid.uuid4().hex)
    running.run_waiting()
    carrying.carry_waiting()
    operation.refresh_from_db()
    return operation
