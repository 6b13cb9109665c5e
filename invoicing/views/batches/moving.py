"""The part of an operation that moves by itself: it asks for itself again while the operation runs."""

from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from config.common import clock, roles
from config.common.views import staff_required

from ...models import BatchOperation
from .rows import dress, needy_rows, operations


@staff_required("view")
@require_safe
def batch_progress(request, pk):
    """The meter alone; the whole article (or head of the page) where more than figures has changed."""
    on_page = request.GET.get("on") == "page"
    operation = get_object_or_404(operations(), pk=pk)
    dress([operation])
    if request.GET.get("seen") == operation.seen:
        context = head_of(request, operation, on_page=on_page)
        return render(request, "invoicing/_batch_moved.html", context)
    return whole(request, operation, on_page=on_page)


def whole(request, operation, *, on_page: bool, template="invoicing/_batch_whole.html", **more):
    """An answer that takes the place of all the page shows of the operation; what counts it elsewhere counts anew."""
    if not on_page:
        needy_rows([operation], back=reverse("invoicing:batch_list"))
    context = {**head_of(request, operation, on_page=on_page), **more}
    response = render(request, template, context)
    response["HX-Retarget"], response["HX-Reswap"] = f"#batch-{operation.pk}", "outerHTML"
    response["HX-Trigger"] = "settled"
    return response


def head_of(request, operation: BatchOperation, *, on_page: bool) -> dict:
    """What the templates of one operation need beside itself."""
    return {
        "operation": operation,
        "on_page": on_page,
        "on": "?on=page" if on_page else "",
        "may_run": roles.may(request.user, "batch.run"),
        "now": clock.now(),
    }


def address(pk) -> str:
    return reverse("invoicing:batch", args=[pk])
