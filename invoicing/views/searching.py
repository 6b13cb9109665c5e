"""Search from anywhere: an exact number leads straight to its invoice; the box in the menu suggests while one types."""

import re

from django.db.models import Exists, OuterRef, Q
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from config.common.currency import codes
from config.common.views import staff_required
from customers.models import Contact, Customer

from .. import filters, presenting
from ..figures import read_figure
from ..models import Invoice, Payment
from .figures import today_of

SHOWN = 20
SUGGESTED = 5  # of each kind, below the box
FROM = 2  # fewer letters suggest nothing
_SIGNS = {"€": "EUR", "£": "GBP", "¥": "JPY", "$": "USD"}
_SIGN = r"[A-Za-z]{3}|[€£¥$]"
_MONEY = re.compile(rf"(?P<before>{_SIGN})?\s*(?P<figure>[-+−]?[\d.,'\s]*\d[\d.,]*)\s*(?P<after>{_SIGN})?")


@staff_required("view")
@require_safe
def search(request):
    words = request.GET.get("q", "").replace("\0", "").strip()[:100]
    if request.htmx.target == "found":
        return render(request, "invoicing/_found.html", _found(request, words, SUGGESTED, least=FROM))
    if words:
        exact = list(Invoice.objects.filter(number__iexact=words).values_list("pk", flat=True)[:2])
        if len(exact) == 1:
            return redirect("invoicing:detail", exact[0])
    return render(request, "invoicing/search.html", _found(request, words, SHOWN))


def _found(request, words, most, *, least=1) -> dict:
    """At most so many of each kind, in one query a kind, and whether there are more."""
    if len(words) < least:
        return {"words": words}
    kinds = {"invoices": invoices_of(words), "customers": customers_of(words), "payments": payments_of(words)}
    context = {"words": words, "today": today_of(request)}
    for name, rows in kinds.items():
        found = list(rows[: most + 1])
        context |= {name: found[:most], f"more_{name}": len(found) > most}
    for invoice in context["invoices"]:
        invoice.badges = presenting.badges(invoice, today=context["today"])
        invoice.kind_badge = presenting.kind_badge(invoice)
        invoice.counted = presenting.signed(invoice, invoice.total)
    context["count"] = sum(len(context[name]) for name in kinds)
    return context


def invoices_of(words: str):
    """By number, customer, order number, reference or amount, newest first."""
    figure, currency = money_in(words)
    if currency:
        found = filters.search(Invoice.objects.filter(currency=currency), figure)
    else:
        more = Q(buyer_reference__istartswith=words) | Q(customer__number__iexact=words)
        found = filters.search(Invoice.objects.all(), words) | Invoice.objects.filter(more)
    return found.select_related("customer").order_by("-pk")


def customers_of(words: str):
    """By name, the beginning of the number, VAT id, or the email of a contact."""
    by_email = Contact.objects.filter(customer=OuterRef("pk"), email__icontains=words)
    return Customer.objects.filter(
        Q(name__icontains=words)
        | Q(latin_name__icontains=words)
        | Q(number__istartswith=words)
        | Q(vat_id__iexact=words.replace(" ", ""))
        | Exists(by_email)
    ).order_by("name", "pk")


def payments_of(words: str):
    """By a part of the reference, or by amount, newest first."""
    figure, currency = money_in(words)
    rows = Payment.objects.filter(currency=currency) if currency else Payment.objects.all()
    found = Q(reference__icontains=words) | filters.of_amount(read_figure(figure), "amount")
    return rows.filter(found).select_related("customer").order_by("-received_on", "-pk")


def money_in(words: str) -> tuple[str, str]:
    """(figure, currency) of "EUR 1,234.50" or "1.234,50 €"; currency "" where none was typed: then all the words."""
    match = _MONEY.fullmatch(words)
    if match is None:
        return words, ""
    sign = match["before"] or match["after"] or ""
    code = _SIGNS.get(sign, sign.upper())
    if code not in codes() or (match["before"] and match["after"]):
        return words, ""
    return match["figure"].strip(), code
