"""The pages of an import: bring a file, say which column is what, look at the dry run, make, see what came of it."""

from django.contrib import messages
from django.db.models import Count, Q
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from ..models import SheetImport
from ..views import carried_out, staff_required
from . import downloads, importing
from .forms import ColumnsForm, SheetForm, StartForm
from .kinds import Problem

RECENT = 10
SHOWN_PROBLEMS = 500
SHOWN_ENTRIES = 50


class SheetPages:
    """The addresses for one kind, inside the app `namespace`; `words` are what its pages say.

    words: title, lede, crumb (label), crumb_url (name), tabs (callable of a request, optional).
    """

    def __init__(self, kind: str, *, act: str, namespace: str, words: dict):
        self.kind, self.act, self.namespace, self.words = kind, act, namespace, words

    def urls(self, prefix: str) -> list:
        return [
            path(prefix, self._guarded(self.upload, "GET", "POST"), name="sheets"),
            path(f"{prefix}template/<slug:format>/", self._guarded(self.template, "GET"), name="sheet_template"),
            path(f"{prefix}<int:pk>/", self._guarded(self.sheet, "GET", "POST"), name="sheet"),
            path(f"{prefix}<int:pk>/columns/", self._guarded(self.columns, "GET", "POST"), name="sheet_columns"),
            path(f"{prefix}<int:pk>/to-mend/<slug:format>/", self._guarded(self.to_mend, "GET"), name="sheet_to_mend"),
        ]

    def _guarded(self, page, *methods):
        def view(request, *args, **kwargs):
            return page(request, *args, **kwargs)

        limited = require_safe(view) if methods == ("GET",) else require_http_methods(["GET", "POST"])(view)
        return staff_required(self.act)(limited)

    def _url(self, name, *args):
        return reverse(f"{self.namespace}:{name}", args=args)

    def _find(self, pk):
        return get_object_or_404(
            SheetImport.objects.select_related("by").filter(kind=self.kind).defer("content"), pk=pk
        )

    def _render(self, request, template, context, status=200):
        tabs = self.words.get("tabs")
        shared = {
            "words": self.words,
            "crumb_url": reverse(self.words["crumb_url"]),
            "tabs": tabs(request) if tabs else None,
            "sheets_url": self._url("sheets"),
            "template_urls": {each: self._url("sheet_template", each) for each in downloads.FORMATS},
        }
        return render(request, template, {**shared, **context}, status=status)

    # --- The pages --------------------------------------------------------------------------------------------

    def upload(self, request):
        form = SheetForm(request.POST, request.FILES) if request.method == "POST" else SheetForm()
        if form.is_bound and form.is_valid() and carried_out(form, lambda: self._keep(request, form)):
            return redirect(self._url("sheet_columns", form.result.pk))
        earlier = (
            SheetImport.objects.filter(kind=self.kind)
            .defer("content", "table", "outcome", "mapping")
            .select_related("by")
            .annotate(
                things=Count("items"),
                made=Count("items", filter=Q(items__object_id__isnull=False)),
                refused=Count("items", filter=~Q(items__reason="")),
            )
            .order_by("-pk")[:RECENT]
        )
        rows = [(sheet, self._url("sheet", sheet.pk)) for sheet in earlier]
        context = {"form": form, "earlier": rows}
        return self._render(request, "common/sheets.html", context, status=422 if form.errors else 200)

    def _keep(self, request, form):
        kind = importing.kind_of(self.kind)
        return importing.bring_in(kind, by=request.user, name=form.cleaned_data["sheet"].name, content=form.content())

    def template(self, request, format):
        if format not in downloads.FORMATS:
            raise Http404
        return downloads.template_response(importing.kind_of(self.kind), format)

    def columns(self, request, pk):
        sheet = self._find(pk)
        if sheet.started_at:
            return redirect(self._url("sheet", pk))
        kind, table = importing.kind_of(self.kind), importing.table_of(sheet)
        form = ColumnsForm(
            request.POST if request.method == "POST" else None, kind=kind, table=table, mapping=sheet.mapping
        )

        def act():
            return importing.map_columns(sheet, by=request.user, columns=form.columns(), options=form.options())

        if form.is_bound and form.is_valid() and carried_out(form, act):
            return redirect(self._url("sheet", pk))
        samples = [(row.number, row.cells) for row in table.rows[:3]]
        context = {"sheet": sheet, "form": form, "header": table.header, "samples": samples, "count": len(table.rows)}
        return self._render(request, "common/sheet_columns.html", context, status=422 if form.errors else 200)

    def sheet(self, request, pk):
        """The dry run until it is started; then how far it is and what came of it."""
        sheet = self._find(pk)
        if sheet.started_at:
            return self._outcome(request, sheet)
        if not sheet.mapping:
            return redirect(self._url("sheet_columns", pk))
        form = StartForm(request.POST if request.method == "POST" else None)
        if form.is_bound and form.is_valid() and carried_out(form, lambda: self._start(request, sheet, form)):
            return redirect(self._url("sheet", pk))
        plan = importing.plan_sheet(sheet)
        problems = plan.problems
        context = {
            "sheet": sheet,
            "form": form,
            "plan": plan,
            "problems": problems[:SHOWN_PROBLEMS],
            "more_problems": len(problems) - SHOWN_PROBLEMS,
            "entries": [
                (entry, [(cell, *head) for cell, head in zip(entry.to_show(), plan.kind.preview, strict=True)])
                for entry in plan.good[:SHOWN_ENTRIES]
            ],
            "more_entries": len(plan.good) - SHOWN_ENTRIES,
            "known": self._linked(plan.known[:SHOWN_ENTRIES]),
            "more_known": len(plan.known) - SHOWN_ENTRIES,
            "columns_url": self._url("sheet_columns", pk),
            "to_mend_urls": self._to_mend(pk),
        }
        return self._render(request, "common/sheet.html", context, status=422 if form.errors else 200)

    def _start(self, request, sheet, form):
        importing.start_import(sheet, by=request.user, everything=form.cleaned_data["everything"])

    def _outcome(self, request, sheet):
        if request.method == "POST":
            messages.info(request, _("This import was started already."))
            return redirect(self._url("sheet", sheet.pk))
        kind, url = importing.kind_of(self.kind), lambda pk: reverse(kind.url, args=[pk])
        items = sheet.items.order_by("first_row")
        made = [(item, url(item.object_id)) for item in items.exclude(object_id=None)[:SHOWN_ENTRIES]]
        progress = importing.progress_of(sheet)
        kept = sheet.outcome
        context = {
            "sheet": sheet,
            "kind": kind,
            "progress": progress,
            "made": made,
            "more_made": progress["made"] - SHOWN_ENTRIES,
            "refused": items.exclude(reason="")[:SHOWN_PROBLEMS],
            "problems": [Problem(*each) for each in kept.get("problems", [])[:SHOWN_PROBLEMS]],
            "more_problems": kept.get("problem_count", 0) - SHOWN_PROBLEMS,
            "known": [
                (label, sentence, url(pk) if pk else "") for _row, label, sentence, pk in kept["known"][:SHOWN_ENTRIES]
            ],
            "more_known": kept.get("known_count", 0) - SHOWN_ENTRIES,
            "left_out": bool(kept.get("bad_rows")) or progress["refused"],
            "list_url": f"{reverse(kind.list_url)}?imported={sheet.pk}",
            "to_mend_urls": self._to_mend(sheet.pk),
        }
        partial = request.htmx and not request.htmx.boosted and request.htmx.target == "outcome"
        return self._render(request, "common/_sheet_outcome.html" if partial else "common/sheet_outcome.html", context)

    def to_mend(self, request, pk, format):
        sheet = self._find(pk)
        if format not in downloads.FORMATS or not sheet.mapping:
            raise Http404
        return downloads.bad_rows_response(sheet, format)

    def _linked(self, entries):
        kind = importing.kind_of(self.kind)
        return [
            (entry.label, entry.known, reverse(kind.url, args=[entry.known_pk]) if entry.known_pk else "")
            for entry in entries
        ]

    def _to_mend(self, pk):
        return {each: self._url("sheet_to_mend", pk, each) for each in downloads.FORMATS}
