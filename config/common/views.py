"""What the pages of all apps share."""

from functools import wraps
from urllib.parse import quote

from django.contrib.auth.decorators import login_required
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.generic import View

from . import roles, saved_views
from .errors import DomainError, Forbidden, Stale
from .exports import export_response, is_asked
from .paging import ordering, page_of


def staff_required(act: str):
    """Only for a signed-in, active person whose role may do `act` (a key of roles.LEAST_ROLE)."""
    roles.LEAST_ROLE[act]  # an unknown act is a bug of the page, told when it is imported

    def decorate(view):
        @wraps(view)
        @login_required
        def guarded(request, *args, **kwargs):
            roles.require(request.user, act)
            return view(request, *args, **kwargs)

        guarded.act = act
        return guarded

    return decorate


def carried_out(form, act) -> bool:
    """Run the service; a rule that says no becomes the form's own error, so nothing typed is lost.

    Forbidden is not the form's matter and goes on to the middleware.
    """
    try:
        form.result = act()
    except Forbidden:
        raise
    except DomainError as refusal:
        form.add_error(None, str(refusal))
        if isinstance(refusal, Stale) and hasattr(form, "catch_up"):
            form.catch_up(refusal)
        return False
    return True


def row_or_gone(request, rows, pk):
    """The row; a page that was open before it went away is told so (422) instead of finding nothing (404)."""
    row = rows.filter(pk=pk).first()
    if row is None and request.method == "POST":
        raise Stale(_("Somebody was quicker: this is no longer there, or no longer what it was. Nothing was changed."))
    if row is None:
        raise Http404
    return row


def render_dialog(request, template, context=None, *, status=200):
    """A dialog for HTMX, the same form as a page of its own otherwise."""
    base = "components/dialog.html" if request.htmx else "components/dialog_page.html"
    return render(request, template, {**(context or {}), "base_template": base}, status=status)


class FilteredListView(View):
    """A list whose filters, sort, columns and place live in the URL.

    HTMX gets the rows, `format=csv` and `format=xlsx` all of them as a file, with every column whichever are shown.
    Subclasses say: rows(), filterset_class, sorts {key: (label, column)}, default_sort ("-issued"), template_name,
    rows_template_name, csv_name, csv_columns [(header, row -> cell)] and, where people choose what the table shows,
    choosable {key: (label, shown unless somebody chose)}; templates ask `{% if "due" in shown %}`.
    """

    act = "view"
    filterset_class: type | None = None
    sorts: dict = {}
    default_sort = ""
    template_name = ""
    rows_template_name = ""
    csv_name = "export"
    csv_columns: list = []
    choosable: dict = {}
    page_size = 50

    @classmethod
    def as_view(cls, **kwargs):
        return staff_required(cls.act)(super().as_view(**kwargs))

    @classmethod
    def matching(cls, request):
        """All rows that an address with these filters lists, unordered: for an act on every one of them."""
        view = cls()
        view.setup(request)
        view.prepare()
        return view.filtered().qs.order_by()

    def prepare(self):
        """Read what rows() and the filters need to know, before either is asked."""

    def rows(self):
        raise NotImplementedError

    def filtered(self):
        return self.filterset_class(self.request.GET, queryset=self.rows(), request=self.request)

    def extra(self, page, filterset) -> dict:
        return {}

    def order(self) -> tuple[str, str]:
        """The asked-for sort as (key with its sign, column with its sign); anything else is the default."""
        key = self.request.GET.get("sort", "")
        if key.lstrip("-") not in self.sorts:
            key = self.default_sort
        sign = "-" if key.startswith("-") else ""
        return key, sign + self.sorts[key.lstrip("-")][1]

    def get(self, request):
        if len(ticked := request.GET.getlist("columns")) > 1:  # a form of boxes: one parameter is what an address says
            query = request.GET.copy()
            query["columns"] = ",".join(key for key in ticked if key)
            return redirect(f"{request.path}?{query.urlencode(safe=',')}")
        self.prepare()
        filterset = self.filtered()
        found = filterset.qs
        key, column = self.order()
        if is_asked(request):
            return self.export(found.order_by(*ordering(column)))
        page = page_of(
            found,
            order=column,
            size=self.page_size,
            after=request.GET.get("after", ""),
            before=request.GET.get("before", ""),
        )
        context = {
            "page": page,
            "filter": filterset,
            "sort": key,
            "columns": self.columns(key),
            "tags": self.tags(filterset),
            "shown": self.shown(request),
            "choosable": [(name, label) for name, (label, _shown) in self.choosable.items()],
            "saved": self.saved_views(),
            "clear_url": f"?columns={quote(request.GET['columns'], ',')}" if request.GET.get("columns") else "?",
            **self.extra(page, filterset),
        }
        partial = request.htmx and not request.htmx.boosted and request.htmx.target == "rows"
        return render(request, self.rows_template_name if partial else self.template_name, context)

    def columns(self, key) -> dict:
        """For each sortable column: the sort a click asks for, and how it is sorted now (for aria-sort)."""
        current, descending = key.lstrip("-"), key.startswith("-")
        return {
            name: {
                "label": label,
                "ask": f"-{name}" if name == current and not descending else name,
                "state": ("descending" if descending else "ascending") if name == current else "",
            }
            for name, (label, _column) in self.sorts.items()
        }

    @classmethod
    def shown(cls, request) -> set:
        """The columns that the address asks for; the usual ones where it asks for none there are."""
        asked = {key for key in request.GET.get("columns", "").split(",") if key in cls.choosable}
        return asked or {key for key, (_label, usual) in cls.choosable.items() if usual}

    def saved_views(self):
        """What the row of saved views shows."""
        return saved_views.bar(
            self.request.user,
            page=self.request.resolver_match.view_name,
            query=self.request.GET.urlencode(),
            chosen=self.request.GET.get("view", ""),
        )

    def tags(self, filterset) -> list:
        """The filters in force, each with the query string that takes it away."""
        tags = []
        for name, value in self.request.GET.items():
            if value == "" or name not in filterset.filters:
                continue
            query = self.request.GET.copy()
            for gone in (name, "after", "before"):
                query.pop(gone, None)
            field = filterset.form.fields.get(name)
            label = dict(getattr(field, "choices", ())).get(value, value)
            tags.append({"name": field.label or name, "value": label, "without": "?" + query.urlencode()})
        return tags

    def export(self, rows):
        """The file; rows are read a few hundred at a time."""
        return self.download(rows.iterator(chunk_size=500))

    def download(self, rows):
        headers = [header for header, _cell in self.csv_columns]
        cells = ([cell(row) for _header, cell in self.csv_columns] for row in rows)
        return export_response(self.request, self.csv_name, headers, cells)


def server_error(request):
    """Something unexpected: a page with the id under which the log tells more."""
    return render(request, "500.html", status=500)
