"""The same page for our own people: as the customer sees it, marked so, and counted nowhere."""

from django.http import Http404
from django.shortcuts import get_object_or_404, render
from django.utils.translation import override
from django.views.decorators.http import require_safe

from config.common import clock
from config.common.views import staff_required
from customers.models import Organization
from invoicing.models import Invoice

from .. import showing


@staff_required("view")
@require_safe
def as_customer(request, pk):
    invoice = get_object_or_404(Invoice, pk=pk)
    if invoice.is_draft:
        raise Http404
    today = clock.today(Organization.objects.defer("logo").current().time_zone)
    with override(invoice.language):
        if invoice.status == Invoice.Status.VOID:
            return render(request, "portal/void.html", {"invoice": invoice, "staff": True})
        page = showing.page_of(invoice, on=today)
        return render(request, "portal/invoice.html", {"page": page, "invoice": invoice, "staff": True})
