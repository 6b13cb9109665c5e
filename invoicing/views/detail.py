"""The page of one invoice, its PDF, and its internal note."""

from django.contrib import messages
from django.db.models import OuterRef
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.encoding import iri_to_uri
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from config.common.models import AuditEvent
from config.common.reading import RowsOf
from config.common.roles import may
from config.common.views import staff_required
from customers.models import Contact

from .. import documents, history, presenting, snapshots, telling
from ..models import Invoice
from ..services import drafting, marking, opening
from .actions import actions, is_payable
from .batches.standing import done_in, read_along, standing
from .figures import today_of
from .moments import going_of
from .settlements import settlements

EVENTS = 12  # shown at once; ?activity=all shows every one
POLLS_AT_MOST = 60


@staff_required("view")
@require_safe
def detail(request, pk):
    """The whole page; for its own polling the Email History alone, and the rest once the sending has come to an end."""
    contacts = Contact.objects.filter(customer=OuterRef("customer")).order_by("pk")
    invoices = Invoice.objects.select_related("customer", "template", "corrects")
    invoices = invoices.annotate(contacts=RowsOf(contacts, "id", "name", "email", "role"), **read_along())
    invoice = get_object_or_404(invoices, pk=pk)
    context = {"invoice": invoice, "today": today_of(request), **_emails(request, invoice)}
    context |= _state(request, invoice, context["deliveries"])
    if request.htmx.target == "email-history":
        context["settled_down"] = not context["poll"]
        if context["settled_down"]:
            context |= _activity(request, invoice, context["deliveries"])
        return render(request, "invoicing/_progress.html", context)
    context |= settlements(invoice, request.user)
    context |= _paper(invoice) | _activity(request, invoice, context["deliveries"])
    return render(request, "invoicing/detail.html", context)


def _emails(request, invoice) -> dict:
    deliveries = history.deliveries_of(invoice)
    for delivery in deliveries:
        delivery.shown = presenting.delivery_status(delivery)
    asked = request.GET.get("n", "")
    asked = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 4 else 0
    polls = history.is_in_flight(deliveries) and asked < POLLS_AT_MOST
    waiting = history.scheduled_among(deliveries)
    return {
        "waiting": going_of(waiting[0]) if waiting else None,
        "waiting_for": len(waiting),
        "may_send": may(request.user, "invoice.send"),
        "deliveries": deliveries,
        "poll": asked + 1 if polls else 0,
        "pause": min(2 + asked // 5, 10),
        "is_measured": any(delivery.is_tracked for delivery in deliveries),
    }


def _state(request, invoice, deliveries) -> dict:
    offered = {action.key: action for action in actions(invoice, request.user)}
    if history.scheduled_among(deliveries):
        offered.pop("later", None)  # the note on top says what can be done about it
    first = offered.get("open") or offered.get("send")
    beside = [offered[key] for key in ("edit", "pay") if key in offered]
    rest = [action for action in offered.values() if action not in [first, *beside] and action.key != "pdf"]
    return {
        "badges": presenting.badges(invoice, today=today_of(request)),
        "kind": presenting.kind_badge(invoice),
        "light": history.light_of(deliveries),
        "batches": standing(invoice),
        "primary": first,
        "beside": beside,
        "more": rest,
        "pdf": offered["pdf"],
        "days_late": invoice.days_late(today_of(request)),
        "left": 0 if invoice.status == "void" else invoice.amount_due,
        "is_payable": is_payable(invoice),
        "may_draft": may(request.user, "invoice.draft"),
        "may_undo": may(request.user, "invoice.mark_as_sent") and not marking.undo_refusal(invoice),
        "problems": [_mended_at(invoice, problem) for problem in _problems(request, invoice)],
    }


def _problems(request, invoice):
    return opening.problems(invoice, on=today_of(request)) if invoice.is_draft else []


def _mended_at(invoice, problem) -> dict:
    """The sentence, and where its field is."""
    if problem.field == "customer_profile" and invoice.customer_id:
        return {"sentence": problem.sentence, "url": reverse("customers:detail", args=[invoice.customer_id])}
    if problem.field == "organization":
        return {"sentence": problem.sentence, "url": reverse("customers:organization")}
    place = "lines" if problem.field == "lines" else f"id_{problem.field}"
    return {"sentence": problem.sentence, "url": f"{reverse('invoicing:edit', args=[invoice.pk])}#{place}"}


def _paper(invoice) -> dict:
    """Lines, sums and parties as the page shows them, in the reader's language."""
    _seller, buyer, paper = snapshots.parties(invoice)
    lines = list(invoice.lines.prefetch_related("adjustments"))
    whole = [each for each in invoice.adjustments.all() if each.line_id is None]
    warnings = [sentence for stored in invoice.documents.all() for sentence in stored.warnings]
    return {
        "lines": lines,
        "whole": whole,
        "lines_net": sum(line.net for line in lines),
        "tax_lines": list(invoice.tax_lines.all()),
        "buyer": buyer,
        "paper": paper,
        "warnings": warnings,
        "contacts": invoice.contacts,
        "settled_share": _share(invoice),
        "credit_notes": list(invoice.corrections.exclude(status__in=["draft", "void"])) if invoice.credited else [],
    }


def _share(invoice) -> int:
    """Percent paid, rounded down: a full bar means paid."""
    whole = invoice.total - invoice.prepaid
    return invoice.settled * 100 // whole if whole > 0 else 0


def _activity(request, invoice, deliveries) -> dict:
    events = list(AuditEvent.objects.for_thread(invoice))
    told = telling.items(
        events,
        currency=invoice.currency,
        recipients={each.pk: each.recipient for each in deliveries if each.recipient},
        batches=done_in(invoice, events, deliveries),
    )
    shown = told if request.GET.get("activity") == "all" else told[:EVENTS]
    return {"events": shown, "event_count": len(told), "hidden_events": len(told) - len(shown)}


@staff_required("view")
@require_safe
def pdf(request, pk):
    """The stored file of an opened invoice (made now if nobody has yet); of a draft how it would look, marked so."""
    invoice = get_object_or_404(Invoice, pk=pk)
    if invoice.is_draft:
        return _inline(documents.draft_pdf(invoice), _("Draft-%(id)s.pdf") % {"id": invoice.pk})
    stored = documents.ensure_pdf(invoice)
    return _inline(documents.read(stored), stored.name)


def _inline(content: bytes, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = f"inline; filename*=UTF-8''{iri_to_uri(name)}"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _typed(request) -> str:
    return request.POST.get("internal_note", "").replace("\0", "").strip()[:10_000]  # a NUL is no text to PostgreSQL


@staff_required("invoice.draft")
@require_POST
def internal_note(request, pk):
    """The note for the back office: on no document, editable for ever."""
    invoice = get_object_or_404(Invoice, pk=pk)
    drafting.write_internal_note(invoice, by=request.user, text=_typed(request))
    messages.success(request, _("The internal note is saved."))
    return redirect(reverse("invoicing:detail", args=[pk]) + "#internal-note")
