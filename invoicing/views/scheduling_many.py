"""Move, Send now and Cancel the email for all that are chosen in Scheduled: asked once, told of each."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy, ngettext_lazy
from django.views.decorators.http import require_http_methods, require_safe
from django_htmx.http import trigger_client_event

from config.common import clock
from config.common.views import carried_out, render_dialog, row_or_gone, staff_required

from .. import wall_time
from ..forms.scheduling import MoveManyForm, SureForm
from ..models import DeliveryDocument, Selection
from ..services import scheduling_many as service
from ..services.batches.timing import Timing, timing_of
from ..services.batches.wishes import Wishes
from .batches import words as batch_words
from .figures import today_of

MOVING = {
    "title": ngettext_lazy("Move %(n)d scheduled email", "Move %(n)d scheduled emails", "n"),
    "button": gettext_lazy("Move"),
    "icon": "clock",
    "done": ngettext_lazy("%(n)d email is moved.", "%(n)d emails are moved.", "n"),
    "undone": ngettext_lazy("%(n)d was not moved:", "%(n)d were not moved:", "n"),
}
SENDING = {
    "title": ngettext_lazy("Send %(n)d scheduled email now?", "Send %(n)d scheduled emails now?", "n"),
    "button": gettext_lazy("Send now"),
    "icon": "send",
    "effect": gettext_lazy("Each goes out at once, in the background, and not at the time it was scheduled for."),
    "done": ngettext_lazy("%(n)d email is on its way.", "%(n)d emails are on their way.", "n"),
    "undone": ngettext_lazy("%(n)d was not sent:", "%(n)d were not sent:", "n"),
}
CANCELLING = {
    "title": ngettext_lazy("Cancel %(n)d scheduled email?", "Cancel %(n)d scheduled emails?", "n"),
    "button": gettext_lazy("Cancel the emails"),
    "icon": "x",
    "effect": gettext_lazy("None of them is sent. You find each invoice under Invoices to be sent, once it is due."),
    "done": ngettext_lazy("%(n)d scheduled email is cancelled.", "%(n)d scheduled emails are cancelled.", "n"),
    "undone": ngettext_lazy("%(n)d was not cancelled:", "%(n)d were not cancelled:", "n"),
}


@staff_required("invoice.send")
@require_http_methods(["GET", "POST"])
def moving(request, pk):
    selection, form = _chosen(request, pk), MoveManyForm(request.POST or None, person=request.user)
    rows = _waiting(selection)

    def move():
        return service.move_many(selection, by=request.user, now=clock.now(), **form.values())

    if request.method == "GET":
        return _ask(request, selection, form, MOVING, rows=rows, **_moment(rows, form.begun()))
    if not form.is_valid() or _is_too_late(rows, form) or not carried_out(form, move):
        return _ask(request, selection, form, MOVING, rows=rows, status=422, **_moment(rows, form))
    return _tell(request, selection, form.result, MOVING)


@staff_required("invoice.send")
@require_safe
def moment(request, pk):
    """What the date, time and zone that are typed so far mean for all that are chosen."""
    rows, form = _waiting(_chosen(request, pk)), MoveManyForm(request.GET, person=request.user)
    return render(request, "invoicing/_scheduled_moment.html", _moment(rows, form))


@staff_required("invoice.send")
@require_http_methods(["GET", "POST"])
def sending(request, pk):
    return _confirm(request, pk, SENDING, lambda each: service.send_many(each, by=request.user, on=today_of(request)))


@staff_required("invoice.send")
@require_http_methods(["GET", "POST"])
def cancelling(request, pk):
    return _confirm(request, pk, CANCELLING, lambda each: service.cancel_many(each, by=request.user))


def _confirm(request, pk, words, act):
    selection, form = _chosen(request, pk), SureForm(request.POST if request.method == "POST" else None)
    if request.method == "GET":
        return _ask(request, selection, form, words)
    if not form.is_valid() or not carried_out(form, lambda: act(selection)):
        return _ask(request, selection, form, words, status=422)
    return _tell(request, selection, form.result, words)


def _chosen(request, pk) -> Selection:
    """This person's own choice in this list; one that was used meanwhile is said to be gone."""
    return row_or_gone(request, Selection.objects.filter(person=request.user, page="scheduled"), pk)


def _waiting(selection) -> list[tuple[str, bool]]:
    """Of those that are scheduled still: the zone of the customer, whether it is a draft."""
    rows = DeliveryDocument.objects.scheduled().filter(invoice__in=[pk for pk, *_seen in selection.rows])
    found = rows.values_list("invoice__customer__time_zone", "delivery__scheduled_zone", "invoice__status")
    return [(theirs or present, status == "draft") for theirs, present, status in found]


def _timing(form, zones) -> tuple[Wishes, Timing]:
    typed = form.values()
    wishes = Wishes("send", send_email=True, send_on=typed["on"], send_at=typed["at"], zone=typed["zone"])
    return wishes, timing_of(wishes, zones, now=clock.now())


def _is_too_late(rows, form) -> bool:
    """Whether that moment cannot be for any of them: then nothing is done, and what was typed is kept."""
    _wishes, timing = _timing(form, {zone for zone, _is_draft in rows})
    if timing.refusals and not timing.instants:
        form.add_error(None, min(timing.refusals.values()))
        return True
    return False


def _moment(rows, form) -> dict:
    """The dialog's live sentences: what is typed so far means, and where it cannot be."""
    if not form.is_valid():
        return {"effects": [], "refusals": []}
    wishes, timing = _timing(form, {zone for zone, _is_draft in rows})
    number = sum(zone in timing.instants for zone, _is_draft in rows)
    refusals = [f"{wall_time.place_of(zone)}: {sentence}" for zone, sentence in sorted(timing.refusals.items())]
    return {"effects": batch_words.effects(wishes, number, timing), "refusals": refusals}


def _ask(request, selection, form, words, *, rows=None, status=200, **context):
    rows = _waiting(selection) if rows is None else rows
    context |= {
        "form": form,
        "words": words,
        "title": words["title"] % {"n": selection.count},
        "sums": list(selection.sums.items()),
        "gone": selection.count - len(rows),
        "drafts": sum(is_draft for _zone, is_draft in rows),
        "most": service.MOST if selection.count == service.MOST else 0,
        "moment_url": reverse("invoicing:scheduled_moment", args=[selection.pk]),
        "cancel_url": _back(selection),
    }
    return render_dialog(request, "invoicing/scheduled_many_dialog.html", context, status=status)


def _tell(request, selection, outcomes, words):
    """In the list: said, the ticks are gone. What was not done is named, each with its reason."""
    refused = [each for each in outcomes if each.refusal]
    number = len(outcomes) - len(refused)
    said = words["done"] % {"n": number} if number else ""
    if refused:
        undone = words["undone"] % {"n": len(refused)}
        context = {"said": said, "undone": undone, "refused": refused, "cancel_url": _back(selection)}
        response = render_dialog(request, "invoicing/scheduled_outcome.html", context)
        return trigger_client_event(response, "batchStarted") if request.htmx else response
    messages.success(request, said)
    if not request.htmx:
        return redirect(_back(selection))
    response = render(request, "invoicing/_toasts_only.html")
    return trigger_client_event(trigger_client_event(response, "closeDialog"), "batchStarted")


def _back(selection) -> str:
    """The list as it was filtered."""
    here = reverse("invoicing:scheduled")
    return f"{here}?{selection.query}" if selection.query else here
