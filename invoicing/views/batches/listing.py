"""Batch Operations: the list."""

from functools import partial

from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from config.common import clock, roles
from config.common.exports import moment
from config.common.reading import CountOf
from config.common.views import FilteredListView

from ... import progress
from ...filters_batches import BatchFilter
from ...models import BatchOperation
from ..figures import SHOWN_AT_MOST, organization_of
from .rows import dress, needy_rows, operations

TABS = {
    "": _("Not acknowledged"),
    "in-progress": _("In Progress"),
    "completed": _("Completed"),
    "failed": _("Failed"),
    "all": _("All"),
}


def in_tab(rows, tab: str):
    """The operations under one of the TABS; what is no tab is the first."""
    if tab == "in-progress":
        return rows.running()
    if tab in ("completed", "failed"):
        return rows.filter(status=tab)
    return rows if tab == "all" else rows.filter(acknowledged_at=None)


def _counted(status):
    return lambda operation: operation.counts.get(status, 0)


class BatchListView(FilteredListView):
    template_name = "invoicing/batches.html"
    rows_template_name = "invoicing/_batches.html"
    sorts = {"newest": (_("Newest"), "pk")}
    default_sort = "-newest"
    page_size = 10
    csv_name = "batch-operations"
    csv_columns = [
        (_("Operation"), str),
        (_("Action"), progress.title),
        (_("State"), lambda operation: operation.get_status_display()),
        (_("Invoices"), lambda operation: operation.total),
        *((status.label, _counted(status)) for status in progress.ORDER),
        (_("Left out"), lambda operation: operation.left_out),
        (_("Started by"), lambda operation: operation.asked_by),
        (moment(_("Started at")), lambda operation: operation.created_at),
        (moment(_("Finished at")), lambda operation: operation.finished_at),
        (_("Acknowledged by"), lambda operation: operation.acknowledged_by),
        (moment(_("Acknowledged at")), lambda operation: operation.acknowledged_at),
    ]

    def get(self, request):
        self.tab = request.GET.get("tab", "")
        if self.tab not in TABS:
            self.tab = ""
        self.offered = organization_of(request, also=self.read_along)
        self.filterset_class = partial(BatchFilter, offered=self.offered)
        return super().get(request)

    def read_along(self, today) -> dict:
        """Who can be chosen, and what the tabs count, no further than is shown."""
        counts = {
            _column(tab): CountOf(in_tab(BatchOperation.objects, tab)[: SHOWN_AT_MOST + 1])
            for tab in TABS
            if tab != "all"
        }
        return {**BatchFilter.choices_in_use(today), **counts}

    def rows(self):
        return in_tab(operations(), self.tab)

    def extra(self, page, filterset) -> dict:
        dress(page.rows)
        needy_rows(page.rows, back=reverse("invoicing:batch_list"))
        return {
            "tab": self.tab,
            "tabs": self.tabs(),
            "kept": {"tab": self.tab} if self.tab else {},
            "is_filtered": bool(self.tags(filterset)),
            "noun": ngettext("operation", "operations", page.count),
            "may_run": roles.may(self.request.user, "batch.run"),
            "now": clock.now(),
        }

    def tabs(self) -> list[dict]:
        """They keep the filters."""
        query = self.request.GET.copy()
        for gone in ("after", "before", "format", "tab"):
            query.pop(gone, None)
        found = []
        for tab, label in TABS.items():
            asked = query.copy()
            if tab:
                asked["tab"] = tab
            count = getattr(self.offered, _column(tab), None)
            shown = f"{SHOWN_AT_MOST}+" if count and count > SHOWN_AT_MOST else count
            current = tab == self.tab
            found.append({"label": label, "url": f"?{asked.urlencode()}", "count": shown, "current": current})
        return found


def _column(tab: str) -> str:
    return "batches_" + (tab.replace("-", "_") or "open")
