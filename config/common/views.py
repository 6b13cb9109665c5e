"""What the pages of all apps share."""

from functools import wraps

from django.contrib.auth.decorators import login_required
from django.shortcuts import render
from django.views.generic import View

from . import roles
from .errors import DomainError, Forbidden, Stale
from .exports import csv_response
from .paging import page_of


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


def render_dialog(request, template, context=None, *, status=200):
    """A dialog for HTMX, the same form as a page of its own otherwise."""
    base = "components/dialog.html" if request.htmx else "components/dialog_page.html"
    return render(request, template, {**(context or {}), "base_template": base}, status=status)


class FilteredListView(View):
    """A list whose filters, sort and place live in the URL; HTMX gets the rows, `format=csv` all of them.

    Subclasses say: rows(), filterset_class, sorts {key: (label, column)}, default_sort ("-issued"), template_name,
    rows_template_name, csv_name and csv_columns [(header, row -> cell)].
    """

    act = "view"
    filterset_class: type | None = None
    sorts: dict = {}
    default_sort = ""
    template_name = ""
    rows_template_name = ""
    csv_name = "export"
    csv_columns: list = []
    page_size = 50

    @classmethod
    def as_view(cls, **kwargs):
        return staff_required(cls.act)(super().as_view(**kwargs))

    def rows(self):
        raise NotImplementedError

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
        filterset = self.filterset_class(request.GET, queryset=self.rows(), request=request)
        found = filterset.qs
        key, column = self.order()
        if request.GET.get("format") == "csv":
            return self.export(found.order_by(column, "pk"))
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
        headers = [str(header) for header, _cell in self.csv_columns]
        cells = ([cell(row) for _header, cell in self.csv_columns] for row in rows.iterator(chunk_size=500))
        return csv_response(self.csv_name, headers, cells)


def server_error(request):
    """Something unexpected: a page with the id under which the log tells more."""
    return render(request, "500.html", status=500)
