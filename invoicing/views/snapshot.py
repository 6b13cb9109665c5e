"""Workflow Snapshot: what needs doing today. The cards are listed in settings.SNAPSHOT_CARDS."""

from django.conf import settings
from django.db.models import BigIntegerField, OuterRef, Subquery
from django.db.models.functions import Cast, Substr
from django.shortcuts import render
from django.urls import reverse
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from config.common import roles
from config.common.models import AuditEvent
from config.common.views import staff_required

from .. import telling
from ..models import Invoice
from .figures import organization_of, today_of, work_figures

EVENTS_SHOWN = 8


@staff_required("view")
@require_safe
def home(request):
    """Before the installation is set up, the page says so and where to begin."""
    if organization_of(request) is None:
        return render(request, "invoicing/snapshot_empty.html")
    cards = [import_string(path)(request) for path in settings.SNAPSHOT_CARDS]
    context = {
        "cards": cards,
        "today": today_of(request),
        "organization": organization_of(request),
        "activity": recent_activity(),
        "may_draft": roles.may(request.user, "invoice.draft"),
    }
    return render(request, "invoicing/snapshot.html", context)


def recent_activity() -> list[dict]:
    """The newest events of all invoices as sentences, each with its invoice; one query."""
    of_event = Invoice.objects.filter(pk=OuterRef("invoice"))
    events = (
        AuditEvent.objects.filter(thread__startswith="invoice:")
        .annotate(invoice=Cast(Substr("thread", len("invoice:") + 1), BigIntegerField()))
        .annotate(
            number=Subquery(of_event.values("number")),
            customer=Subquery(of_event.values("customer_name")),
            currency=Subquery(of_event.values("currency")),
        )
        .order_by("-seq")[:EVENTS_SHOWN]
    )
    return [_told(event) for event in events]


def _told(event) -> dict:
    """A draft that was deleted since has no page any more."""
    item = telling.items([event], currency=event.currency or "", recipients={})[0]
    about = " · ".join(filter(None, [event.number or _("Draft"), event.customer]))
    url = reverse("invoicing:detail", args=[event.invoice]) if event.currency else ""
    return {**item, "detail": about if event.currency else "", "url": url}


def to_be_sent_card(request) -> dict:
    rows = work_figures(request)["to_be_sent"]
    today, earlier, silent = (sum(row[name] for row in rows) for name in ("today", "earlier", "no_contact"))
    sentences = []
    if today or earlier:
        sentences.append(_("%(today)s due today, %(earlier)s earlier.") % {"today": today, "earlier": earlier})
    if silent:
        sentences.append(ngettext("One has no contact email.", "%(n)d have no contact email.", silent) % {"n": silent})
    may_send = roles.may(request.user, "invoice.send")
    return {
        **_card(_("Invoices to be sent"), rows, reverse("invoicing:queue")),
        "text": " ".join(sentences) or _("Every invoice due today or earlier has been sent."),
        "lead": True,
        "action": _("Review and send") if rows and may_send else "",
    }


def ready_to_send_card(request) -> dict:
    rows = work_figures(request)["ready"]
    text = _("Not due yet, not sent yet") if rows else _("Nothing is waiting")
    return {**_card(_("Ready to send"), rows, reverse("invoicing:queue") + "?tab=ready"), "text": text}


def scheduled_card(request) -> dict:
    rows = work_figures(request)["scheduled"]
    drafts = sum(row["today"] for row in rows)
    text = _("Waiting for their moment") if rows else _("Nothing is scheduled")
    if drafts:
        text = ngettext("One is opened then", "%(n)d are opened then", drafts) % {"n": drafts}
    return {**_card(_("Scheduled"), rows, reverse("invoicing:scheduled")), "text": text}


def delivery_problems_card(request) -> dict:
    rows = work_figures(request)["problems"]
    failed, unknown, returned = (sum(row[name] for row in rows) for name in ("today", "earlier", "no_contact"))
    found = [
        ngettext("%(n)d failed", "%(n)d failed", failed) % {"n": failed} if failed else "",
        ngettext("%(n)d of unknown outcome", "%(n)d of unknown outcome", unknown) % {"n": unknown} if unknown else "",
        ngettext("%(n)d came back", "%(n)d came back", returned) % {"n": returned} if returned else "",
    ]
    return {
        **_card(_("Delivery problems"), rows, reverse("invoicing:problems")),
        "text": ", ".join(filter(None, found)) or _("Everything that was sent arrived"),
        "tone": "late" if rows else "",
    }


def batch_operations_card(request) -> dict:
    rows = work_figures(request)["batches"]
    troubled, running = (sum(row[name] for row in rows) for name in ("n", "today"))
    found = [
        ngettext("%(n)d with failed invoices", "%(n)d with failed invoices", troubled) % {"n": troubled}
        if troubled
        else "",
        ngettext("%(n)d in progress", "%(n)d in progress", running) % {"n": running} if running else "",
    ]
    return {
        "title": _("Batch operations"),
        "count": troubled,
        "sums": [],
        "url": reverse("invoicing:batch_list") + ("?tab=failed&acknowledged=no" if troubled else ""),
        "text": ", ".join(filter(None, found)) or _("None needs a look"),
        "tone": "late" if troubled else "",
    }


def overdue_card(request) -> dict:
    rows = work_figures(request)["overdue"]
    text = _("Open, and past the due date") if rows else _("Nobody is late")
    return {**_card(_("Overdue"), rows, reverse("invoicing:list") + "?status=overdue"), "text": text}


def follow_up_card(request) -> dict:
    rows = work_figures(request)["follow_up"]
    unopened, often, clicked = (sum(row[name] for row in rows) for name in ("today", "earlier", "no_contact"))
    found = [
        _("%(n)d not opened in a week") % {"n": unopened} if unopened else "",
        _("%(n)d opened again and again") % {"n": often} if often else "",
        _("%(n)d clicked and not paid") % {"n": clicked} if clicked else "",
    ]
    return {
        **_card(_("Needs a follow-up"), rows, reverse("invoicing:list") + "?follow_up=any"),
        "text": ", ".join(filter(None, found)) or _("Nobody has to be asked"),
    }


def _card(title, rows, url) -> dict:
    return {
        "title": title,
        "count": sum(row["n"] for row in rows),
        "sums": [(row["sum"], row["currency"]) for row in rows],
        "url": url,
    }
