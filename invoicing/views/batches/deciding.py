"""What people decide about an operation: try the failed again, stop what has not begun, acknowledge."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from config.common.views import render_dialog, staff_required

from ...models import BatchItem, BatchOperation, Delivery
from ...services.batches import deciding, stopping
from .asked import story_of
from .moving import address, whole
from .rows import dress, operations


@staff_required("batch.run")
@require_POST
def batch_retrying(request, pk):
    number = deciding.retry_failed(_operation(pk), by=request.user)
    words = ngettext("%(n)d invoice is tried again.", "%(n)d invoices are tried again.", number)
    return _answer(request, pk, words % {"n": number})


@staff_required("batch.run")
@require_POST
def batch_acknowledging(request, pk):
    operation = deciding.acknowledge_operation(_operation(pk), by=request.user)
    return _answer(request, pk, _("%(operation)s is acknowledged.") % {"operation": operation})


@staff_required("batch.run")
@require_http_methods(["GET", "POST"])
def batch_cancelling(request, pk):
    """Asks first, with the effect spelled out."""
    operation = _operation(pk)
    if request.method == "GET":
        context = {"operation": operation, "effects": _effects(operation), "cancel_url": address(pk)}
        return render_dialog(request, "invoicing/batch_cancel_dialog.html", context)
    deciding.cancel_operation(operation, by=request.user)
    words = _("%(operation)s is cancelled: what has not begun does not begin.")
    return _answer(request, pk, words % {"operation": operation})


def _operation(pk) -> BatchOperation:
    return get_object_or_404(BatchOperation.objects.defer("rows"), pk=pk)


def _effects(operation) -> list[str]:
    """What cancelling now stops, and what stays as it is by then."""
    waiting = operation.counts.get("pending", 0) if operation.counts else operation.total
    mails = Delivery.objects.filter(status__in=stopping.UNSENT, batch_item__operation=operation).count()
    opened = BatchItem.objects.filter(operation=operation, opened_at__isnull=False).count()
    stops = ngettext("Stops %(n)d invoice that has not begun.", "Stops %(n)d invoices that have not begun.", waiting)
    unsent = ngettext("%(n)d email that waits is not sent.", "%(n)d emails that wait are not sent.", mails)
    stays = ngettext("%(n)d invoice stays open.", "%(n)d invoices stay open.", opened)
    found = [sentence % {"n": n} for sentence, n in ((stops, waiting), (unsent, mails), (stays, opened)) if n]
    return found if waiting or mails else [_("Nothing of it is left to stop: all has begun."), *found]


def _answer(request, pk, words):
    """Said, done: what the page shows of the operation, as it stands now."""
    messages.success(request, words)
    if not request.htmx:
        return redirect(address(pk))
    on_page = request.GET.get("on") == "page"
    operation = get_object_or_404(operations(), pk=pk)
    dress([operation])
    more = {"events": story_of(operation)} if on_page else {}
    response = whole(request, operation, on_page=on_page, template="invoicing/batch_changed.html", **more)
    response["HX-Trigger"] = "closeDialog, settled"
    return response
