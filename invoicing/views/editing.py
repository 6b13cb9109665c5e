"""New and edit: the form of a draft with its rows, its sums while one types, and deleting it."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect

from config.common import once
from config.common.roles import may
from config.common.views import carried_out, render_dialog, row_or_gone, staff_required
from customers.models import Customer, Organization

from ..forms.editing import find_customers, initial_for, label_of
from ..forms.editor import Editor
from ..forms.lines import LineForm
from ..forms.palette import Palette
from ..models import Invoice
from ..services import drafting


@staff_required("invoice.draft")
@require_http_methods(["GET", "POST"])
def new(request):
    """Without ?customer= first the question for whom; `?suggest` answers the customer field with a list."""
    if "suggest" in request.GET:
        found = find_customers(request.GET.get("customer", ""))
        return render(request, "invoicing/_customer_options.html", {"options": [label_of(each) for each in found]})
    own = Organization.objects.current()
    if request.method == "POST":
        return _posted(request, Editor(request.POST, own_currency=own.currency), invoice=None)
    customer = _asked_for(request)
    if customer is None:
        return _for_whom(request)
    initial = initial_for(customer, _kind(request))
    return _page(request, Editor(own_currency=own.currency, initial=initial), invoice=None)


@staff_required("invoice.draft")
@require_http_methods(["GET", "POST"])
def edit(request, pk):
    """A draft; whoever comes to an opened invoice is led to its page."""
    invoice = Invoice.objects.select_related("customer", "template").filter(pk=pk).first()
    own = Organization.objects.current()
    if request.method == "GET":
        if invoice is None:
            raise Http404
        if not invoice.is_draft:
            messages.info(request, _("%(number)s is open and cannot be edited any more.") % {"number": invoice.number})
            return redirect("invoicing:detail", pk)
        return _page(request, Editor(own_currency=own.currency, invoice=invoice), invoice=invoice)
    # Deleted meanwhile: the service says so, and what was typed stays in the form.
    invoice = invoice or Invoice(pk=pk)
    return _posted(request, Editor(request.POST, own_currency=own.currency, invoice=invoice), invoice=invoice)


def _posted(request, editor, *, invoice):
    act = request.POST.get("act", "save")
    if act != "save":
        return _page(request, editor.retyped(act), invoice=invoice)
    if editor.is_valid() and _saved(request, editor, invoice):
        return redirect(editor.form.leads_to)
    return _page(request, editor, invoice=invoice, status=422)


def _saved(request, editor, invoice) -> bool:
    form = editor.form
    values, rows = form.values(), {"lines": editor.lines.rows(), "adjustments": editor.adjustments.rows()}

    def draft():
        return drafting.draft_invoice(form.cleaned_data["customer"], by=request.user, **rows, **values)

    def change():
        version = form.cleaned_data["version"]
        return drafting.change_draft(invoice, by=request.user, version=version, fields=values, **rows)

    def page(made):
        return reverse("invoicing:detail", args=[made.pk])

    if invoice is None:
        done = once.carried_out(request, form, draft, leads=page)
    elif done := carried_out(form, change):
        form.leads_to = page(form.result)
    if done and form.result:
        messages.success(request, _("The draft is saved."))
    return done


def _page(request, editor, *, invoice, status=200):
    back = reverse("invoicing:detail", args=[invoice.pk]) if invoice else reverse("invoicing:list")
    context = {
        "editor": editor,
        "form": editor.form,
        "lines": editor.lines,
        "adjustments": editor.adjustments,
        "sums": _summed(editor),
        "invoice": invoice,
        "currency": editor.form.typed_currency,
        "back": back,
        "options": [label_of(each) for each in find_customers("")],
    }
    return render(request, "invoicing/edit.html", context, status=status)


def _summed(editor):
    """The sums; each line learns what it comes to."""
    sums = editor.sums()
    for n, form in enumerate(editor.lines):
        form.net = sums.nets.get(n)
    return sums


def _asked_for(request):
    asked = request.GET.get("customer", "")
    if not (asked.isascii() and asked.isdigit()):
        return None
    customer = get_object_or_404(Customer, pk=asked)
    if customer.is_archived:
        messages.warning(
            request,
            _("%(customer)s is archived and gets no new invoices. Take it out of the archive first.")
            % {"customer": customer},
        )
        return None
    return customer


def _kind(request) -> str:
    return Invoice.Kind.CREDIT_NOTE if request.GET.get("kind") == Invoice.Kind.CREDIT_NOTE else Invoice.Kind.INVOICE


def _for_whom(request):
    words = request.GET.get("q", "").strip()[:100]
    found = find_customers(words, most=21)
    context = {
        "words": words,
        "customers": found[:20],
        "more": len(found) > 20,
        "kind": _kind(request),
        "may_make": may(request.user, "customer.write"),
    }
    return render(request, "invoicing/for_whom.html", context)


@staff_required("invoice.draft")
@require_POST
def totals(request):
    """The sums of what is typed so far; rows that are not complete yet do not count."""
    own = Organization.objects.current()
    editor = Editor(request.POST, own_currency=own.currency, invoice=None)
    context = {"lines": editor.lines, "sums": _summed(editor), "currency": editor.form.typed_currency}
    return render(request, "invoicing/_totals_changed.html", context)


@staff_required("invoice.draft")
@require_safe
def line(request):
    """One more empty row, and the count that says so."""
    asked = request.GET.get("lines-TOTAL_FORMS", "")
    number = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 4 else 0
    palette = Palette.of(request.GET.get("currency", "")[:3] or "EUR")
    form = LineForm(prefix=f"lines-{number}", palette=palette)
    context = {"line": form, "n": number, "count": number + 1, "currency": palette.currency}
    return render(request, "invoicing/_line_added.html", context)


@staff_required("invoice.draft")
@require_http_methods(["GET", "POST"])
def deleting(request, pk):
    """Only a draft can be deleted, and only as it was seen."""
    invoice = row_or_gone(request, Invoice.objects.draft(), pk)
    if request.method == "GET":
        context = {"invoice": invoice, "cancel_url": reverse("invoicing:detail", args=[pk])}
        return render_dialog(request, "invoicing/delete_dialog.html", context)
    asked = request.POST.get("version", "")
    version = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 10 else 0
    drafting.delete_draft(invoice, by=request.user, version=version)
    messages.success(request, _("The draft is deleted."))
    url = reverse("invoicing:list")
    return HttpResponseClientRedirect(url) if request.htmx else redirect(url)
