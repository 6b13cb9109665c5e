"""The dialog of a batch: its settings, what would become of each invoice, and starting it."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST
from django_htmx.http import trigger_client_event

from config.common.errors import Stale
from config.common.templatetags.dunlin import grouped
from config.common.views import carried_out, render_dialog, row_or_gone, staff_required

from ... import merge, progress
from ...forms.batches import form_of
from ...models import BatchOperation, Selection
from ...services.batches import checking, selecting, starting, wishes
from ..figures import today_of
from ..mending import mend_link
from . import typed, words


@staff_required("batch.run")
@require_http_methods(["GET", "POST"])
def batch_new(request, pk):
    """The dialog; POST starts the operation. Sent twice, the second time leads to the same one."""
    action = action_of(request)
    if request.method == "POST" and (operation := _started(request, action)):
        return _answer(request, operation)
    selection = chosen(request, pk)
    if request.method == "GET":
        return _dialog(request, selection, form_for(request, selection, action, initial=typed.of(request, selection)))
    form = form_for(request, selection, action, request.POST)
    if not form.is_valid() or not carried_out(form, lambda: _start(request, selection, form)):
        return _dialog(request, selection, form, status=422)
    return _answer(request, form.result)


@staff_required("batch.run")
@require_POST
def batch_preflight(request, pk):
    """What would become of each with these settings; with `catch_up` the changed drafts are taken as they are now."""
    selection, action = chosen(request, pk), action_of(request)
    if "catch_up" in request.POST:
        selecting.catch_up(selection, by=request.user)
        selection.refresh_from_db()
    form = form_for(request, selection, action, request.POST)
    if request.htmx:
        return render(request, "invoicing/_batch_preflight.html", preflight_of(request, selection, form))
    return _dialog(request, selection, form)


def action_of(request) -> str:
    """What the dialog is for; opening, where its address does not say."""
    action = request.GET.get("action", "open")
    if action not in BatchOperation.Action.values:
        raise Http404
    return action


def chosen(request, pk) -> Selection:
    """This person's own selection; one that was used or forgotten meanwhile is said to be gone."""
    return row_or_gone(request, Selection.objects.filter(person=request.user), pk)


def form_for(request, selection, action, data=None, **kwargs):
    in_queue = selection.in_queue
    return form_of(action, data, today=today_of(request), person=request.user, opens_drafts=in_queue, **kwargs)


def _started(request, action) -> BatchOperation | None:
    """The operation that this very dialog began already; Stale where it is sent again with something else in it."""
    token = request.POST.get("request_id", "")
    operation = BatchOperation.objects.filter(asked_by=request.user, request_id=token).first() if token else None
    if operation is None:
        return None
    in_queue = operation.page == "queue"
    form = form_of(action, request.POST, today=today_of(request), person=request.user, opens_drafts=in_queue)
    if not form.is_valid() or form.wishes() != wishes.of(operation):
        raise Stale(
            _("%(operation)s was started from this dialog already. What was changed in it since did not go into it.")
            % {"operation": operation}
        )
    return operation


def _start(request, selection, form):
    return starting.start_operation(
        selection,
        by=request.user,
        wishes=form.wishes(),
        request_id=form.cleaned_data["request_id"],
        leaves_out=form.cleaned_data["leaves_out"] == "yes",
    )


def _answer(request, operation):
    """In the list: said, the ticks are gone. Without script it leads to the operation's page."""
    typed.forget(request)
    page = reverse("invoicing:batch", args=[operation.pk])
    if not request.htmx:
        return redirect(page)
    sentence = ngettext("{link} is running: {n} invoice.", "{link} is running: {n} invoices.", operation.total)
    if operation.leaves_out:  # of how many it is made, nobody has counted yet
        sentence = _("{link} is running, without those that would fail.")
    link = format_html('<a href="{}">{}</a>', page, operation)
    messages.success(request, format_html(sentence, link=link, n=grouped(operation.total)))
    response = render(request, "invoicing/_toasts_only.html")
    return trigger_client_event(trigger_client_event(response, "closeDialog"), "batchStarted")


def _dialog(request, selection, form, *, status=200):
    """The preflight comes by itself with HTMX, and stands there at once on the page of its own."""
    back = reverse("invoicing:queue" if selection.in_queue else "invoicing:list")
    here = reverse("invoicing:batch_new", args=[selection.pk]) + f"?action={form.action}"
    context = {
        "form": form,
        "selection": selection,
        "action": here,
        "title": progress.act(form.action, selection.count),
        "sums": list(selection.sums.items()),
        "merge_fields": merge.legend(),
        "preflight_url": _aside("preflight", selection, form),
        "cancel_url": f"{back}?{selection.query}" if selection.query else back,
    }
    if not request.htmx:
        context |= preflight_of(request, selection, form)
    return render_dialog(request, "invoicing/batch_dialog.html", context, status=status)


def preflight_of(request, selection, form) -> dict:
    """What the fragment shows. A form that cannot be read yet says what is to be mended first."""
    sent = form if form.is_bound else form_for(request, selection, form.action, form.shown())
    context = {"checked": True, "leaving": sent.leaving, "preflight_url": _aside("preflight", selection, form)}
    if not sent.is_valid():
        return {**context, "mistakes": mistakes(sent)}
    asked = sent.wishes()
    flight = checking.preflight(selection, by=request.user, wishes=asked, on=today_of(request))
    number = flight.succeed + (0 if sent.leaving else flight.failing)
    versions = dict(selection.rows)
    return {
        **context,
        "flight": flight,
        "findings": [
            {"invoice": invoice, "sentence": finding.sentence, "mend": mend_link(finding.mend, invoice)}
            for invoice, finding in flight.findings
        ],
        "changed": any(each.is_draft and each.version != versions[each.pk] for each, _finding in flight.findings),
        "gone": selection.count - flight.total,
        "effects": words.effects(asked, number, flight.timing),
        "confirm": progress.named(asked, number),
        "number": number,
        "look_url": _aside("look", selection, form, selection.rows[0][0]) if asked.mails or asked.opens else "",
    }


def mistakes(form) -> list[tuple[str, str]]:
    """What cannot be read of it: (label, sentences)."""
    named = ((form.fields[name].label if name in form.fields else "", errors) for name, errors in form.errors.items())
    return [(label, " ".join(errors)) for label, errors in named]


def _aside(name, selection, form, *args) -> str:
    return reverse(f"invoicing:batch_{name}", args=[selection.pk, *args]) + f"?action={form.action}"
