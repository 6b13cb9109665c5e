"""Search from anywhere: an exact number leads straight to its invoice."""

from django.db.models import Q
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from config.common.views import staff_required
from customers.models import Customer

from .. import filters, presenting
from ..models import Invoice
from .figures import today_of

SHOWN = 20


@staff_required("view")
@require_safe
def search(request):
    words = request.GET.get("q", "").replace("\0", "").strip()[:100]
    if not words:
        return render(request, "invoicing/search.html", {"words": ""})
    exact = list(Invoice.objects.filter(number__iexact=words).values_list("pk", flat=True)[:2])
    if len(exact) == 1:
        return redirect("invoicing:detail", exact[0])
    invoices = list(filters.search(Invoice.objects.select_related("customer"), words).order_by("-pk")[: SHOWN + 1])
    customers = list(
        Customer.objects.filter(
            Q(name__icontains=words)
            | Q(latin_name__icontains=words)
            | Q(number__iexact=words)
            | Q(vat_id__iexact=words)
        ).order_by("name", "pk")[: SHOWN + 1]
    )
    for invoice in invoices:
        invoice.badges = presenting.badges(invoice, today=today_of(request))
    context = {
        "words": words,
        "invoices": invoices[:SHOWN],
        "more_invoices": len(invoices) > SHOWN,
        "customers": customers[:SHOWN],
        "more_customers": len(customers) > SHOWN,
        "today": today_of(request),
    }
    return render(request, "invoicing/search.html", context)
