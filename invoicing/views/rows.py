"""One row of the queue: what stands in it, and how it tells by itself what becomes of a send."""

from datetime import date

from django.db.models import OuterRef, Prefetch
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from config.common import roles
from config.common.reading import ListOf
from config.common.views import staff_required
from customers.models import Contact

from .. import presenting
from ..models import Delivery, DeliveryDocument, Invoice
from ..services import scheduling
from ..services.drafting import due_date
from ..services.marking import undo_refusal
from .actions import rarer
from .figures import today_of

POLLS_AT_MOST = 60


def with_rows(invoices):
    """Everything a row shows, in one more query for however many rows."""
    mailable = Contact.objects.mailable().filter(customer=OuterRef("customer")).order_by("pk").values("email")
    invoices = invoices.select_related("customer").annotate(mailable=ListOf(mailable, "email"))
    return invoices.prefetch_related(
        Prefetch(
            "delivery_documents",
            queryset=DeliveryDocument.objects.filter(kind="invoice")
            .select_related("delivery")
            .order_by("-delivery_id"),
            to_attr="sends",
        ),
    )


def dress(invoice, *, on: date, person):
    """Set what the row's template shows: due as reckoned, addresses, badges, the total as it counts, the light of the
    newest send, and what this person may do to put it right."""
    invoice.reckoned_due = invoice.due_on or due_date(invoice.issued_on or on, invoice.terms_days)
    invoice.emails = [email for (email,) in invoice.mailable]
    badges = presenting.badges(invoice, today=on)
    invoice.badges = [badge for badge in badges if badge.kind != "bad"]  # how late it is stands in its own column
    invoice.kind_badge = presenting.kind_badge(invoice)
    invoice.counted = presenting.signed(invoice, invoice.total)
    invoice.rarer = rarer(invoice, person)
    invoice.may_wait = invoice.is_draft or not scheduling.too_late(invoice)
    invoice.light = _newest_send([document.delivery for document in invoice.sends])
    return invoice


def _newest_send(deliveries):
    """The Status light of the newest act of sending alone; None where nothing was sent, or marking was undone."""
    if not deliveries:
        return None
    newest = [delivery for delivery in deliveries if delivery.occasion == deliveries[0].occasion]
    return presenting.light(presenting.sent_of(each) for each in newest if each.role == Delivery.Role.TO)


def row_context(request, pk, *, polled=0) -> dict:
    on = today_of(request)
    invoice = dress(get_object_or_404(with_rows(Invoice.objects.filter(pk=pk))), on=on, person=request.user)
    gone = not Invoice.objects.filter(pk=pk).to_be_sent(on=on).exists()
    gone = gone and not Invoice.objects.filter(pk=pk).ready_to_send(on=on).exists()
    may_mark = roles.may(request.user, "invoice.mark_as_sent")
    polls = bool(invoice.light and invoice.light.in_flight) and polled < POLLS_AT_MOST
    return {
        "invoice": invoice,
        "today": on,
        "done": gone,
        "undo": may_mark and gone and bool(invoice.marked_sent_at) and not undo_refusal(invoice),
        "may_send": roles.may(request.user, "invoice.send"),
        "may_batch": roles.may(request.user, "batch.run"),
        "poll": polled + 1 if polls else 0,
        "pause": min(2 + polled // 5, 10),
    }


@staff_required("view")
@require_safe
def row(request, pk):
    """The row again; it asks for itself until its send has come to an end."""
    polled = request.GET.get("n", "")
    polled = int(polled) if polled.isascii() and polled.isdigit() and len(polled) < 4 else 0
    return render(request, "invoicing/_queue_row.html", row_context(request, pk, polled=polled))


def changed_row(request, pk):
    """The answer to an act in the queue: the dialog closes, the row stands there as it is now, the toasts say so."""
    response = render(request, "invoicing/_queue_changed.html", {**row_context(request, pk), "out_of_band": True})
    response["HX-Trigger"] = "closeDialog"
    return response
