"""Import: bring files, look at the dry run, make drafts of them."""

from django.contrib import messages
from django.db.models import Count
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from config.common.views import carried_out, staff_required

from ..forms.importing import AnswersForm, UploadForm
from ..models import ImportRun
from ..services import importing
from .import_sheets import tabs

RECENT = 10


@staff_required("invoice.import")
@require_http_methods(["GET", "POST"])
def import_files(request):
    form = UploadForm(request.POST, request.FILES) if request.method == "POST" else UploadForm()
    if request.method == "POST" and form.is_valid():
        run = importing.bring_in(form.contents(), by=request.user)
        return redirect("invoicing:import_run", run.pk)
    runs = ImportRun.objects.select_related("by").annotate(
        file_count=Count("files"), made_count=Count("files__invoice")
    )  # fmt: skip
    context = {"form": form, "runs": runs.order_by("-pk")[:RECENT], "tabs": tabs(request)}
    return render(request, "invoicing/import.html", context, status=422 if form.errors else 200)


@staff_required("invoice.import")
@require_http_methods(["GET", "POST"])
def import_run(request, pk):
    run = get_object_or_404(ImportRun, pk=pk)
    plan = importing.plan_run(run)
    form = AnswersForm(request.POST if request.method == "POST" else None, plan=plan)
    if request.method == "POST" and form.is_valid() and carried_out(form, lambda: _make(run, request, form)):
        _tell(request, form.result)
        return redirect("invoicing:import_run", run.pk)
    context = {"run": run, "plan": plan, "form": form, "rows": [(row, form.fields_of(row)) for row in plan.rows]}
    return render(request, "invoicing/import_run.html", context, status=422 if form.errors else 200)


def _make(run, request, form):
    everything = form.cleaned_data["everything"]
    return importing.make_drafts(run, by=request.user, answers=form.answers(), everything=everything)


def _tell(request, outcome):
    if outcome.made:
        text = ngettext("One draft was made.", "%(n)s drafts were made.", outcome.made) % {"n": outcome.made}
        messages.success(request, text)
    if outcome.refused:
        text = ngettext("One file could not be imported.", "%(n)s files could not be imported.", outcome.refused)
        messages.error(request, text % {"n": outcome.refused})
    if outcome.left:
        text = ngettext(
            "One file was not imported: it was left out, or waits for a choice.",
            "%(n)s files were not imported: they were left out, or wait for a choice.",
            outcome.left,
        )
        messages.info(request, text % {"n": outcome.left})
    if not (outcome.made or outcome.refused or outcome.left):
        messages.info(request, _("There was nothing left to import."))
